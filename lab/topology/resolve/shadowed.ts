import { isPossible } from '../../../engine/ipsec/region-merge.ts';
import { type Region, regionsOf, regionsOverlap, subtract } from '../../../engine/ipsec/selector-space.ts';
import { createSelector } from '../../../engine/ipsec/spd.ts';
import { quoted } from '../../../engine/config/diagnostic.ts';
import type { Policy } from './policies.ts';

/** More parts than this are a policy that nobody can follow, and one that is not judged. */
const REGIONS_MAX = 256;

/**
 * The first match decides (RFC 4301 §4.4.1): a policy behind others that match all of its packets is a mistake, and so is one
 * that no packet matches.
 */
export function reportShadowed(policies: readonly Policy[]): void {
  const known = policies.map(policy => {
    const { model } = policy;
    return { policy, regions: regionsOf({ selector: createSelector(model, model.name), direction: model.direction }) };
  });
  for (const [index, { policy, regions }] of known.entries()) {
    if (policy.origin === 'implied by a native file') continue;
    if (!regions.some(isPossible)) {
      const fix = 'a packet shows both of its ports or neither, and type and code only in ICMP';
      policy.complain(`policy ${quoted(policy.model.name)} selects nothing: no packet is like that`, fix);
      continue;
    }
    const before = known.slice(0, index).filter(other => other.policy.model.tunnel === policy.model.tunnel);
    const inTheWay = coverOf(regions, before);
    if (inTheWay === null) continue;
    const names = inTheWay.map(({ model }) => quoted(model.name));
    const who = names.length === 1 ? `${names.join('')} matches` : `${names.slice(0, 4).join(', ')} match`;
    const message = `policy ${quoted(policy.model.name)} is never reached: ${who} the same packets first`;
    policy.complain(message, 'move it up, remove it, or change its selectors');
  }
}

interface Known {
  readonly policy: Policy;
  readonly regions: readonly Region[];
}

/** The entries before one that leave nothing to it: one of them where one is enough. null: something is left. */
function coverOf(regions: readonly Region[], before: readonly Known[]): Policy[] | null {
  const alone = before.find(other => leftOf(regions, [other])?.length === 0);
  if (alone !== undefined) return [alone.policy];
  let near = before.filter(other => other.regions.some(a => regions.some(b => regionsOverlap(a, b))));
  if (leftOf(regions, near)?.length !== 0) return null;
  for (const candidate of near.length > SHORTENED_MAX ? [] : near.toReversed()) {
    const without = near.filter(other => other !== candidate);
    if (leftOf(regions, without)?.length === 0) near = without;
  }
  return near.map(({ policy }) => policy);
}

/** Of more than this many, those that are in the way are not told from those that only touch it. */
const SHORTENED_MAX = 20;

/** What flows of a policy the others do not match; null: in too many parts. */
function leftOf(regions: readonly Region[], others: readonly Known[]): Region[] | null {
  let left = regions.filter(isPossible);
  for (const { regions: taken } of others) {
    for (const region of taken) left = left.flatMap(part => subtract(part, region)).filter(isPossible);
    if (left.length > REGIONS_MAX) return null;
  }
  return left;
}
