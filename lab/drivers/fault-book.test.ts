import { expect, test } from 'vitest';
import { UNIMPAIRED } from '../topology/impairment.ts';
import { shipped } from '../topology/testing/shipped.ts';
import { FaultBook } from './fault-book.ts';

const topology = shipped('site-to-site');
const whole = { isCut: false, lostFrom: [] };

test('what faults have done is known by name, and what mends them too', () => {
  const book = new FaultBook(topology);
  expect(book.condition().links['wan']).toMatchObject(whole);
  const lossy = { ...UNIMPAIRED, loss: 0.5 };
  book.note({ kind: 'linkDown', link: 'wan' });
  book.note({ kind: 'partition', link: 'wan', from: 'alice' });
  book.note({ kind: 'partition', link: 'wan', from: 'alice:net0' });
  book.note({ kind: 'impair', link: 'wan', impairments: [lossy, UNIMPAIRED] });
  book.note({ kind: 'pause', node: 'bob' });
  book.note({ kind: 'crash', node: 'alice' });
  const { nodes, links } = book.condition();
  expect(nodes).toMatchObject({ alice: 'down', bob: 'paused', internet: 'up' });
  expect(links['wan']).toEqual({ isCut: true, lostFrom: ['alice:net0'], impairments: [lossy, UNIMPAIRED] });
  book.note({ kind: 'linkUp', link: 'wan' });
  book.note({ kind: 'heal', link: 'wan' });
  book.note({ kind: 'resume', node: 'bob' });
  book.note({ kind: 'restart', node: 'alice' });
  expect(book.condition().links['wan']).toMatchObject({ ...whole, impairments: [lossy, UNIMPAIRED] });
  expect(new Set(Object.values(book.condition().nodes))).toEqual(new Set(['up']));
});

test('another topology: what is gone is forgotten, and a link that the file changes is as the file has it', () => {
  const book = new FaultBook(topology);
  const lossy = { ...UNIMPAIRED, loss: 0.5 };
  for (const link of ['wan', 'wan-bob', 'lan-a']) {
    book.note({ kind: 'linkDown', link });
    book.note({ kind: 'impair', link, impairments: [lossy, lossy] });
  }
  book.note({ kind: 'crash', node: 'a1' });
  const slow = { ...UNIMPAIRED, delayNs: 1_000_000 };
  book.follow({
    ...topology,
    nodes: topology.nodes.filter(({ name }) => name !== 'a1'),
    links: topology.links
      .filter(({ name }) => name !== 'lan-a')
      .map(link => (link.name === 'wan' ? { ...link, impairments: [slow, slow] } : link)),
  });
  const { nodes, links } = book.condition();
  expect(nodes).not.toHaveProperty('a1');
  expect(links).not.toHaveProperty('lan-a');
  expect(links['wan']).toMatchObject({ isCut: true, impairments: [slow, slow] });
  expect(links['wan-bob']).toMatchObject({ isCut: true, impairments: [lossy, lossy] });
});

test('nothing can be written of links that are not there', () => {
  const book = new FaultBook(topology);
  expect(() => book.note({ kind: 'linkDown', link: 'nowhere' })).toThrow('nowhere');
  expect(() => book.note({ kind: 'partition', link: 'wan', from: 'bob' })).toThrow('does not end at bob');
});
