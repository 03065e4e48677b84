import { type Answer, answersIn, without, type Work } from './decorrelate.ts';
import { rangeSetKey } from './range-set.ts';
import { RegionIndex } from './region-index.ts';
import { isPossible, merged } from './region-merge.ts';
import { everything, type Region, REGION_FIELDS, regionsOf } from './selector-space.ts';
import type { Policy } from './spd.ts';

/** One of two SPDs to compare. Verdicts are words; where they are the same on both sides, nothing changes. */
export interface SpdSide {
  /** In order. */
  readonly policies: readonly Policy[];
  readonly verdictOf: (policy: Policy) => string;
  /** Where no entry matches. */
  readonly otherwise: string;
}

/** Flows for which the two SPDs give different verdicts. */
export interface PolicyChange {
  readonly region: Region;
  readonly before: string;
  readonly after: string;
}

/** Looks at parts of regions: what takes more than this is longer than anybody waits, and nothing that anybody reads. */
const WORK_MAX = 50_000_000;

/**
 * What changes from one SPD to another, over all flows that there can be: exact, in regions of which no two overlap, few where
 * that can be had cheaply. Empty: nothing changes, however differently the two are written. null: they differ in so many ways that no
 * list of them would help.
 */
export function diffPolicies(before: SpdSide, after: SpdSide, work: Work = { left: WORK_MAX }): PolicyChange[] | null {
  const [left, right] = [rulesOf(before), rulesOf(after)];
  const changes = new Map<string, Region[]>();
  const [leftIndex, rightIndex] = [new RegionIndex(left), new RegionIndex(right)];
  const parts = suspects(before, after, left, right, work).flatMap(region => leftIndex.strips(region));
  for (const suspect of parts) {
    const [near, nearAfter] = [leftIndex.overlapping(suspect), rightIndex.overlapping(suspect)];
    for (const was of answersIn(suspect, near, before.otherwise, work)) {
      for (const is of answersIn(was.region, nearAfter, after.otherwise, work)) {
        if (was.value === is.value || !isPossible(is.region)) continue;
        const key = JSON.stringify([was.value, is.value]);
        const regions = changes.get(key);
        if (regions === undefined) changes.set(key, [is.region]);
        else regions.push(is.region);
      }
    }
  }
  if (work.left < 0) return null;
  return [...changes].flatMap(([key, regions]) => {
    const [was, is] = JSON.parse(key) as [string, string];
    return merged(regions).map(region => ({ region, before: was, after: is }));
  });
}

interface Rule extends Answer<string> {
  /** The same for entries that say the same. */
  readonly key: string;
}

function rulesOf({ policies, verdictOf }: SpdSide): Rule[] {
  return policies.flatMap(policy => {
    const value = verdictOf(policy);
    return regionsOf(policy).map(region => ({ region, value, key: `${keyOf(region)} ${value}` }));
  });
}

function keyOf(region: Region): string {
  return `${region.version} ${REGION_FIELDS.map(field => rangeSetKey(region[field])).join(' ')}`;
}

/**
 * Regions outside of which nothing can have changed, of which no two overlap: those of entries that are not, in this order, in
 * both lists. Elsewhere the same entries match in the same order.
 */
function suspects(
  before: SpdSide,
  after: SpdSide,
  left: readonly Rule[],
  right: readonly Rule[],
  work: Work,
): Region[] {
  const all: { readonly region: Region }[] = notInBoth(left, right);
  if (before.otherwise !== after.otherwise) all.push({ region: everything(4) }, { region: everything(6) });
  const index = new RegionIndex(all);
  return all.flatMap(({ region }, place) => without(region, index.overlapping(region, place), work));
}

/** What is left of both lists without a common subsequence: the longest, if no entry stands twice in a list. */
function notInBoth(left: readonly Rule[], right: readonly Rule[]): Rule[] {
  const places = new Map<string, number[]>();
  for (const [place, { key }] of right.entries()) {
    const known = places.get(key);
    if (known === undefined) places.set(key, [place]);
    else known.push(place);
  }
  const pairs: (readonly [number, number])[] = [];
  for (const [place, { key }] of left.entries()) {
    const other = places.get(key)?.shift();
    if (other !== undefined) pairs.push([place, other]);
  }
  const common = longestRising(pairs);
  const [inLeft, inRight] = [new Set(common.map(([place]) => place)), new Set(common.map(([, place]) => place))];
  return [...left.filter((_, place) => !inLeft.has(place)), ...right.filter((_, place) => !inRight.has(place))];
}

/** The longest subsequence of pairs whose second numbers rise. */
function longestRising(pairs: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  /** The pairs that end the best sequences of length 1, 2, …, and what is before each pair in its own. */
  const ends: number[] = [];
  const before: number[] = [];
  for (const [index, [, value]] of pairs.entries()) {
    let [from, to] = [0, ends.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((pairs[ends[middle] as number]?.[1] ?? 0) < value) from = middle + 1;
      else to = middle;
    }
    before.push(from === 0 ? -1 : (ends[from - 1] as number));
    ends[from] = index;
  }
  const rising: (readonly [number, number])[] = [];
  for (let index = ends.at(-1) ?? -1; index >= 0; index = before[index] as number) {
    const pair = pairs[index];
    if (pair !== undefined) rising.unshift(pair);
  }
  return rising;
}
