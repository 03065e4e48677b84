import { type BootstrapSettings, bootstrapInterval, bootstrapOfTwo, type Interval, widened } from './bootstrap.ts';
import { median } from './summary.ts';
import type { Uniform } from './uniform.ts';

/** What a figure should be: more of a rate, less of a time. */
export type Better = 'more' | 'less';

export type Comparison =
  | {
      readonly kind: 'compared';
      readonly verdict: 'noSignificantDifference' | 'faster' | 'slower';
      /** The effect: by which share the figure differs from the base, 0.1 for a tenth more, whichever is better. */
      readonly change: number;
      /** Of `change`. */
      readonly interval: Interval;
      /** Cliff's delta: how much more often a sample is above one of the base than below it, -1 to 1. */
      readonly delta: number;
    }
  | { readonly kind: 'notComparable'; readonly reason: string };

export interface ComparisonSettings extends BootstrapSettings {
  /** Changes below this share are no difference, however sure they are. */
  readonly changeMin: number;
  /** What the interval is widened by, at least 1 (`disturbance.ts`). */
  readonly widening: number;
  /**
   * `rounds`: sample i of both was taken in the same round of one run, and what happened to the machine then happened to both;
   * `runs`: samples of two runs, which share nothing.
   */
  readonly pairedBy: 'rounds' | 'runs';
}

/** Below this a set of samples can look like anything. */
export const SAMPLES_MIN = 5;

/**
 * Judges `samples` against those of the base. It is a difference only where the whole interval lies on one side of nothing and the
 * change is as large as asked for. The change is the median of those in each round; or of those of every sample of the one run to every
 * sample of the other (Hodges and Lehmann, "Estimates of location based on rank tests", 1963), which takes less chance along than medians.
 */
export function compare(
  base: readonly number[],
  samples: readonly number[],
  better: Better,
  settings: ComparisonSettings,
  random: Uniform,
): Comparison {
  const reason = whyNotComparable(base, samples, settings);
  if (reason !== null) return { kind: 'notComparable', reason };
  const { change, interval: narrow } = changeOf(base, samples, settings, random);
  const wide = widened(narrow, change, settings.widening);
  const interval = { ...wide, low: Math.max(-1, wide.low) }; // nothing loses more than all of it
  const isSure = (interval.low > 0 || interval.high < 0) && Math.abs(change) >= settings.changeMin;
  const isBetter = change > 0 === (better === 'more');
  const verdict = !isSure ? 'noSignificantDifference' : isBetter ? 'faster' : 'slower';
  return { kind: 'compared', verdict, change, interval, delta: cliffsDelta(base, samples) };
}

/**
 * Cliff, "Dominance statistics: ordinal analyses to answer ordinal questions", 1993: of all pairs the share in which the sample is
 * above the base's less the share in which it is below. 0 where neither is ahead.
 */
export function cliffsDelta(base: readonly number[], samples: readonly number[]): number {
  let sum = 0;
  for (const sample of samples) for (const other of base) sum += Math.sign(sample - other);
  return sum / (samples.length * base.length);
}

/** How a delta is called (Romano and others, 2006, who took Cohen's steps to it). */
export function deltaWord(delta: number): 'negligible' | 'small' | 'medium' | 'large' {
  const size = Math.abs(delta);
  if (size < 0.147) return 'negligible';
  if (size < 0.33) return 'small';
  return size < 0.474 ? 'medium' : 'large';
}

/** Why nothing can be compared with these samples; null where something can. */
export function whyNoBase(base: readonly number[]): string | null {
  if (base.length < SAMPLES_MIN) return `${base.length} samples in the base, and fewer than ${SAMPLES_MIN} say nothing`;
  const unfit = base.find(sample => !(sample > 0 && Number.isFinite(sample)));
  return unfit === undefined ? null : `a sample of the base is ${unfit}, and no share can be told of it`;
}

function whyNotComparable(
  base: readonly number[],
  samples: readonly number[],
  { pairedBy }: ComparisonSettings,
): string | null {
  const noBase = whyNoBase(base);
  if (noBase !== null) return noBase;
  if (samples.length < SAMPLES_MIN) return `${samples.length} samples, and fewer than ${SAMPLES_MIN} say nothing`;
  if (pairedBy === 'rounds' && base.length !== samples.length)
    return `${base.length} and ${samples.length} samples, which are not of the same rounds`;
  const unfit = samples.find(sample => !(sample >= 0 && Number.isFinite(sample)));
  return unfit === undefined ? null : `a sample is ${unfit}, which is no rate and no time`;
}

function changeOf(
  base: readonly number[],
  samples: readonly number[],
  settings: ComparisonSettings,
  random: Uniform,
): { readonly change: number; readonly interval: Interval } {
  if (settings.pairedBy === 'rounds') {
    const changes = samples.map((sample, round) => sample / (base[round] ?? Number.NaN) - 1);
    return { change: median(changes), interval: bootstrapInterval(changes, median, settings, random) };
  }
  return {
    change: medianChange(base, samples),
    interval: bootstrapOfTwo(base, samples, medianChange, settings, random),
  };
}

function medianChange(base: ArrayLike<number>, samples: ArrayLike<number>): number {
  const changes = new Float64Array(base.length * samples.length);
  let at = 0;
  for (let i = 0; i < samples.length; i++) {
    for (let j = 0; j < base.length; j++) changes[at++] = (samples[i] as number) / (base[j] as number) - 1;
  }
  return median(changes);
}
