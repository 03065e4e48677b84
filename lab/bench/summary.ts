/** What is told of the samples of one figure, in their own unit. */
export interface Summary {
  readonly count: number;
  readonly minimum: number;
  readonly lowerQuartile: number;
  readonly median: number;
  readonly upperQuartile: number;
  readonly maximum: number;
  /** Upper less lower quartile. */
  readonly iqr: number;
}

/** Throws without samples, and for one that is no number: an instrument that read nothing says so before it comes to this. */
export function summarize(samples: readonly number[]): Summary {
  const sorted = ascending(samples);
  const lowerQuartile = quantileOfSorted(sorted, 0.25);
  const upperQuartile = quantileOfSorted(sorted, 0.75);
  return {
    count: sorted.length,
    minimum: quantileOfSorted(sorted, 0),
    lowerQuartile,
    median: quantileOfSorted(sorted, 0.5),
    upperQuartile,
    maximum: quantileOfSorted(sorted, 1),
    iqr: upperQuartile - lowerQuartile,
  };
}

export const median = (samples: Iterable<number>): number => quantileOfSorted(ascending(samples), 0.5);

/**
 * The quantile `p` in [0, 1] of samples in ascending order, between two of them by straight line: definition 7 of Hyndman and Fan,
 * "Sample quantiles in statistical packages", 1996, which is what R, NumPy and Python's `inclusive` take.
 */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number {
  if (!(p >= 0 && p <= 1)) throw new Error(`there is no quantile ${p}`);
  const place = (sorted.length - 1) * p;
  const low = sorted[Math.floor(place)];
  const high = sorted[Math.ceil(place)];
  if (low === undefined || high === undefined) throw new Error('no samples');
  return low + (high - low) * (place - Math.floor(place));
}

/** Up to so many are sorted by hand. */
const FEW = 32;

function insertionSort(values: Float64Array): void {
  for (let i = 1; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    let place = i;
    for (; place > 0 && (values[place - 1] ?? Number.NaN) > value; place--)
      values[place] = values[place - 1] ?? Number.NaN;
    values[place] = value;
  }
}

/** A copy in ascending order. */
export function ascending(samples: Iterable<number>): Float64Array {
  // Intervals ask for millions of medians of ten: an iterator, and the sort of the runtime, take longer than all else there.
  const sorted = samples instanceof Float64Array ? samples.slice() : Float64Array.from(samples);
  if (sorted.length > FEW) sorted.sort();
  else insertionSort(sorted);
  for (const sample of sorted) if (!Number.isFinite(sample)) throw new Error(`${sample} is no sample`);
  return sorted;
}
