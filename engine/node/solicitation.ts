import { type Address, isUnspecified } from '../wire/address.ts';
import { ArpOperation, encodeArp } from '../wire/arp.ts';
import { EtherType } from '../wire/ethernet.ts';
import { encodeIcmpv6 } from '../wire/icmpv6.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { encodeIpv6 } from '../wire/ipv6.ts';
import { encodeNd, type NdMessage } from '../wire/nd.ts';
import { multicastMac, solicitedNode, subnetOf, UNSPECIFIED_V6 } from './address-table.ts';
import { type Core, type FrameOrigin, originate } from './core.ts';
import { filterOut } from './filter-gate.ts';
import { BROADCAST_MAC, emit, frameAround, ipFrameAround, NO_MAC } from './frame-output.ts';
import type { EthernetInterface, NodeInterface } from './interfaces.ts';
import type { Neighbour } from './neighbour-cache.ts';
import { parsePacket } from './packet.ts';

/** RFC 4861 §3.1: routers do not forward Neighbor Discovery, and 255 proves that none has. */
const ND_HOP_LIMIT = 255;

/** Asks for a neighbour's MAC address: everybody while it is unknown, the neighbour itself to see whether it is still there. */
export function solicit(core: Core, { link, address, state, mac }: Neighbour<FrameOrigin>): void {
  const isKnown = state === 'probing';
  if (address.length === 4) {
    sendArpRequest(core, link, arpSource(core, link, address), address, isKnown ? mac : BROADCAST_MAC);
    return;
  }
  const destination = isKnown ? address : solicitedNode(address);
  const message: NdMessage = { type: 'neighborSolicitation', target: address, options: sourceOptions(link) };
  // From an address that the neighbour will send to, so that it need not ask in turn, RFC 4861 §7.2.2.
  const source = subnetOf(link, address)?.address ?? link.linkLocal;
  sendNd(core, link, message, source, destination, isKnown ? mac : multicastMac(destination));
}

/**
 * Says what addresses this link has: an ARP announcement (RFC 5227 §2.3), and for IPv6 the solicitation of Duplicate
 * Address Detection (RFC 4862 §5.4.2). Addresses are used from the start: who configured them knows of no other owner.
 */
export function announce(core: Core, link: EthernetInterface, addresses: readonly Address[]): void {
  for (const address of addresses) {
    if (address.length === 4) {
      sendArpRequest(core, link, address, address, BROADCAST_MAC);
      continue;
    }
    const group = solicitedNode(address);
    const message: NdMessage = { type: 'neighborSolicitation', target: address, options: [] };
    sendNd(core, link, message, UNSPECIFIED_V6, group, multicastMac(group));
  }
}

/** Sends one Neighbor Discovery message. On Ethernet these never pass an SPD; through a tunnel they do, and need no MAC. */
export function sendNd(
  core: Core,
  link: NodeInterface,
  message: NdMessage,
  source: Address,
  destination: Address,
  mac: Uint8Array,
): void {
  const payload = encodeIcmpv6(encodeNd(message), source, destination);
  const packet = encodeIpv6({
    trafficClass: 0,
    flowLabel: 0,
    nextHeader: IpProtocol.ICMPV6,
    hopLimit: ND_HOP_LIMIT,
    source,
    destination,
    payload,
  });
  if (link.kind === 'tunnel') originate(core, packet, { zone: link });
  else if (passesFilter(core, link, packet)) emit(core, link, ipFrameAround(link, mac, packet), null);
}

/** Rules that name ICMPv6 decide on Neighbor Discovery as well. */
function passesFilter(core: Core, link: EthernetInterface, octets: Uint8Array): boolean {
  const packet = core.filter === null ? null : parsePacket(octets, null);
  return packet === null || typeof packet === 'string' || filterOut(core, packet, link, 'node');
}

/** Says what the MAC address of the sender is, where it has one. */
export function sourceOptions(link: NodeInterface): NdMessage['options'] {
  return link.kind === 'tunnel' ? [] : [{ type: 'sourceLinkLayerAddress', mac: link.mac }];
}

function sendArpRequest(
  core: Core,
  link: EthernetInterface,
  senderAddress: Address,
  targetAddress: Address,
  mac: Uint8Array,
): void {
  const request = encodeArp({
    operation: ArpOperation.REQUEST,
    senderMac: link.mac,
    senderAddress,
    targetMac: NO_MAC,
    targetAddress,
  });
  emit(core, link, frameAround(link, mac, EtherType.ARP, request), null);
}

/** The address in the target's subnet, else any of the link, else any of the node. */
function arpSource(core: Core, link: EthernetInterface, target: Address): Address {
  const near = subnetOf(link, target);
  if (near !== null) return near.address;
  const candidates = [link, ...core.interfaces].flatMap(netInterface => netInterface.addresses);
  return (
    candidates.find(({ address }) => address.length === 4 && !isUnspecified(address))?.address ?? new Uint8Array(4)
  );
}
