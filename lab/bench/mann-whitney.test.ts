import { expect, test } from 'vitest';
import { pairsLeftOut, samplesNeeded } from './mann-whitney.ts';

test('the critical values that every textbook has, one-sided', () => {
  const doubts = [0.05, 0.025, 0.01, 0.005];
  const table: Readonly<Record<string, readonly (number | null)[]>> = {
    '3 4': [0, null, null, null],
    '4 4': [1, 0, null, null],
    '5 5': [4, 2, 1, 0],
    '5 10': [11, 8, 6, 4],
    '8 8': [15, 13, 9, 7],
    '10 10': [27, 23, 19, 16],
    '20 20': [138, 127, 114, 105],
  };
  for (const [sizes, values] of Object.entries(table)) {
    const [first = 0, second = 0] = sizes.split(' ').map(Number);
    expect(doubts.map(doubt => pairsLeftOut(first, second, doubt))).toEqual(values);
    expect(doubts.map(doubt => pairsLeftOut(second, first, doubt))).toEqual(values);
  }
});

test('of many samples a bound, which leaves out less than the count, but not much', () => {
  const sigma = Math.sqrt((41 * 41 * 83) / 12);
  const byCount = Math.floor((41 * 41) / 2 - 2.3263 * sigma); // by the normal distribution, at 1 %
  const byBound = pairsLeftOut(41, 41, 0.01) ?? 0;
  expect(byBound).toBeLessThan(byCount);
  expect(byBound).toBeGreaterThan(byCount * 0.7);
  expect(pairsLeftOut(100_000, 100_000, 0.01)).toBeLessThan(5e9);
  expect(pairsLeftOut(2, 41, 0.01)).toBeNull();
});

test('the less doubt, the more samples it takes', () => {
  expect([0.2, 0.051, 0.005, 0.00125, 1e-6].map(samplesNeeded)).toEqual([2, 3, 5, 6, 12]);
});
