import type { Instant } from '../../wire/instant.ts';
import { inboundNames } from './child-table.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import type { World } from './step.ts';

/** When anything authentic last came of the peer: a message under this ISAKMP SA, or a packet by one of its Child SAs. */
export function heardOf(sa: EstablishedIsakmpSa, world: Pick<World, 'lastHeard'>): Instant {
  const names = inboundNames(sa);
  const byPackets = names.length === 0 ? null : world.lastHeard(names);
  return byPackets === null ? sa.heardAt : Math.max(sa.heardAt, byPackets);
}
