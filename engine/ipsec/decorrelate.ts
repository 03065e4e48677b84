import { everything, intersect, type Region, regionIncludes, regionsOf, subtract } from './selector-space.ts';
import { RegionIndex } from './region-index.ts';
import type { Policy } from './spd.ts';

/** A part of all flows with one answer. */
export interface Answer<Value> {
  readonly region: Region;
  readonly value: Value;
}

/** How many more parts may be looked at. Below 0 whoever counts with it stops, and what it returns is not to be used. */
export interface Work {
  left: number;
}

const ENDLESS: Work = { left: Number.POSITIVE_INFINITY };

/**
 * An SPD without an order, RFC 4301 App. B: regions of which no two overlap, each with the entry that decides there; null: none
 * does. Together they are all flows. An entry that earlier ones hide has no region.
 */
export function decorrelate(policies: readonly Policy[]): Answer<Policy | null>[] {
  const rules = policies.flatMap(policy => regionsOf(policy).map(region => ({ region, value: policy })));
  const answers: Answer<Policy | null>[] = [];
  const index = new RegionIndex(rules);
  for (const [place, { region, value }] of rules.entries()) {
    for (const part of without(region, index.overlapping(region, place))) answers.push({ region: part, value });
  }
  for (const version of [4, 6] as const) {
    for (const part of without(everything(version), rules)) answers.push({ region: part, value: null });
  }
  return answers;
}

/**
 * What an ordered list answers within a region: parts of which no two overlap, together all of it. `rules` are all that overlap
 * the region, or more.
 */
export function answersIn<Value>(
  region: Region,
  rules: readonly Answer<Value>[],
  otherwise: Value,
  work: Work,
): Answer<Value>[] {
  const answers: Answer<Value>[] = [];
  let open: Region[] = [region];
  for (const rule of rules) {
    if (open.length === 0 || work.left < 0) break;
    const rest: Region[] = [];
    for (const part of open) {
      const common = intersect(part, rule.region);
      if (common === null) {
        rest.push(part);
        continue;
      }
      answers.push({ region: common, value: rule.value });
      for (const left of subtract(part, rule.region)) rest.push(left);
    }
    open = rest;
    work.left -= open.length;
  }
  for (const part of open) answers.push({ region: part, value: otherwise });
  return answers;
}

/** What rules leave of a region: parts of which no two overlap. */
export function without(region: Region, rules: readonly { readonly region: Region }[], work: Work = ENDLESS): Region[] {
  if (rules.some(rule => regionIncludes(rule.region, region))) return [];
  let parts: Region[] = [region];
  for (const rule of rules) {
    if (work.left < 0) break;
    parts = parts.flatMap(part => subtract(part, rule.region));
    work.left -= parts.length;
  }
  return parts;
}
