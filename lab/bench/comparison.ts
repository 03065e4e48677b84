import { type BootstrapSettings, bootstrapInterval, type Interval, widened } from './bootstrap.ts';
import { pairsLeftOut, samplesNeeded } from './mann-whitney.ts';
import { ascending, median, quantileOfSorted } from './summary.ts';
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

interface Threshold {
  /** Changes below this share are no difference, however sure they are. */
  readonly changeMin: number;
  /** What the interval is widened by, at least 1 (`disturbance.ts`). */
  readonly widening: number;
}

export type RoundsSettings = Threshold & BootstrapSettings;

export interface RunsSettings extends Threshold {
  /** The chance, in (0, 1), that what has not changed is called slower, and the same for faster. */
  readonly doubt: number;
}

/** Below this a set of samples can look like anything. */
export const SAMPLES_MIN = 5;

/**
 * Judges `samples` against those of `base`, of which sample i was taken in the same round of the same run: what happened to the machine
 * then happened to both. It is a difference only where the whole interval lies on one side of nothing and the change is as large as asked
 * for. The change is the median of those in each round.
 */
export function compareRounds(
  base: readonly number[],
  samples: readonly number[],
  better: Better,
  settings: RoundsSettings,
  random: Uniform,
): Comparison {
  const reason =
    whyNotComparable(base, samples) ??
    (base.length === samples.length
      ? null
      : `${base.length} and ${samples.length} samples, which are not of the same rounds`);
  if (reason !== null) return { kind: 'notComparable', reason };
  const changes = samples.map((sample, round) => sample / (base[round] ?? Number.NaN) - 1);
  const found = { change: median(changes), interval: bootstrapInterval(changes, median, settings, random) };
  return judged(found, cliffsDelta(base, samples), better, settings);
}

/**
 * The same for samples of two runs, which share nothing. The change is the median of those of every sample of the one run to every sample
 * of the other (Hodges and Lehmann, "Estimates of location based on rank tests", 1963), which takes less chance along than medians; the
 * interval has as many of them as the doubt asks for (`mann-whitney.ts`): of few samples a bootstrap knows too little of chance to be
 * held to it.
 */
export function compareRuns(
  base: readonly number[],
  samples: readonly number[],
  better: Better,
  settings: RunsSettings,
): Comparison {
  const reason = whyNotComparable(base, samples);
  if (reason !== null) return { kind: 'notComparable', reason };
  const { doubt } = settings;
  const left = pairsLeftOut(base.length, samples.length, doubt);
  if (left === null)
    return {
      kind: 'notComparable',
      reason: `${base.length} and ${samples.length} samples are too few to be as sure as asked for; ${samplesNeeded(doubt)} of each are enough`,
    };
  const changes = ascending(samples.flatMap(sample => base.map(other => sample / other - 1)));
  const [low = 0, high = 0] = [changes.at(left), changes.at(-1 - left)];
  const found = { change: quantileOfSorted(changes, 0.5), interval: { low, high, confidence: 1 - 2 * doubt } };
  return judged(found, cliffsDelta(base, samples), better, settings);
}

function judged(
  { change, interval: narrow }: { readonly change: number; readonly interval: Interval },
  delta: number,
  better: Better,
  { changeMin, widening }: Threshold,
): Comparison {
  const wide = widened(narrow, change, widening);
  const interval = { ...wide, low: Math.max(-1, wide.low) }; // nothing loses more than all of it
  const isSure = (interval.low > 0 || interval.high < 0) && Math.abs(change) >= changeMin;
  const isBetter = change > 0 === (better === 'more');
  const verdict = !isSure ? 'noSignificantDifference' : isBetter ? 'faster' : 'slower';
  return { kind: 'compared', verdict, change, interval, delta };
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

function whyNotComparable(base: readonly number[], samples: readonly number[]): string | null {
  const noBase = whyNoBase(base);
  if (noBase !== null) return noBase;
  if (samples.length < SAMPLES_MIN) return `${samples.length} samples, and fewer than ${SAMPLES_MIN} say nothing`;
  const unfit = samples.find(sample => !(sample >= 0 && Number.isFinite(sample)));
  return unfit === undefined ? null : `a sample is ${unfit}, which is no rate and no time`;
}
