import { type Address, formatAddress } from '../wire/address.ts';
import { ETHERNET_HEADER_OCTETS } from '../wire/ethernet.ts';
import type { Offload } from '../wire/offload.ts';
import { type Core, drop, type FrameOrigin, type Origin } from './core.ts';
import { emit, groupMac, ipFrameAround, NO_MAC } from './frame-output.ts';
import type { EthernetInterface } from './interfaces.ts';
import type { Neighbour, PendingFrame } from './neighbour-cache.ts';
import { parsePacket } from './packet.ts';
import { report } from './report.ts';
import { solicit } from './solicitation.ts';

/**
 * Sends an IP packet to a next hop on a link: at once when its MAC address is known, otherwise when it has answered. The
 * packet fits the link; `offload` counts from its first octet. Returns the neighbour, for the flow cache; null for a group.
 */
export function sendOnLink(
  core: Core,
  link: EthernetInterface,
  nextHop: Address,
  packet: Uint8Array,
  offload: Offload | null,
  origin: Origin,
): Neighbour<FrameOrigin> | null {
  if (!link.up) {
    drop(core, 'interfaceIsDown', () => `out of ${link.name}`);
    return null;
  }
  const frameOffload = behindEthernet(offload);
  const group = groupMac(core, nextHop);
  if (group !== null) {
    emit(core, link, ipFrameAround(link, group, packet), frameOffload);
    return null;
  }
  const neighbour = usableNeighbour(core, link, nextHop);
  if (neighbour.state === 'incomplete') {
    const octets = ipFrameAround(link, NO_MAC, packet);
    core.neighbours.hold(neighbour, { octets, origin: { offload: frameOffload, origin } });
  } else {
    emit(core, link, ipFrameAround(link, neighbour.mac, packet), frameOffload);
  }
  return neighbour;
}

/** The entry of a next hop; asks for its MAC address when that is due. */
export function usableNeighbour(core: Core, link: EthernetInterface, nextHop: Address): Neighbour<FrameOrigin> {
  const { neighbour, mustSolicit } = core.neighbours.resolve(link, nextHop, core.now);
  if (mustSolicit) solicit(core, neighbour);
  return neighbour;
}

/** Frames that waited: their neighbour is known now. */
export function sendPending(
  core: Core,
  link: EthernetInterface,
  mac: Uint8Array,
  pending: readonly PendingFrame<FrameOrigin>[],
): void {
  for (const { octets, origin } of pending) {
    octets.set(mac, 0);
    emit(core, link, octets, origin.offload);
  }
}

/** Frames whose neighbour never answered, RFC 1812 §3.3.2 and RFC 4861 §7.2.2. */
export function giveUp(
  core: Core,
  neighbour: Neighbour<FrameOrigin>,
  pending: readonly PendingFrame<FrameOrigin>[],
): void {
  for (const { octets, origin } of pending) {
    drop(core, 'neighbourUnreachable', () => `${formatAddress(neighbour.address)} on ${neighbour.link.name}`);
    const packet = parsePacket(octets.subarray(ETHERNET_HEADER_OCTETS), withoutEthernet(origin.offload));
    if (typeof packet !== 'string') report(core, packet, origin.origin, { kind: 'neighbourUnreachable' });
  }
}

/** The same offload when an Ethernet header stands in front of the IP packet. */
export function behindEthernet(offload: Offload | null): Offload | null {
  return moved(offload, ETHERNET_HEADER_OCTETS);
}

/** The same offload without the Ethernet header. */
export function withoutEthernet(offload: Offload | null): Offload | null {
  return moved(offload, -ETHERNET_HEADER_OCTETS);
}

function moved(offload: Offload | null, by: number): Offload | null {
  if (offload === null || offload.checksum === null) return offload;
  const { start, offset } = offload.checksum;
  return { ...offload, checksum: { start: start + by, offset } };
}
