import type { Instant } from '../../wire/instant.ts';
import { inboundNames } from './child-table.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import type { World } from './step.ts';

/** When anything authentic last came of the peer: a message under this ISAKMP SA, or a packet by one of its Child SAs. */
export function heardOf(sa: EstablishedIsakmpSa, world: Pick<World, 'lastHeard'>): Instant {
  return Math.max(sa.heardAt, packetAt(sa, world) ?? sa.heardAt);
}

/** When a packet last came by one of its Child SAs; null: none has. */
export function packetAt(sa: EstablishedIsakmpSa, world: Pick<World, 'lastHeard'>): Instant | null {
  const names = inboundNames(sa);
  return names.length === 0 ? null : world.lastHeard(names);
}
