import { type Address, isMulticast } from '../wire/address.ts';
import { ETHERNET_HEADER_OCTETS, EtherType } from '../wire/ethernet.ts';
import { freshOctets } from '../wire/fresh-octets.ts';
import { setU16 } from '../wire/octets.ts';
import type { Offload } from '../wire/offload.ts';
import { multicastMac } from './address-table.ts';
import { type Core, drop } from './core.ts';
import type { EthernetInterface } from './interfaces.ts';

export const BROADCAST_MAC = Uint8Array.of(255, 255, 255, 255, 255, 255);
export const NO_MAC = new Uint8Array(6);

/** An Ethernet frame in an array of its own. */
export function frameAround(
  link: EthernetInterface,
  mac: Uint8Array,
  etherType: number,
  payload: Uint8Array,
): Uint8Array {
  const frame = freshOctets(ETHERNET_HEADER_OCTETS + payload.length);
  writeEthernet(frame, link, mac, etherType);
  frame.set(payload, ETHERNET_HEADER_OCTETS);
  return frame;
}

/** The header alone, into the room that was left for it. */
export function writeEthernet(frame: Uint8Array, link: EthernetInterface, mac: Uint8Array, etherType: number): void {
  frame.set(mac, 0);
  frame.set(link.mac, 6);
  setU16(frame, 12, etherType);
}

export function ipFrameAround(link: EthernetInterface, mac: Uint8Array, packet: Uint8Array): Uint8Array {
  return frameAround(link, mac, (packet[0] ?? 0) >> 4 === 6 ? EtherType.IPV6 : EtherType.IPV4, packet);
}

/** Sends a finished frame out of a link. */
export function emit(core: Core, link: EthernetInterface, frame: Uint8Array, offload: Offload | null): void {
  if (!link.up) {
    drop(core, 'interfaceIsDown', () => `out of ${link.name}`);
    return;
  }
  link.counters.sentPackets++;
  link.counters.sentOctets += frame.length;
  core.frames.push({ port: link.name, octets: frame, offload });
}

/** Where a packet to many goes on Ethernet; null for a unicast address. */
export function groupMac(core: Core, destination: Address): Uint8Array | null {
  if (isMulticast(destination)) return multicastMac(destination);
  return core.addresses.isBroadcast(destination) ? BROADCAST_MAC : null;
}
