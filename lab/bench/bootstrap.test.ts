import { expect, test } from 'vitest';
import { createSeededRandom } from '../drivers/sim/seeded-random.ts';
import { BOOTSTRAP, bootstrapInterval, type Interval, type Statistic, widened } from './bootstrap.ts';
import { median } from './summary.ts';

/** Days that mice lived, Efron and Tibshirani, "An introduction to the bootstrap", 1993, table 2.1. */
const TREATED = [94, 197, 16, 38, 99, 141, 23];
const mean: Statistic = samples => samples.reduce((a, b) => a + b, 0) / samples.length;

/** The standard deviation of a statistic over what is drawn. */
function standardError(statistic: Statistic, resamples: number): number {
  const values: number[] = [];
  bootstrapInterval(
    TREATED,
    samples => {
      const value = statistic(samples);
      values.push(value);
      return value;
    },
    { confidence: 0.95, resamples },
    createSeededRandom('mice'),
  );
  const middle = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / values.length);
}

test('the standard errors of the mice, as the book has them for ever more resamples (table 2.2)', () => {
  expect(Math.abs(standardError(mean, 20_000) - 23.36)).toBeLessThan(0.4);
  expect(Math.abs(standardError(median, 20_000) - 37.83)).toBeLessThan(0.6);
});

/** P(X <= most) of a binomial distribution. */
function binomial(count: number, p: number, most: number): number {
  let [sum, term] = [0, (1 - p) ** count];
  for (let k = 0; k <= most; k++) {
    sum += term;
    term *= ((count - k) / (k + 1)) * (p / (1 - p));
  }
  return sum;
}

test('the interval of a median is the one that follows without drawing (Efron, 1979)', () => {
  // The median of what is drawn is above x(k) where at most half of the draws fall among the first k.
  const samples = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47];
  const above = (k: number): number => binomial(samples.length, k / samples.length, (samples.length - 1) / 2);
  const quantile = (p: number): number => samples.find((_, i) => 1 - above(i + 1) >= p || i === 14) ?? NaN;
  for (const confidence of [0.9, 0.98]) {
    const tail = (1 - confidence) / 2;
    const interval = bootstrapInterval(samples, median, { confidence, resamples: 20_000 }, createSeededRandom('exact'));
    expect(interval).toEqual({ low: quantile(tail), high: quantile(1 - tail), confidence });
  }
});

/** Normally distributed (Box and Muller). */
function normal(random: { uniform(): number }): number {
  return Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
}

test('of intervals at 95 % about that many hold the true median', () => {
  const random = createSeededRandom('coverage');
  let held = 0;
  for (let trial = 0; trial < 300; trial++) {
    const samples = Array.from({ length: 15 }, () => 100 + 5 * normal(random));
    const { low, high } = bootstrapInterval(samples, median, { confidence: 0.95, resamples: 500 }, random);
    if (low <= 100 && 100 <= high) held++;
  }
  expect(held / 300).toBeGreaterThan(0.91);
  expect(held / 300).toBeLessThan(0.99);
});

const ofTreated = (confidence: number): Interval =>
  bootstrapInterval(TREATED, median, { ...BOOTSTRAP, confidence }, createSeededRandom('same'));

test('the same stream brings the same interval; more confidence a wider one', () => {
  expect(ofTreated(0.95)).toEqual(ofTreated(0.95));
  const [narrow, wide] = [ofTreated(0.8), ofTreated(0.99)];
  expect(wide.low).toBeLessThan(narrow.low);
  expect(wide.high).toBeGreaterThan(narrow.high);
});

test('a disturbed figure is known less well, on either side', () => {
  expect(widened({ low: 9, high: 13, confidence: 0.95 }, 10, 2)).toEqual({ low: 8, high: 16, confidence: 0.95 });
  expect(widened({ low: 11, high: 13, confidence: 0.95 }, 10, 2)).toEqual({ low: 11, high: 16, confidence: 0.95 });
});
