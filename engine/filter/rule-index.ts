import type { CompiledRule } from './compiled-rule.ts';
import type { PacketView } from './packet-view.ts';

/** Shorter lists are gone through faster than looked up in. */
const INDEXED_FROM = 16;
/** Rules that overlap in every way would take room without end: so many entries for each rule, or no index. */
const ENTRIES_PER_RULE_MAX = 64;

/** From and to, both included, each of as many words as the dimension has. */
export type WordRange = readonly [low: readonly number[], high: readonly number[]];

/** The rules of a list that may match a packet, as places in the list; all others cannot. */
export interface Candidates {
  readonly specific: Int32Array;
  /** Rules to which the dimension is all the same. The two are in order, and have no place in common. */
  readonly common: Int32Array;
}

/**
 * Finds in a long list the few rules that may match: by source address, destination address or destination port, whichever leaves the
 * fewest. Each dimension is cut into intervals in which the same rules apply; a binary search finds the one of a packet.
 */
export class RuleIndex {
  readonly #dimensions: readonly Dimension[];

  constructor(dimensions: readonly Dimension[]) {
    this.#dimensions = dimensions;
  }

  candidates(packet: PacketView, all: Candidates): Candidates {
    let best = all;
    let fewest = all.specific.length;
    for (const dimension of this.#dimensions) {
      const found = dimension.candidates(packet);
      const count = found.specific.length + found.common.length;
      if (count >= fewest) continue;
      best = found;
      fewest = count;
    }
    return best;
  }
}

/** null where it would not help. */
export function indexOf(rules: readonly CompiledRule[], version: 4 | 6): RuleIndex | null {
  if (rules.length < INDEXED_FROM) return null;
  const words = version === 4 ? 1 : 4;
  const dimensions = [
    dimension(
      rules.map(each => each.sourceRanges(version)),
      words,
      'source',
    ),
    dimension(
      rules.map(each => each.destinationRanges(version)),
      words,
      'destination',
    ),
    dimension(
      rules.map(each => each.destinationPortRanges),
      1,
      'port',
    ),
  ].filter(each => each !== null);
  return dimensions.length === 0 ? null : new RuleIndex(dimensions);
}

class Dimension {
  readonly #words: number;
  readonly #field: 'source' | 'destination' | 'port';
  /** Where each interval begins; the first one at 0. */
  readonly #starts: Uint32Array;
  readonly #intervals: readonly Candidates[];

  constructor(
    words: number,
    field: 'source' | 'destination' | 'port',
    starts: Uint32Array,
    intervals: readonly Candidates[],
  ) {
    this.#words = words;
    this.#field = field;
    this.#starts = starts;
    this.#intervals = intervals;
  }

  candidates(packet: PacketView): Candidates {
    let low = 0;
    let high = this.#intervals.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#isBefore(middle, packet)) low = middle;
      else high = middle - 1;
    }
    return this.#intervals[low] as Candidates;
  }

  /** Whether the interval begins at or before what the packet has. */
  #isBefore(interval: number, packet: PacketView): boolean {
    if (this.#field === 'port') return (this.#starts[interval] as number) <= packet.destinationPort;
    const from = this.#field === 'source' ? 0 : 4;
    for (let i = 0; i < this.#words; i++) {
      const start = this.#starts[interval * this.#words + i] as number;
      const word = packet.addresses[from + i] as number;
      if (start !== word) return start < word;
    }
    return true;
  }
}

/** `ranges` of each rule; null: it applies everywhere. */
function dimension(
  ranges: readonly (readonly WordRange[] | null)[],
  words: number,
  field: 'source' | 'destination' | 'port',
): Dimension | null {
  const common = Int32Array.from(ranges.flatMap((own, place) => (own === null ? [place] : [])));
  if (common.length * 2 > ranges.length) return null;
  const starts = startsOf(ranges, words);
  const intervals: number[][] = starts.map(() => []);
  let room = ranges.length * ENTRIES_PER_RULE_MAX;
  for (const [place, own] of ranges.entries()) {
    for (const [low, high] of own ?? []) {
      const first = placeOf(starts, low);
      for (let i = first; i < starts.length && compare(starts[i] ?? [], high) <= 0; i++) {
        const interval = intervals[i];
        if (interval === undefined || interval.at(-1) === place) continue;
        interval.push(place);
        if (--room < 0) return null;
      }
    }
  }
  const found = intervals.map(specific => ({ specific: Int32Array.from(specific), common }));
  return new Dimension(words, field, Uint32Array.from(starts.flat()), found);
}

/** Where something begins, and behind where something ends, in order and each once. */
function startsOf(ranges: readonly (readonly WordRange[] | null)[], words: number): (readonly number[])[] {
  const zero = Array.from({ length: words }, () => 0);
  const all: (readonly number[])[] = [zero];
  for (const own of ranges) {
    for (const [low, high] of own ?? []) {
      all.push(low);
      const behind = successor(high);
      if (behind !== null) all.push(behind);
    }
  }
  all.sort(compare);
  return all.filter((start, i) => i === 0 || compare(start, all[i - 1] ?? []) !== 0);
}

function successor(words: readonly number[]): number[] | null {
  const next = [...words];
  for (let i = next.length - 1; i >= 0; i--) {
    const word = next[i] ?? 0;
    if (word < 0xffffffff) {
      next[i] = word + 1;
      return next;
    }
    next[i] = 0;
  }
  return null;
}

/** A start that is there. */
function placeOf(starts: readonly (readonly number[])[], start: readonly number[]): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(starts[middle] ?? [], start) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
