import type { Address } from '../wire/address.ts';
import { finishPacket } from '../wire/offload.ts';
import { WireError } from '../wire/wire-error.ts';
import { type Core, deliver, drop, nextIdentification, type Origin, originate } from './core.ts';
import { errorAbout, type IcmpCause, mayReport } from './icmp-error.ts';
import type { DropReason } from './node.ts';
import { type Packet, parsePacket } from './packet.ts';
import { selectSource } from './source-address.ts';

/** Counts the drop of a packet, and tells its sender where that is owed. */
export function refuse(
  core: Core,
  packet: Packet,
  origin: Origin,
  reason: DropReason,
  detail: string,
  cause: IcmpCause | null,
): void {
  drop(core, reason, () => detail);
  if (cause !== null) report(core, packet, origin, cause);
}

/** Sends the ICMP error, to the network or to the host above, unless a rule or the rate limit forbids it. */
export function report(core: Core, packet: Packet, origin: Origin, cause: IcmpCause): void {
  if (origin === 'node' || !mayReport(packet, cause)) return;
  if (core.addresses.isBroadcast(packet.destination) || core.addresses.isBroadcast(packet.source)) return;
  if (!core.errorLimit.allows(packet.source, core.now)) return;
  const invoking = firstPacketOf(packet);
  if (invoking === null) return;
  if (origin === 'above') {
    // A kernel refuses packets from its own addresses that come from outside, so the error comes "from" the far end.
    const error = errorAbout(invoking, cause, packet.destination, nextIdentification(core));
    if (error !== null) deliver(core, error, null);
    return;
  }
  const source = sourceTowards(core, packet.source);
  const error = source === null ? null : errorAbout(invoking, cause, source, nextIdentification(core));
  if (error !== null) originate(core, error);
}

/** The address that the node would send from; null without a route, or without an address of that family. */
export function sourceTowards(core: Core, destination: Address): Address | null {
  const route = core.routes.lookup(destination);
  return route === null ? null : selectSource(destination, route.interface, core.interfaces);
}

/** The packet as a wire would have carried it: of a superframe the first one. */
function firstPacketOf(packet: Packet): Packet | null {
  if (packet.offload === null) return packet;
  try {
    const [first] = finishPacket(packet.octets, packet.offload);
    const parsed = first === undefined ? 'nothing' : parsePacket(first, null);
    return typeof parsed === 'string' ? null : parsed;
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}
