import { expect, test } from 'vitest';
import { UNIMPAIRED } from '../../topology/impairment.ts';
import type { TopologyLink } from '../../topology/model.ts';
import { directionFrom, directionTowards, LinkFaults } from './link-faults.ts';

const wan: TopologyLink = {
  name: 'wan',
  endpoints: [
    { node: 'alice', interface: 'net0' },
    { node: 'internet', interface: 'alice' },
  ],
  impairments: [UNIMPAIRED, UNIMPAIRED],
};

test('directions are named by the end that sends', () => {
  expect(directionFrom(wan, 'alice')).toBe(0);
  expect(directionFrom(wan, 'internet:alice')).toBe(1);
  expect(directionTowards(wan, 'alice')).toBe(1);
  expect(() => directionFrom(wan, 'bob')).toThrow('link wan does not end at bob');
});

test('a link goes down and up', () => {
  const faults = new LinkFaults();
  expect([faults.passes(0), faults.passes(1)]).toEqual([true, true]);
  faults.apply({ kind: 'linkDown', link: 'wan' }, wan);
  faults.apply({ kind: 'linkDown', link: 'wan' }, wan);
  expect([faults.down, faults.passes(0), faults.passes(1)]).toEqual([true, false, false]);
  faults.apply({ kind: 'linkUp', link: 'wan' }, wan);
  expect([faults.down, faults.passes(0), faults.passes(1)]).toEqual([false, true, true]);
});

test('a partition blocks one way until it is healed, whatever the carrier does', () => {
  const faults = new LinkFaults();
  faults.apply({ kind: 'partition', link: 'wan', from: 'internet' }, wan);
  expect([faults.passes(0), faults.passes(1)]).toEqual([true, false]);
  faults.apply({ kind: 'linkDown', link: 'wan' }, wan);
  faults.apply({ kind: 'linkUp', link: 'wan' }, wan);
  expect([faults.passes(0), faults.passes(1)]).toEqual([true, false]);
  faults.apply({ kind: 'heal', link: 'wan' }, wan);
  expect([faults.passes(0), faults.passes(1)]).toEqual([true, true]);
});
