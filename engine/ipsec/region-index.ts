import { intersection, type RangeSet } from './range-set.ts';
import { type Region, regionsOverlap } from './selector-space.ts';

/** Buckets for the remote addresses of a version: about so many rules begin in each. */
const RULES_PER_BUCKET = 16;
/** A rule that is in more buckets than this is in none of them, but always looked at. */
const COPIES_MAX = 8;
const STRIP_BUCKETS = 8;

/** Rules in order, of which those that overlap a region are found without a look at each. */
export class RegionIndex<Rule extends { readonly region: Region }> {
  readonly #rules: readonly Rule[];
  readonly #halves: Readonly<Record<4 | 6, Half>>;

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    this.#halves = { 4: halfOf(rules, 4), 6: halfOf(rules, 6) };
  }

  /** In order; only the first `count` rules are looked at. */
  overlapping(region: Region, count = this.#rules.length): Rule[] {
    const { starts, buckets, wide, own } = this.#halves[region.version];
    const touched = bucketsOf(region.remote, starts);
    const places =
      touched.length * 2 > buckets.length
        ? own
        : [...new Set(touched.flatMap(bucket => buckets[bucket] ?? []).concat(wide))].sort((a, b) => a - b);
    const found: Rule[] = [];
    for (const place of places) {
      const rule = this.#rules[place];
      if (place >= count || rule === undefined) break;
      if (regionsOverlap(rule.region, region)) found.push(rule);
    }
    return found;
  }
  /** A region in parts, by remote address, so that none overlaps very many rules that others do not. */
  strips(region: Region): Region[] {
    const { starts } = this.#halves[region.version];
    const touched = bucketsOf(region.remote, starts);
    if (touched.length < STRIP_BUCKETS * 2) return [region];
    const parts: Region[] = [];
    for (let i = 0; i < touched.length; i += STRIP_BUCKETS) {
      const first = i === 0 ? 0n : (starts[touched[i] as number] as bigint);
      const next = touched[i + STRIP_BUCKETS];
      const last = next === undefined ? END : (starts[next] as bigint) - 1n;
      parts.push({ ...region, remote: intersection(region.remote, [[first, last]]) });
    }
    return parts;
  }
}

const END = 2n ** 128n;

interface Half {
  /** Where each bucket begins; it ends where the next one does. */
  readonly starts: readonly bigint[];
  readonly buckets: readonly (readonly number[])[];
  readonly wide: readonly number[];
  /** All of this version. */
  readonly own: readonly number[];
}

function halfOf(rules: readonly { readonly region: Region }[], version: 4 | 6): Half {
  const own = [...rules.keys()].filter(place => rules[place]?.region.version === version);
  const lows = own.map(place => rules[place]?.region.remote[0]?.[0] ?? 0n).sort((a, b) => (a < b ? -1 : Number(a > b)));
  const starts = [...new Set([0n, ...lows.filter((_, i) => i % RULES_PER_BUCKET === 0)])];
  const buckets: number[][] = starts.map(() => []);
  const wide: number[] = [];
  for (const place of own) {
    const touched = bucketsOf(rules[place]?.region.remote ?? [], starts);
    if (touched.length > COPIES_MAX) wide.push(place);
    else for (const bucket of touched) buckets[bucket]?.push(place);
  }
  return { starts, buckets, wide, own };
}

function bucketsOf(set: RangeSet, starts: readonly bigint[]): number[] {
  const touched: number[] = [];
  for (const [low, high] of set) {
    const from = Math.max(bucketOf(low, starts), (touched.at(-1) ?? -1) + 1);
    const to = bucketOf(high, starts);
    for (let bucket = from; bucket <= to; bucket++) touched.push(bucket);
  }
  return touched;
}

/** The last bucket that begins at `value` or before. */
function bucketOf(value: bigint, starts: readonly bigint[]): number {
  let [from, to] = [0, starts.length];
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if ((starts[middle] as bigint) <= value) from = middle;
    else to = middle;
  }
  return from;
}
