import { expect, test } from 'vitest';
import { createSeededRandom } from '../drivers/sim/seeded-random.ts';
import { Latencies } from './latency.ts';

function recorded(latencies: Iterable<number>): Latencies {
  const all = new Latencies();
  for (const ns of latencies) all.record(ns);
  return all;
}

test('by hand: ten packets', () => {
  const latencies = recorded([15, 20, 35, 40, 50, 60, 70, 80, 90, 100]);
  expect([0, 0.05, 0.3, 0.4, 0.5, 0.99, 1].map(p => latencies.percentile(p))).toEqual([15, 15, 35, 40, 50, 100, 100]);
  expect(latencies.count).toBe(10);
  expect([...latencies.steps()].slice(0, 2)).toEqual([
    { ns: 15, packets: 1 },
    { ns: 20, packets: 1 },
  ]);
});

test('every percentile is that of the sorted latencies, or at most 1/128 above, from nanoseconds to minutes', () => {
  const random = createSeededRandom('latencies');
  for (let trial = 0; trial < 20; trial++) {
    const all = Array.from({ length: 500 }, () => Math.floor(2 ** (39.9 * random.uniform())));
    const sorted = all.toSorted((a, b) => a - b);
    const latencies = recorded(all);
    for (let p = 0; p <= 1; p += 0.01) {
      const truth = sorted[Math.max(0, Math.ceil(p * 500) - 1)] ?? Number.NaN;
      const told = latencies.percentile(p) ?? Number.NaN;
      expect(told).toBeGreaterThanOrEqual(truth);
      expect(told).toBeLessThanOrEqual(truth * (1 + 1 / 128));
    }
    expect(latencies.percentile(1)).toBe(sorted.at(-1));
  }
});

test('each step ends where the next begins, around every power of two', () => {
  for (let exponent = 0; exponent < 40; exponent++) {
    for (const ns of [2 ** exponent - 1, 2 ** exponent, 2 ** exponent + 1]) {
      const [step] = recorded([ns]).steps();
      expect(step?.ns ?? -1).toBeGreaterThanOrEqual(ns);
      expect(step?.ns ?? Infinity).toBeLessThanOrEqual(ns * (1 + 1 / 128));
    }
  }
  for (let ns = 0; ns < 5000; ns++) {
    const [first, ...more] = recorded([ns, (recorded([ns]).steps().next().value?.ns ?? 0) + 1]).steps();
    expect([first?.packets, more.length]).toEqual([1, 1]);
  }
});

test('no packets, packets from the future, and packets that took hours', () => {
  expect(new Latencies().percentile(0.5)).toBeNull();
  const latencies = recorded([-1, Number.NaN, 1e15, 7]);
  expect([latencies.negative, latencies.count]).toEqual([2, 2]);
  expect(latencies.percentile(1)).toBe(1e15);
  expect(() => latencies.percentile(1.1)).toThrow('no percentile 1.1');
});
