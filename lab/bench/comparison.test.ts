import { expect, test } from 'vitest';
import { createSeededRandom } from '../drivers/sim/seeded-random.ts';
import { BOOTSTRAP } from './bootstrap.ts';
import { type Better, cliffsDelta, type Comparison, compareRounds, compareRuns, deltaWord } from './comparison.ts';

const THRESHOLD = { changeMin: 0.02, widening: 1 };
const RUNS = { ...THRESHOLD, doubt: 0.025 };
const ROUNDS = { ...THRESHOLD, ...BOOTSTRAP, resamples: 1000 };

/** Samples about `middle` that vary by ± `share` of it. */
function around(middle: number, share: number, seed: string, count = 10): readonly number[] {
  const random = createSeededRandom(seed);
  return Array.from({ length: count }, () => middle * (1 + share * (2 * random.uniform() - 1)));
}

const verdict = (comparison: Comparison): string =>
  comparison.kind === 'compared' ? comparison.verdict : comparison.reason;

const judged = (base: readonly number[], samples: readonly number[], better: Better, settings = RUNS) =>
  verdict(compareRuns(base, samples, better, settings));

const judgedByRound = (base: readonly number[], samples: readonly number[], better: Better) =>
  verdict(compareRounds(base, samples, better, ROUNDS, createSeededRandom('judge')));

test('a tenth less is found among what varies by 3 %, whichever way is better', () => {
  for (let trial = 0; trial < 20; trial++) {
    const [base, slower] = [around(1000, 0.03, `base ${trial}`), around(900, 0.03, `slower ${trial}`)];
    expect(judged(base, slower, 'more')).toBe('slower');
    expect(judged(slower, base, 'more')).toBe('faster');
    expect(judged(base, slower, 'less')).toBe('faster');
    expect(judged(slower, base, 'less')).toBe('slower');
  }
});

test('the same again is a difference as often as it may be, however few samples there are', () => {
  for (const [count, doubt] of [
    [5, 0.05],
    [5, 0.01],
    [7, 0.005],
    [12, 0.05],
  ] as const) {
    const random = createSeededRandom(`same ${count} ${doubt}`);
    // Far from any bell: rates that jump, and seldom far.
    const samples = () => Array.from({ length: count }, () => 1000 + 100 * random.uniform() ** -0.5);
    const TRIALS = 2000;
    let [slower, faster] = [0, 0];
    for (let trial = 0; trial < TRIALS; trial++) {
      const found = judged(samples(), samples(), 'more', { doubt, changeMin: 0, widening: 1 });
      if (found === 'slower') slower++;
      if (found === 'faster') faster++;
    }
    const most = TRIALS * doubt + 3 * Math.sqrt(TRIALS * doubt);
    expect(slower).toBeLessThan(most);
    expect(faster).toBeLessThan(most);
    expect(slower + faster).toBeGreaterThan(0);
  }
});

test('a sure difference that is tiny is none', () => {
  expect(judged(around(1000, 0.001, 'a'), around(1010, 0.001, 'b'), 'more')).toBe('noSignificantDifference');
});

test('rounds take out what the machine did to both', () => {
  const load = around(1, 0.4, 'load', 12);
  const base = load.map(share => 1000 * share);
  const slower = around(950, 0.005, 'slower', 12).map((sample, round) => sample * (load[round] ?? 1));
  expect(judged(base, slower, 'more')).toBe('noSignificantDifference');
  expect(judgedByRound(base, slower, 'more')).toBe('slower');
});

test('what it says of a change, and that a disturbed machine takes the verdict back', () => {
  const base = [100, 101, 102, 103, 104];
  const comparison = compareRuns(base, [110, 111, 112, 113, 114], 'more', RUNS);
  if (comparison.kind !== 'compared') throw new Error(comparison.reason);
  expect(comparison.change).toBeCloseTo(112 / 102 - 1, 12);
  // Of 25 ratios two may be left out at either end: those of 110 and 111 to 104, and of 113 and 114 to 100.
  expect(comparison.interval.low).toBeCloseTo(110 / 103 - 1, 12);
  expect(comparison.interval.high).toBeCloseTo(114 / 101 - 1, 12);
  expect(comparison.interval.confidence).toBe(0.95);
  expect(comparison.delta).toBe(1);
  expect(judged(base, [110, 111, 112, 113, 114], 'more', { ...RUNS, widening: 5 })).toBe('noSignificantDifference');
});

test('what came to a standstill is slower by all of it', () => {
  const comparison = compareRuns([5, 6, 7, 8, 9], [0, 0, 0, 0, 0], 'more', RUNS);
  expect(comparison).toMatchObject({ verdict: 'slower', change: -1, interval: { low: -1, high: -1 } });
});

test('what cannot be compared says why', () => {
  const five = [1, 2, 3, 4, 5];
  expect(judged([1, 2, 3], five, 'more')).toBe('3 samples in the base, and fewer than 5 say nothing');
  expect(judged([0, 1, 2, 3, 4], five, 'less')).toBe('a sample of the base is 0, and no share can be told of it');
  expect(judged(five, [-1, 1, 2, 3, 4], 'less')).toBe('a sample is -1, which is no rate and no time');
  expect(judged(five, five, 'more', { ...RUNS, doubt: 0.001 })).toBe(
    '5 and 5 samples are too few to be as sure as asked for; 7 of each are enough',
  );
  expect(judgedByRound(five, [...five, 6], 'more')).toBe('5 and 6 samples, which are not of the same rounds');
});

test("Cliff's delta by hand, and how it is called", () => {
  expect(cliffsDelta([1, 2, 3], [1, 2, 3])).toBe(0);
  expect(cliffsDelta([1, 2], [2, 3])).toBe(0.75); // above, above, equal, above
  expect(cliffsDelta([4, 5], [1, 2, 3])).toBe(-1);
  expect([0.1, -0.2, 0.4, -1].map(deltaWord)).toEqual(['negligible', 'small', 'medium', 'large']);
});
