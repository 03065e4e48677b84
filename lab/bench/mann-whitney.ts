/** Up to so many samples of each set are counted out; of more, a bound is known. */
const COUNTED_MAX = 40;

/**
 * How much of all pairs of two sets of samples an interval need not hold: so many of their ratios (or differences) may be left out at
 * either end, in ascending order, that the true one lies beyond that end with a chance of `doubt` at most. null: even beyond all of them it
 * lies more often, and such small sets say nothing by so little doubt.
 *
 * It follows from how many pairs have the second sample below the first where both sets come from one source: Mann and Whitney, "On a
 * test of whether one of two random variables is stochastically larger than the other", 1947. Nothing is supposed about how samples are
 * distributed. Of sets of more than forty it is Hoeffding's bound for such counts ("Probability inequalities for sums of bounded random
 * variables", 1963, section 5), which makes the interval somewhat wide.
 */
export function pairsLeftOut(first: number, second: number, doubt: number): number | null {
  if (Math.max(first, second) > COUNTED_MAX) {
    const reach = Math.sqrt(-Math.log(doubt) / (2 * Math.min(first, second)));
    return reach > 0.5 ? null : Math.floor(first * second * (0.5 - reach));
  }
  let [sum, count] = [0, 0];
  for (const share of shareByPairs(first, second)) {
    sum += share;
    if (sum > doubt) break;
    count++;
  }
  return count === 0 ? null : count - 1;
}

/** The fewest samples of each of two sets that say something by this doubt. */
export function samplesNeeded(doubt: number): number {
  let count = 1;
  while (pairsLeftOut(count, count, doubt) === null) count++;
  return count;
}

/**
 * How likely it is that u pairs have the second sample below the first, for u = 0, 1, …. The largest of i and j samples is one of the first
 * set, with all j below it, or one of the second, which is below none.
 */
function shareByPairs(first: number, second: number): Float64Array {
  const none = Float64Array.of(1);
  let row = Array.from({ length: second + 1 }, () => none);
  for (let i = 1; i <= first; i++) {
    const next = [none];
    for (let j = 1; j <= second; j++) {
      const shares = new Float64Array(i * j + 1);
      row[j]?.forEach((share, u) => (shares[u + j] = (share * i) / (i + j)));
      next[j - 1]?.forEach((share, u) => (shares[u] = (shares[u] ?? 0) + (share * j) / (i + j)));
      next.push(shares);
    }
    row = next;
  }
  return row[second] ?? none;
}
