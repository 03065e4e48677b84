import { expect, test } from 'vitest';
import { NS_PER_MS, NS_PER_S } from '../../../engine/wire/instant.ts';
import { Pace } from './pace.ts';

/** Sends all that is due whenever it wakes, `lateNs` after it asked to; how many left, and when the last did. */
function run(pace: Pace, lateNs: (wake: number) => number): { readonly bursts: number[]; readonly endedAt: number } {
  const bursts: number[] = [];
  let now = 0;
  for (let wake = 0; !pace.isOver; wake++) {
    now = Math.max(now, Math.ceil(pace.wakeAt)) + lateNs(wake);
    const due = pace.due(now);
    pace.left(due);
    if (due > 0) bursts.push(due);
  }
  return { bursts, endedAt: now };
}

test.each([100, 5000, 24_000, 100_000, 1_000_000])('%d packets/s leave in a second, evenly', rate => {
  const pace = new Pace(0, rate, rate);
  const { bursts, endedAt } = run(pace, () => 0);
  expect(pace.sent).toBe(rate);
  expect(Math.max(...bursts)).toBe(pace.burstPackets);
  expect(endedAt).toBeLessThanOrEqual(NS_PER_S);
  expect(endedAt).toBeGreaterThan(NS_PER_S * (1 - pace.burstPackets / rate) - 1000);
  expect(pace.endsAt).toBeCloseTo(NS_PER_S, 0);
});

test('up to 7500 packets/s each is sent by itself', () => {
  expect([1, 5000, 7499, 10_000, 100_000].map(rate => new Pace(0, rate, 1).burstPackets)).toEqual([1, 1, 1, 2, 20]);
});

test('who is late by little makes up for it', () => {
  const pace = new Pace(0, 10_000, 10_000);
  run(pace, wake => (wake % 7 === 0 ? 3 * NS_PER_MS : 0));
  expect(pace.sent).toBe(10_000);
});

test('who is late by much does not, and has offered less', () => {
  const pace = new Pace(0, 10_000, 10_000);
  const { bursts } = run(pace, wake => (wake === 100 ? 500 * NS_PER_MS : 0));
  expect(pace.sent).toBeGreaterThan(4900);
  expect(pace.sent).toBeLessThan(5100);
  expect(Math.max(...bursts)).toBe(40); // 4 ms of them
});

test('what the kernel did not take is still due', () => {
  const pace = new Pace(0, 1000, 10);
  expect(pace.due(0)).toBe(1);
  pace.left(0);
  expect(pace.due(0)).toBe(1);
  expect(pace.due(2 * NS_PER_MS)).toBe(3);
});
