import { expect, test } from 'vitest';
import { createSeededRandom } from '../drivers/sim/seeded-random.ts';
import { BOOTSTRAP } from './bootstrap.ts';
import { cliffsDelta, type ComparisonSettings, compare, deltaWord } from './comparison.ts';

const RUNS: ComparisonSettings = { ...BOOTSTRAP, resamples: 1000, changeMin: 0.02, widening: 1, pairedBy: 'runs' };
const ROUNDS: ComparisonSettings = { ...RUNS, pairedBy: 'rounds' };

/** Samples about `middle` that vary by ± `share` of it. */
function around(middle: number, share: number, seed: string, count = 10): readonly number[] {
  const random = createSeededRandom(seed);
  return Array.from({ length: count }, () => middle * (1 + share * (2 * random.uniform() - 1)));
}

const judged = (base: readonly number[], samples: readonly number[], better: 'more' | 'less', settings = RUNS) => {
  const comparison = compare(base, samples, better, settings, createSeededRandom('judge'));
  return comparison.kind === 'compared' ? comparison.verdict : comparison.reason;
};

test('a tenth less is found among what varies by 3 %, whichever way is better', () => {
  for (let trial = 0; trial < 20; trial++) {
    const [base, slower] = [around(1000, 0.03, `base ${trial}`), around(900, 0.03, `slower ${trial}`)];
    expect(judged(base, slower, 'more')).toBe('slower');
    expect(judged(slower, base, 'more')).toBe('faster');
    expect(judged(base, slower, 'less')).toBe('faster');
    expect(judged(slower, base, 'less')).toBe('slower');
  }
});

test('the same again is hardly ever a difference, and a sure one that is tiny never', () => {
  let alarms = 0;
  for (let trial = 0; trial < 200; trial++) {
    const verdict = judged(around(1000, 0.1, `one ${trial}`), around(1000, 0.1, `other ${trial}`), 'more');
    if (verdict !== 'noSignificantDifference') alarms++;
  }
  expect(alarms).toBeLessThan(20);
  expect(judged(around(1000, 0.001, 'a'), around(1010, 0.001, 'b'), 'more')).toBe('noSignificantDifference');
});

test('rounds take out what the machine did to both', () => {
  const load = around(1, 0.4, 'load', 12);
  const base = load.map(share => 1000 * share);
  const slower = around(950, 0.005, 'slower', 12).map((sample, round) => sample * (load[round] ?? 1));
  expect(judged(base, slower, 'more', RUNS)).toBe('noSignificantDifference');
  expect(judged(base, slower, 'more', ROUNDS)).toBe('slower');
});

test('what it says of a change, and that a disturbed machine takes the verdict back', () => {
  const base = [100, 101, 102, 103, 104];
  const comparison = compare(base, [110, 111, 112, 113, 114], 'more', RUNS, createSeededRandom('words'));
  if (comparison.kind !== 'compared') throw new Error(comparison.reason);
  expect(comparison.change).toBeCloseTo(112 / 102 - 1, 12);
  expect(comparison.interval.low).toBeGreaterThanOrEqual(110 / 104 - 1);
  expect(comparison.interval.high).toBeLessThanOrEqual(114 / 100 - 1);
  expect(comparison.delta).toBe(1);
  expect(judged(base, [110, 111, 112, 113, 114], 'more', { ...RUNS, widening: 5 })).toBe('noSignificantDifference');
});

test('what came to a standstill is slower by all of it', () => {
  const comparison = compare([5, 6, 7, 8, 9], [0, 0, 0, 0, 0], 'more', RUNS, createSeededRandom('standstill'));
  expect(comparison).toMatchObject({ verdict: 'slower', change: -1, interval: { low: -1, high: -1 } });
});

test('what cannot be compared says why', () => {
  const five = [1, 2, 3, 4, 5];
  expect(judged([1, 2, 3], five, 'more')).toBe('3 samples in the base, and fewer than 5 say nothing');
  expect(judged([0, 1, 2, 3, 4], five, 'less')).toBe('a sample of the base is 0, and no share can be told of it');
  expect(judged(five, [-1, 1, 2, 3, 4], 'less')).toBe('a sample is -1, which is no rate and no time');
  expect(judged(five, [...five, 6], 'more', ROUNDS)).toBe('5 and 6 samples, which are not of the same rounds');
});

test("Cliff's delta by hand, and how it is called", () => {
  expect(cliffsDelta([1, 2, 3], [1, 2, 3])).toBe(0);
  expect(cliffsDelta([1, 2], [2, 3])).toBe(0.75); // above, above, equal, above
  expect(cliffsDelta([4, 5], [1, 2, 3])).toBe(-1);
  expect([0.1, -0.2, 0.4, -1].map(deltaWord)).toEqual(['negligible', 'small', 'medium', 'large']);
});
