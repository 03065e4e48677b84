import { quantileOfSorted } from './summary.ts';
import { below, type Uniform } from './uniform.ts';

/** Where the true value lies, by the confidence asked for, in (0, 1). */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
}

export interface BootstrapSettings {
  /** 0.95: of a hundred such intervals five miss. */
  readonly confidence: number;
  /** How often samples are drawn again; the interval's ends are quantiles of so many values. */
  readonly resamples: number;
}

export const BOOTSTRAP: BootstrapSettings = { confidence: 0.95, resamples: 4000 };

/** A figure made of samples, such as their median. It may neither keep nor change the array, which is used again. */
export type Statistic = (samples: Float64Array) => number;

/**
 * The percentile interval of a statistic (Efron, "Bootstrap methods: another look at the jackknife", 1979): the middle of what it
 * would be of samples drawn with replacement from those at hand. Nothing is supposed about how samples are distributed. Of few samples
 * it is somewhat narrow, and what is not among them it does not know: ten are the least that is worth quoting.
 */
export function bootstrapInterval(
  samples: readonly number[],
  statistic: Statistic,
  settings: BootstrapSettings,
  random: Uniform,
): Interval {
  return percentiles(settings, resampler(samples, random), statistic);
}

/** The same for a figure made of two sets of samples that have nothing to do with each other: each is drawn from by itself. */
export function bootstrapOfTwo(
  first: readonly number[],
  second: readonly number[],
  statistic: (first: Float64Array, second: Float64Array) => number,
  settings: BootstrapSettings,
  random: Uniform,
): Interval {
  const drawFirst = resampler(first, random);
  const drawSecond = resampler(second, random);
  return percentiles(settings, drawFirst, drawn => statistic(drawn, drawSecond()));
}

function resampler(samples: readonly number[], random: Uniform): () => Float64Array {
  if (samples.length === 0) throw new Error('no samples to draw from');
  const drawn = new Float64Array(samples.length);
  return () => {
    for (let i = 0; i < drawn.length; i++) drawn[i] = samples[below(random, samples.length)] ?? Number.NaN;
    return drawn;
  };
}

function percentiles(
  { confidence, resamples }: BootstrapSettings,
  draw: () => Float64Array,
  statistic: Statistic,
): Interval {
  const values = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) values[i] = statistic(draw());
  values.sort();
  const tail = (1 - confidence) / 2;
  return { low: quantileOfSorted(values, tail), high: quantileOfSorted(values, 1 - tail), confidence };
}

/**
 * The interval with both ends `factor` times as far from `estimate`, for figures of a machine that had other things to do. An end on the
 * wrong side of the estimate stays.
 */
export function widened(interval: Interval, estimate: number, factor: number): Interval {
  const { low, high, confidence } = interval;
  return {
    low: Math.min(low, estimate - (estimate - low) * factor),
    high: Math.max(high, estimate + (high - estimate) * factor),
    confidence,
  };
}
