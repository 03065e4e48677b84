/** Both ends inclusive, low first. */
export type Range = readonly [bigint, bigint];

/** A set of numbers: ranges in order, of which no two overlap or touch. Two equal sets are the same ranges. */
export type RangeSet = readonly Range[];

/** The set of numbers that are in any of the ranges. */
export function rangeSet(ranges: readonly Range[]): RangeSet {
  const set: Range[] = [];
  for (const range of [...ranges].sort((a, b) => (a[0] < b[0] ? -1 : Number(a[0] > b[0])))) {
    const last = set.at(-1);
    if (last === undefined || range[0] > last[1] + 1n) set.push(range);
    else if (range[1] > last[1]) set[set.length - 1] = [last[0], range[1]];
  }
  return set;
}

export function union(a: RangeSet, b: RangeSet): RangeSet {
  return rangeSet([...a, ...b]);
}

export function intersection(a: RangeSet, b: RangeSet): RangeSet {
  if (a.length > b.length) return intersection(b, a);
  const set: Range[] = [];
  for (const [low, high] of a) {
    for (let i = firstReaching(b, low); i < b.length; i++) {
      const other = b[i] as Range;
      if (other[0] > high) break;
      set.push([low > other[0] ? low : other[0], high < other[1] ? high : other[1]]);
    }
  }
  return set;
}

/** What is in `a` and not in `b`. */
export function difference(a: RangeSet, b: RangeSet): RangeSet {
  const set: Range[] = [];
  for (const [low, high] of a) {
    let from = low;
    for (let i = firstReaching(b, low); i < b.length; i++) {
      const other = b[i] as Range;
      if (other[0] > high) break;
      if (other[0] > from) set.push([from, other[0] - 1n]);
      from = other[1] + 1n;
    }
    if (from <= high) set.push([from, high]);
  }
  return set;
}

export function overlaps(a: RangeSet, b: RangeSet): boolean {
  if (a.length > b.length) return overlaps(b, a);
  return a.some(([low, high]) => {
    const other = b[firstReaching(b, low)];
    return other !== undefined && other[0] <= high;
  });
}

/** Whether all of `inner` is in `outer`. */
export function includes(outer: RangeSet, inner: RangeSet): boolean {
  return inner.every(([low, high]) => {
    const other = outer[firstReaching(outer, low)];
    return other !== undefined && other[0] <= low && high <= other[1];
  });
}

export function has(set: RangeSet, value: bigint): boolean {
  const range = set[firstReaching(set, value)];
  return range !== undefined && range[0] <= value;
}

export function equal(a: RangeSet, b: RangeSet): boolean {
  return a === b || (a.length === b.length && a.every((range, i) => range[0] === b[i]?.[0] && range[1] === b[i]?.[1]));
}

/** A string that differs for different sets: for keys of a Map, not for people. */
export function rangeSetKey(set: RangeSet): string {
  return set
    .map(([low, high]) => (low === high ? low.toString(36) : `${low.toString(36)}-${high.toString(36)}`))
    .join();
}

/** The first range that does not end before `value`. */
function firstReaching(set: RangeSet, value: bigint): number {
  let [from, to] = [0, set.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((set[middle] as Range)[1] < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
