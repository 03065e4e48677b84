import { expect, test } from 'vitest';
import { processTimesIn, readProcessStat, timesBetween } from './process-times.ts';

/** Of a man page's example, with a name that tries to be two fields. */
const LINE = '4021 (wire guard) 3) S 1 4021 4021 0 -1 4194560 900 12 0 0 250 150 30 20 20 0 9 0 88 0 0';

test('the fields behind a name that has spaces and parentheses in it', () => {
  expect(readProcessStat(LINE)).toEqual({
    program: 'wire guard) 3',
    userSeconds: 2.5,
    systemSeconds: 1.5,
    childrenSeconds: 0.5,
  });
  expect(readProcessStat('no such process')).toBeNull();
});

test('this process is in its own namespace, and uses time', () => {
  const before = processTimesIn(new Map([['/proc/self/ns/net', 'here']]));
  expect(before.every(({ node }) => node === 'here')).toBe(true);
  expect(before.reduce((sum, { userSeconds }) => sum + userSeconds, 0)).toBeGreaterThan(0);
});

const reading = (program: string, userSeconds: number) => ({ node: 'bob', program, userSeconds, systemSeconds: 1 });

test('what was used between two readings is of those that were there all the time', () => {
  expect(timesBetween([reading('node', 1)], [reading('node', 3), reading('openvpn', 5)])).toEqual([
    { node: 'bob', program: 'node', userSeconds: 2, systemSeconds: 0 },
  ]);
});
