import { type Address, formatAddress, formatMac, isLinkLocal, isMulticast, isUnspecified } from '../wire/address.ts';
import { decodeIcmpv6, Icmpv6Type } from '../wire/icmpv6.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { decodeNd, type NdMessage } from '../wire/nd.ts';
import { octetsEqual, u8At } from '../wire/octets.ts';
import { WireError } from '../wire/wire-error.ts';
import { ALL_NODES, multicastMac } from './address-table.ts';
import { takeRouterAdvertisement } from './autoconfiguration.ts';
import { type Core, drop, type Ingress } from './core.ts';
import { admitLocal } from './decision.ts';
import type { EthernetInterface, NodeInterface } from './interfaces.ts';
import { sendPending, usableNeighbour } from './link-output.ts';
import type { Packet } from './packet.ts';
import { IPV6_HEADER_OCTETS } from './path-mtu.ts';
import { removeAddress } from './reconfigure.ts';
import { takeRouterSolicitation } from './router-advertising.ts';
import { sendNd } from './solicitation.ts';

type Solicitation = Extract<NdMessage, { type: 'neighborSolicitation' }>;
type Advertisement = Extract<NdMessage, { type: 'neighborAdvertisement' }>;

/**
 * Neighbor Discovery, RFC 4861; true when the packet was that, valid or not. It never passes an SPD, nor goes up. `wasCut`:
 * it came in fragments, which hide it from those who guard a link (RFC 6980 §5), as extension headers do: nobody needs them.
 */
export function takeNeighbourDiscovery(core: Core, packet: Packet, ingress: Ingress, wasCut: boolean): boolean {
  if (packet.protocol !== IpProtocol.ICMPV6 || packet.version !== 6) return false;
  const type = u8At(packet.octets, packet.upperOffset);
  if (type < Icmpv6Type.ROUTER_SOLICITATION || type > Icmpv6Type.REDIRECT) return false;
  const link = ingress.interface;
  if (link === null || type === Icmpv6Type.REDIRECT) return true;
  const isOnLink =
    link.kind === 'ethernet' ? ingress.protection === null : mayComeByTunnel(core, packet, ingress, type);
  if (!isOnLink) return true;
  if (wasCut || packet.upperOffset > IPV6_HEADER_OCTETS) {
    drop(core, 'malformed', () => `Neighbor Discovery in fragments or behind extension headers on ${link.name}`);
    return true;
  }
  const message = readMessage(core, packet, link);
  if (message !== null) takeMessage(core, link, packet, message);
  return true;
}

/** Tunnels are point-to-point: there are no neighbours to discover, but there may be a router. Their SPD applies. */
function mayComeByTunnel(core: Core, packet: Packet, ingress: Ingress, type: number): boolean {
  if (type !== Icmpv6Type.ROUTER_SOLICITATION && type !== Icmpv6Type.ROUTER_ADVERTISEMENT) return false;
  const admission = admitLocal(core, packet, ingress);
  if (admission.kind === 'drop') drop(core, admission.reason, () => admission.detail);
  return admission.kind === 'admit';
}

function readMessage(core: Core, packet: Packet, link: NodeInterface): NdMessage | null {
  const [hopLimit, source] = [packet.hopLimit, formatAddress(packet.source)];
  try {
    // 255: it comes from this link, no router has touched it (RFC 4861 §6.1 and §7.1).
    const upper = packet.octets.subarray(packet.upperOffset);
    const message = hopLimit === 255 ? decodeIcmpv6(upper, packet.source, packet.destination) : null;
    const nd = message?.type === 'unknown' ? decodeNd(message) : null;
    if (nd !== null) return nd;
    drop(core, 'malformed', () => `Neighbor Discovery with hop limit ${hopLimit} from ${source} on ${link.name}`);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    drop(core, 'malformed', () => `${error.message}, from ${source} on ${link.name}`);
  }
  return null;
}

function takeMessage(core: Core, link: NodeInterface, packet: Packet, message: NdMessage): void {
  switch (message.type) {
    case 'neighborSolicitation':
      if (link.kind === 'ethernet') takeSolicitation(core, link, packet, message);
      break;
    case 'neighborAdvertisement':
      if (link.kind === 'ethernet') takeAdvertisement(core, link, packet, message);
      break;
    case 'routerSolicitation': {
      const mac = optionMac(message, 'sourceLinkLayerAddress');
      if (mac !== null && link.kind === 'ethernet') learn(core, link, packet.source, mac);
      takeRouterSolicitation(core, link, packet.source);
      break;
    }
    case 'routerAdvertisement': {
      if (!isLinkLocal(packet.source)) break;
      const mac = optionMac(message, 'sourceLinkLayerAddress');
      if (mac !== null && link.kind === 'ethernet') learn(core, link, packet.source, mac);
      takeRouterAdvertisement(core, link, packet.source, message);
      break;
    }
  }
}

/** RFC 4861 §7.2.3 and §7.2.4. */
function takeSolicitation(core: Core, link: EthernetInterface, packet: Packet, message: Solicitation): void {
  const { target } = message;
  if (isMulticast(target) || !core.addresses.ownedBy(link, target)) return;
  const isProbe = isUnspecified(packet.source);
  if (isProbe && isTentative(core, link, target)) {
    reportDuplicate(core, link, target, 'another node is about to use it');
    return;
  }
  const mac = optionMac(message, 'sourceLinkLayerAddress');
  if (core.addresses.owns(packet.source)) return; // somebody else's packet under our name
  if (mac !== null && !isProbe) learn(core, link, packet.source, mac);
  const answer: NdMessage = {
    type: 'neighborAdvertisement',
    router: core.forwarding,
    solicited: !isProbe,
    override: true,
    target,
    options: [{ type: 'targetLinkLayerAddress', mac: link.mac }],
  };
  if (isProbe) {
    sendNd(core, link, answer, target, ALL_NODES, multicastMac(ALL_NODES));
    return;
  }
  // Without the asker's MAC address it has to be asked for; the asker then asks again.
  const neighbour = usableNeighbour(core, link, packet.source);
  if (neighbour.state !== 'incomplete') sendNd(core, link, answer, target, packet.source, neighbour.mac);
}

/** RFC 4861 §7.2.5. */
function takeAdvertisement(core: Core, link: EthernetInterface, packet: Packet, message: Advertisement): void {
  const { target, solicited, override } = message;
  if (isMulticast(target) || (isMulticast(packet.destination) && solicited)) return;
  const mac = optionMac(message, 'targetLinkLayerAddress');
  if (core.addresses.ownedBy(link, target)) {
    if (mac === null || octetsEqual(mac, link.mac)) return;
    reportDuplicate(core, link, target, `${formatMac(mac)} has it too`);
    return;
  }
  const known = core.neighbours.find(link, target);
  if (known === null) return;
  const heard = mac ?? (known.state === 'incomplete' ? null : known.mac);
  if (heard === null) return;
  const said = { link, address: target, mac: heard, isAnswer: solicited, overrides: override, creates: false };
  sendPending(core, link, heard, core.neighbours.confirm(said, core.now));
}

/** An address that a neighbour told of itself, without having been asked. */
function learn(core: Core, link: EthernetInterface, address: Address, mac: Uint8Array): void {
  if (isUnspecified(address) || isMulticast(address) || core.addresses.owns(address)) return;
  const said = { link, address, mac, isAnswer: false, overrides: true, creates: true };
  sendPending(core, link, mac, core.neighbours.confirm(said, core.now));
}

function optionMac(
  { options }: Pick<NdMessage, 'options'>,
  type: 'sourceLinkLayerAddress' | 'targetLinkLayerAddress',
): Uint8Array | null {
  for (const option of options) {
    if (option.type === type && (u8At(option.mac, 0) & 1) === 0) return option.mac;
  }
  return null;
}

/** RFC 4862 §5.4: while it is tentative a duplicate is given up; later it is reported only, since anybody could claim it. */
function reportDuplicate(core: Core, link: EthernetInterface, address: Address, why: string): void {
  const isGivenUp = isTentative(core, link, address);
  const end = isGivenUp ? 'not used' : 'kept';
  const text = `${formatAddress(address)} on ${link.name}: ${why}; ${end}`;
  core.audit.noteRarely('addressDuplicate', core.now, () => text);
  if (isGivenUp) removeAddress(core, link, address);
}

function isTentative(core: Core, link: EthernetInterface, address: Address): boolean {
  const entry = link.addresses.find(candidate => octetsEqual(candidate.address, address));
  return entry !== undefined && core.now < entry.tentativeUntil;
}
