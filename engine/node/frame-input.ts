import { formatAddress, isMulticast } from '../wire/address.ts';
import { ETHERNET_HEADER_OCTETS, EtherType } from '../wire/ethernet.ts';
import { octetsEqual, u16At, u8At } from '../wire/octets.ts';
import type { Offload } from '../wire/offload.ts';
import { isSpoofed } from './anti-spoofing.ts';
import { takeArp } from './arp.ts';
import { type Core, drop } from './core.ts';
import { type Arrival, filterIn } from './filter-gate.ts';
import { forward, forwardKnownFlow } from './forward.ts';
import { isAtWrongInterface } from './host-model.ts';
import type { EthernetInterface } from './interfaces.ts';
import { withoutEthernet } from './link-output.ts';
import { takeLocal } from './local-input.ts';
import { translatedIn } from './nat.ts';
import type { Frame } from './node.ts';
import { type Packet, parsePacket } from './packet.ts';

/** One frame from a port. Throws for a port that the node does not have: that is the caller's mistake. */
export function takeFrame(core: Core, frame: Frame): void {
  const link = core.ports.get(frame.port);
  if (link === undefined) throw new Error(`${core.name} has no port ${frame.port}`);
  const { octets } = frame;
  if (!link.up) {
    drop(core, 'interfaceIsDown', () => `into ${link.name}`);
    return;
  }
  link.counters.receivedPackets++;
  link.counters.receivedOctets += octets.length;
  if (octets.length < ETHERNET_HEADER_OCTETS) {
    drop(core, 'malformed', () => `a frame of ${octets.length} octets on ${link.name}`);
    return;
  }
  const isForMany = (u8At(octets, 0) & 1) === 1;
  if (!isForMany && !startsWith(octets, link.mac)) {
    drop(core, 'notForUs', () => `a frame for another MAC address on ${link.name}`);
    return;
  }
  if (!isForMany && isIp(octets) && forwardKnownFlow(core, link, frame)) return;
  if (octetsEqual(octets.subarray(6, 12), link.mac)) return; // our own, reflected
  takePayload(core, link, frame, isForMany);
}

/** An IP packet that has arrived, from a link or out of a tunnel. */
export function takePacket(
  core: Core,
  octets: Uint8Array,
  offload: Offload | null,
  ingress: Arrival,
  isForMany: boolean,
): void {
  const packet = parsePacket(octets, offload);
  if (typeof packet === 'string') {
    drop(core, 'malformed', () => `${packet}, from ${ingress.interface.name}`);
    return;
  }
  for (const each of translatedIn(core, packet, ingress))
    takeTranslated(core, each, ingress, isForMany, each !== packet);
}

function takeTranslated(core: Core, packet: Packet, ingress: Arrival, isForMany: boolean, isChanged: boolean): void {
  if (!filterIn(core, packet, ingress, isChanged)) return;
  const { source, destination } = packet;
  // RFC 1122 §3.3.6: a frame to many with a packet to one is a mistake, or worse.
  if (isForMany && !isMulticast(destination) && !core.addresses.isBroadcast(destination)) {
    drop(core, 'notForUs', () => `to ${formatAddress(destination)} in a frame for many on ${ingress.interface.name}`);
    return;
  }
  if (isSpoofed(core, source, ingress)) {
    drop(core, 'spoofed', () => `from ${formatAddress(source)} on ${ingress.interface.name}`);
    return;
  }
  if (isAtWrongInterface(core, destination, ingress)) {
    drop(core, 'wrongInterface', () => `to ${formatAddress(destination)} on ${ingress.interface.name}`);
    return;
  }
  if (core.addresses.isForUs(ingress.interface, destination)) {
    takeLocal(core, packet, ingress);
    return;
  }
  if (isMulticast(destination)) return; // a group that we are not in: what a network card's filter would not show
  if (!core.forwarding) {
    drop(core, 'notForUs', () => `to ${formatAddress(destination)} on ${ingress.interface.name}`);
    return;
  }
  forward(core, packet, ingress);
}

function takePayload(core: Core, link: EthernetInterface, { octets, offload }: Frame, isForMany: boolean): void {
  const etherType = u16At(octets, 12);
  const payload = octets.subarray(ETHERNET_HEADER_OCTETS);
  if (isIp(octets)) {
    const ingress = { interface: link, protection: null, depth: 0 };
    takePacket(core, payload, withoutEthernet(offload), ingress, isForMany);
  } else if (etherType === EtherType.ARP) {
    takeArp(core, link, payload);
  } else if (etherType === EtherType.IPV4 || etherType === EtherType.IPV6) {
    drop(
      core,
      'malformed',
      () => `IP version ${u8At(payload, 0) >> 4} in EtherType 0x${etherType.toString(16)} on ${link.name}`,
    );
  } else if (!isForMany) {
    drop(core, 'notForUs', () => `EtherType 0x${etherType.toString(16).padStart(4, '0')} on ${link.name}`);
  }
}

/** By EtherType and version, which have to be of one mind. */
function isIp(octets: Uint8Array): boolean {
  const version = u8At(octets, ETHERNET_HEADER_OCTETS) >> 4;
  return u16At(octets, 12) === EtherType.IPV4 ? version === 4 : u16At(octets, 12) === EtherType.IPV6 && version === 6;
}

function startsWith(octets: Uint8Array, mac: Uint8Array): boolean {
  for (let i = 0; i < 6; i++) if (octets[i] !== mac[i]) return false;
  return true;
}
