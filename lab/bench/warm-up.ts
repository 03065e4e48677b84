/** Where a series of readings comes to rest. */
export interface WarmUp {
  /** So many readings at its beginning are not of the steady state. */
  readonly dropped: number;
  /** False where the best place to begin lies at the middle of the series: it was most likely still moving when it ended. */
  readonly settled: boolean;
}

/** With fewer readings than this a beginning cannot be told from an accident: nothing is dropped. */
const READINGS_MIN = 8;

/**
 * The warm-up of one run's readings, taken at equal distances in time: the beginning without which the mean of the rest is known best
 * (MSER: White, "An effective truncation heuristic for bias reduction in simulation output", 1997). At most half is dropped. It is
 * for the readings inside of a run, such as bits/s in each tenth of a second; whole repeats are samples and none is chosen away.
 */
export function findWarmUp(readings: readonly number[]): WarmUp {
  const count = readings.length;
  if (count < READINGS_MIN) return { dropped: 0, settled: true };
  const latest = Math.floor(count / 2);
  let [best, dropped] = [Number.POSITIVE_INFINITY, 0];
  let [kept, mean, squares] = [0, 0, 0];
  for (let from = count - 1; from >= 0; from--) {
    // Welford's update, backwards: one reading more at the front. A sum of squares less a square would lose all its digits.
    const reading = readings[from] ?? Number.NaN;
    const above = reading - mean;
    kept++;
    mean += above / kept;
    squares += above * (reading - mean);
    const score = squares / kept ** 2;
    if (from <= latest && score <= best) [best, dropped] = [score, from]; // of equals the earlier: it keeps more
  }
  return { dropped, settled: dropped < latest };
}

/** The readings of the steady state. */
export const withoutWarmUp = (readings: readonly number[]): readonly number[] =>
  readings.slice(findWarmUp(readings).dropped);
