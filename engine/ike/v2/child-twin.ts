import { NS_PER_S } from '../../wire/instant.ts';
import type { ChildSa } from './child-sa.ts';
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

/** Of two of the same, whether this is the one to be closed. What came of IKE_AUTH has no nonces to compare, and stays. */
export function isRedundant(one: ChildSa, other: ChildSa): boolean {
  const [own, others] = [one.origin.lowestNonce, other.origin.lowestNonce];
  return own !== null && others !== null && isLower(own, others);
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
