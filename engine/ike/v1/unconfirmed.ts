import type { Instant } from '../../wire/instant.ts';
import { forgotten } from './delete.ts';
import { endIsakmpSa } from './end.ts';
import { packetAt } from './heard.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import type { Step, World } from './step.ts';

/**
 * Message 3 of Aggressive Mode has no answer (RFC 2409 §5.4), so that its sender does not know whether the peer has this ISAKMP SA
 * before something comes under it. What comes by Child SAs that it has taken over shows that the peer lives, and no more than that.
 */
export const isUnconfirmed = ({ mode, role, heardAt, establishedAt }: EstablishedIsakmpSa): boolean =>
  mode === 'aggressive' && role === 'initiator' && heardAt === establishedAt;

/** A question under such a one has not been answered since then. The peer is gone, or alive and without it. */
export function unheard(sa: EstablishedIsakmpSa, askedAt: Instant, world: World): Step {
  const heard = packetAt(sa, world);
  if (heard !== null && heard >= askedAt) return forgotten(sa, 'nothing has come under it', world);
  return endIsakmpSa(sa, sa.children.length === 0 ? 'failed' : 'dead', 'the peer does not answer', world);
}
