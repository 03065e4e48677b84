import { NS_PER_S } from '../../wire/instant.ts';
import type { ChildOrigin, ChildSa } from './child-sa.ts';
import { childById } from './child-table.ts';
import type { EstablishedIkeSa } from './ike-sa.ts';
import { isLower } from './nonce.ts';
import { areCovered } from './selector-box.ts';
import { areEqual, boxesIn } from './traffic-selectors.ts';

/**
 * Both ends have made the same Child SA at the same time: each end's request was under way when the other's was made. One is too
 * many: that of the lowest nonce, which is closed by whoever made it, as after a rekey (RFC 7296 §2.8.1). Neither end asks why the
 * other wanted it: somebody may have said so here, and a packet there.
 */
export function twinOf(sa: EstablishedIkeSa, made: ChildSa, by: 'us' | 'peer'): ChildSa | null {
  const isTwin = ({ id, config, state, origin, installedAt, local, remote }: ChildSa) =>
    id !== made.id &&
    config.name === made.config.name &&
    (state === 'installed' || state === 'rekeying') &&
    origin.madeBy === by &&
    made.installedAt - installedAt < TWIN_NS &&
    areEqual(local, made.local) &&
    areEqual(remote, made.remote);
  return sa.children.find(isTwin) ?? null;
}

/**
 * Of two twins, whether this is the one to be closed. Meanwhile one may have been rekeyed, at one end already and at the other not yet:
 * its line counts, not the last of it. What came of IKE_AUTH has no nonces to compare, and stays.
 */
export function isRedundantTwin({ origin: one }: ChildSa, { origin: other }: ChildSa): boolean {
  return one.lineNonce !== null && other.lineNonce !== null && isLower(one.lineNonce, other.lineNonce);
}

/** Of two that both replace the same, whether this is the one to be closed, RFC 7296 §2.8.1. */
export function isRedundantHeir({ origin: one }: ChildSa, { origin: other }: ChildSa): boolean {
  return one.lowestNonce !== null && other.lowestNonce !== null && isLower(one.lowestNonce, other.lowestNonce);
}

/** Of a Child SA that an exchange with this lower nonce has made, in the place of another or of none. */
export function originOf(
  sa: EstablishedIkeSa,
  madeBy: 'us' | 'peer',
  replaces: number | null,
  lowestNonce: Uint8Array,
): ChildOrigin {
  const old = replaces === null ? null : childById(sa, replaces);
  return { madeBy, replaces, lowestNonce, lineNonce: old?.origin.lineNonce ?? lowestNonce };
}

/** As long as a request of the peer may have been on its way. */
const TWIN_NS = 30 * NS_PER_S;

/** Whether all that `child` is for goes by `other`: narrowed ones of the same configuration may be for different traffic. */
export function carriesTraffic(other: ChildSa, child: ChildSa): boolean {
  const isWithin = (side: 'local' | 'remote') => areCovered(boxesIn(child[side]), boxesIn(other[side]));
  return (
    other.isOutboundInstalled && other.config.name === child.config.name && isWithin('local') && isWithin('remote')
  );
}
