import { expect, test } from 'vitest';
import { Failure } from '../state/failure.ts';
import type { LabStatus } from '../supervisor/api.ts';
import { assertFault } from '../supervisor/fault-order.ts';
import { UNIMPAIRED } from '../topology/impairment.ts';
import { shipped } from '../topology/testing/shipped.ts';
import { faultActions, type FaultWords } from './fault-words.ts';

const slow = { ...UNIMPAIRED, delayNs: 20_000_000 };
const link = {
  name: 'wan',
  ends: ['alice:net0', 'internet:alice'],
  planned: [slow, UNIMPAIRED],
  impairments: [slow, { ...UNIMPAIRED, loss: 0.25 }],
  isCut: true,
  lostFrom: [],
};
const status = { nodes: [{ name: 'alice' }, { name: 'bob' }], links: [link] } as unknown as LabStatus;

const actions = (words: Partial<FaultWords>) =>
  faultActions({ kind: 'impair', target: 'wan', by: undefined, ...words }, status);

test('what is said of a link changes, and nothing else of it', () => {
  expect(actions({ loss: '5%', delay: '50ms', rate: '1mbit', queue: '7' })).toEqual([
    {
      kind: 'impair',
      link: 'wan',
      impairments: [
        { ...UNIMPAIRED, loss: 0.05, delayNs: 50_000_000, rateBitsPerSecond: 1_000_000, queueFrames: 7 },
        { ...UNIMPAIRED, loss: 0.05, delayNs: 50_000_000, rateBitsPerSecond: 1_000_000, queueFrames: 7 },
      ],
    },
  ]);
  expect(actions({ loss: '0', from: 'internet' })).toEqual([
    { kind: 'impair', link: 'wan', impairments: [slow, UNIMPAIRED] },
  ]);
});

test('a healed link is as the file has it', () => {
  expect(actions({ kind: 'heal' })).toEqual([
    { kind: 'heal', link: 'wan' },
    { kind: 'linkUp', link: 'wan' },
    { kind: 'impair', link: 'wan', impairments: [slow, UNIMPAIRED] },
  ]);
});

test('nodes, and ends of links', () => {
  expect(actions({ kind: 'kill', target: 'bob' })).toEqual([{ kind: 'crash', node: 'bob' }]);
  expect(actions({ kind: 'pause', target: 'bob' })).toEqual([{ kind: 'pause', node: 'bob' }]);
  expect(actions({ kind: 'skew', target: 'bob', by: '-90s' })).toEqual([
    { kind: 'clockSkew', node: 'bob', byNs: -90e9 },
  ]);
  expect(actions({ kind: 'partition', from: 'alice' })).toEqual([
    { kind: 'partition', link: 'wan', from: 'alice:net0' },
  ]);
});

const failure = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) return `${error.message} | ${error.fix}`;
    throw error;
  }
  return 'nothing was wrong';
};

test.each<[Partial<FaultWords>, RegExp]>([
  [{ kind: 'cutt' }, /"cutt" is no fault \| did you mean "cut"/],
  [{ kind: 'cut', target: 'wann' }, /no link "wann" \| did you mean "wan"/],
  [{ kind: 'kill', target: 'wan' }, /no node "wan"/],
  [{ kind: 'impair' }, /impair how\?/],
  [{ loss: '5' }, /loss: "5"/],
  [{ loss: '101%' }, /loss: "101%"/],
  [{ delay: '-5ms' }, /less than nothing/],
  [{ jitter: '50ms', from: 'internet' }, /jitter is larger than the delay/],
  [{ queue: '0' }, /queue of "0"/],
  [{ kind: 'cut', loss: '5%' }, /--loss goes with impair/],
  [{ kind: 'kill', target: 'bob', from: 'alice' }, /--from goes with partition/],
  [{ kind: 'kill', target: 'bob', by: 'alice' }, /takes one name/],
  [{ kind: 'partition' }, /from which end\? \| --from alice:net0 or --from internet:alice/],
  [{ kind: 'partition', from: 'bob' }, /no end at "bob"/],
  [{ kind: 'skew', target: 'bob' }, /skew by how much/],
])('%o is refused with its fix', (words, why) => {
  expect(failure(() => actions(words))).toMatch(why);
});

const topology = shipped('site-to-site');
const fine = { nodes: {}, links: {} };

test.each([
  [{ kind: 'pause', node: 'a1' }, fine, /a1 is a plain host, which cannot be paused/],
  [
    { kind: 'pause', node: 'bob' },
    { nodes: { bob: 'down' }, links: {} },
    /bob is down already \| lab fault restart bob/,
  ],
  [{ kind: 'resume', node: 'bob' }, fine, /bob is not paused/],
  [{ kind: 'rebind', node: 'bob' }, fine, /bob is a gateway, and has no mappings/],
  [{ kind: 'crash', node: 'nobody' }, fine, /no node "nobody"/],
  [{ kind: 'linkDown', link: 'nowhere' }, fine, /no link "nowhere"/],
  [{ kind: 'partition', link: 'wan', from: 'bob' }, fine, /no end at "bob"/],
] as const)('a lab refuses %o', (action, condition, why) => {
  expect(failure(() => assertFault(action, topology, condition))).toMatch(why);
});
