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
  if (samples.length === 0) throw new Error('no samples to draw from');
  const { confidence, resamples } = settings;
  const drawn = new Float64Array(samples.length);
  const values = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    for (let j = 0; j < drawn.length; j++) drawn[j] = samples[below(random, samples.length)] ?? Number.NaN;
    values[i] = statistic(drawn);
  }
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
