import { expect, test } from 'vitest';
import { createSeededRandom } from '../drivers/sim/seeded-random.ts';
import { findWarmUp, withoutWarmUp } from './warm-up.ts';

const noise = (seed: string): (() => number) => {
  const random = createSeededRandom(seed);
  return () => random.uniform() - 0.5;
};

test('by hand: without the first two of eight, nothing is left to vary', () => {
  expect(findWarmUp([0, 5, 9, 9, 9, 9, 9, 9])).toEqual({ dropped: 2, settled: true });
  expect(withoutWarmUp([0, 5, 9, 9, 9, 9, 9, 9])).toEqual([9, 9, 9, 9, 9, 9]);
});

test('a slow beginning goes, and little more', () => {
  for (let trial = 0; trial < 50; trial++) {
    const next = noise(`slow ${trial}`);
    const readings = Array.from({ length: 100 }, (_, i) => 100 - 60 * Math.exp(-i / 4) + next());
    const { dropped, settled } = findWarmUp(readings);
    expect(settled).toBe(true);
    expect(dropped).toBeGreaterThanOrEqual(12);
    expect(dropped).toBeLessThan(50);
  }
});

test('a series that never comes to rest says so', () => {
  expect(findWarmUp(Array.from({ length: 40 }, (_, i) => i)).settled).toBe(false);
});

test('the rule as it is written, summed in the plain way, finds the same beginning', () => {
  for (let trial = 0; trial < 50; trial++) {
    const next = noise(`plain ${trial}`);
    const readings = Array.from({ length: 8 + trial }, (_, i) => (i < 4 ? 3 * i : 12) + 4 * next());
    const scores = readings.slice(0, Math.floor(readings.length / 2) + 1).map((_, from) => {
      const rest = readings.slice(from);
      const mean = rest.reduce((a, b) => a + b, 0) / rest.length;
      return rest.reduce((sum, reading) => sum + (reading - mean) ** 2, 0) / rest.length ** 2;
    });
    expect(findWarmUp(readings).dropped).toBe(scores.indexOf(Math.min(...scores)));
  }
});

test('of few readings, and of readings that are all the same, none is dropped', () => {
  expect(findWarmUp([0, 9, 9, 9, 9, 9, 9])).toEqual({ dropped: 0, settled: true });
  expect(findWarmUp(Array.from({ length: 20 }, () => 7))).toEqual({ dropped: 0, settled: true });
});
