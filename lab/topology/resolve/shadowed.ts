import { compareAddresses } from '../../../engine/wire/address.ts';
import type { AddressRange, NumberSet, Selector } from '../../../engine/ipsec/selector.ts';
import { createSelector } from '../../../engine/ipsec/spd.ts';
import { quoted } from '../../../engine/config/diagnostic.ts';
import type { Policy } from './policies.ts';

/** The first match decides (RFC 4301 §4.4.1): a policy behind one that matches all of its packets is a mistake. */
export function reportShadowed(policies: readonly Policy[]): void {
  const known = policies.map(policy => ({ policy, selector: createSelector(policy.model, policy.model.name) }));
  for (const [index, { policy, selector }] of known.entries()) {
    if (policy.origin === 'implied by a native file') continue;
    const before = known
      .slice(0, index)
      .find(other => covers(other.policy, policy) && isPart(other.selector, selector));
    if (before === undefined) continue;
    const names = `policy ${quoted(policy.model.name)} is never reached: ${quoted(before.policy.model.name)}`;
    policy.complain(`${names} matches the same packets first`, 'move it up, remove it, or change its selectors');
  }
}

function covers({ model: a }: Policy, { model: b }: Policy): boolean {
  return a.tunnel === b.tunnel && (a.direction === 'both' || a.direction === b.direction);
}

/** Whether every packet of `narrow` is one of `wide`. */
function isPart(wide: Selector, narrow: Selector): boolean {
  return (
    (wide.protocol === 'any' || wide.protocol === narrow.protocol) &&
    areAddressesPart(wide.local, narrow.local) &&
    areAddressesPart(wide.remote, narrow.remote) &&
    areNumbersPart(wide.localPort, narrow.localPort) &&
    areNumbersPart(wide.remotePort, narrow.remotePort) &&
    areNumbersPart(wide.icmp, narrow.icmp)
  );
}

type Addresses = readonly AddressRange[] | 'any';

function areAddressesPart(wide: Addresses, narrow: Addresses): boolean {
  if (wide === 'any') return true;
  if (narrow === 'any') return false;
  return narrow.every(part =>
    wide.some(
      ({ low, high }) =>
        low.length === part.low.length &&
        compareAddresses(low, part.low) <= 0 &&
        compareAddresses(part.high, high) <= 0,
    ),
  );
}

function areNumbersPart(wide: NumberSet, narrow: NumberSet): boolean {
  if (wide === 'any' || wide === narrow) return true;
  if (typeof wide === 'string' || typeof narrow === 'string') return false;
  return narrow.every(([from, to]) => wide.some(([low, high]) => low <= from && to <= high));
}
