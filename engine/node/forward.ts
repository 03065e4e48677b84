import { formatAddress } from '../wire/address.ts';
import { headerChecksum } from '../wire/checksum.ts';
import { ETHERNET_HEADER_OCTETS } from '../wire/ethernet.ts';
import { u16At, u8At } from '../wire/octets.ts';
import type { Offload } from '../wire/offload.ts';
import { type Core, type Ingress, type Origin, originOf } from './core.ts';
import { type Decision, decideForwarding } from './decision.ts';
import { decideFragment } from './fragment-decision.ts';
import type { Arrival } from './filter-gate.ts';
import { emit, ipFrameAround } from './frame-output.ts';
import type { EthernetInterface, NodeInterface } from './interfaces.ts';
import { holdForwarded } from './held-packets.ts';
import { needsWhole } from './nat.ts';
import { isFresh } from './neighbour-cache.ts';
import type { Frame } from './node.ts';
import { carryOut } from './output.ts';
import { isFragment, type Packet, takeHop, withHopTaken } from './packet.ts';
import type { Protection } from './protection.ts';
import { reassemble, wayOf } from './reassemble.ts';
import { refuse } from './report.ts';
import { countOn } from './policy-set.ts';

/**
 * Passes on a packet that is for somebody else: policy, route, hop limit, and out. Where a policy looks at what only one
 * fragment shows (RFC 4301 §7.3 and §7.4), the others follow that one; or all are put together first, and what has become
 * whole may be cut again.
 */
export function forward(core: Core, packet: Packet, ingress: Ingress): void {
  const mustBeWhole = core.policies.needWhole(packet.version) || needsWhole(core, packet);
  if (!isFragment(packet) || !mustBeWhole) {
    passOn(core, packet, ingress, originOf(ingress), decisionFor(core, packet, ingress));
    return;
  }
  if (core.fragments !== null && !needsWhole(core, packet)) {
    const decide = () => decisionFor(core, packet, ingress);
    const decision = decideFragment(core, core.fragments, packet, ingress, decide);
    passOn(core, packet, ingress, originOf(ingress), decision);
    return;
  }
  const whole = reassemble(core, packet, wayOf(ingress));
  if (whole !== null) passOn(core, whole, ingress, 'node', decisionFor(core, whole, ingress));
}

/** `origin` counts when the packet does not fit; of all else its sender hears. */
function passOn(core: Core, packet: Packet, ingress: Ingress, origin: Origin, decision: Decision): void {
  if (decision.kind === 'drop') {
    if (holdForwarded(core, packet, ingress, decision)) return;
    carryOut(core, packet, decision, originOf(ingress), ingress.depth);
  } else if (packet.hopLimit <= 1) {
    const detail = `from ${formatAddress(packet.source)} to ${formatAddress(packet.destination)}`;
    refuse(core, packet, originOf(ingress), 'hopLimitExceeded', detail, { kind: 'hopLimitExceeded' });
  } else {
    countOn(decision.admittedBy, 1, core.now);
    carryOut(core, withHopTaken(packet), decision, origin, ingress.depth);
  }
}

/**
 * The short way for what most packets are: of a flow that was decided on, to leave in the clear, unfragmented, to a neighbour
 * that is known. The packet is copied once, into its frame, and hop limit and checksum are changed there. false: it needs the
 * long way, which checks everything again; so does whatever there is a filter or a NAT for.
 */
export function forwardKnownFlow(core: Core, link: EthernetInterface, { octets, offload }: Frame): boolean {
  if (offload !== null && !isSimple(offload, octets)) return false;
  return passKnownFlow(core, octets, ETHERNET_HEADER_OCTETS, offload, link, null);
}

/** The same for a packet that came out of a tunnel, or by an SA. */
export function forwardKnownPacket(core: Core, octets: Uint8Array, ingress: Arrival): boolean {
  return passKnownFlow(core, octets, 0, null, ingress.interface, ingress.protection);
}

function passKnownFlow(
  core: Core,
  octets: Uint8Array,
  ip: number,
  offload: Offload | null,
  from: NodeInterface,
  protection: Protection | null,
): boolean {
  if (core.filter !== null || core.nat !== null) return false;
  if (octets.length < ip + MINIMUM_PACKET || !core.flows.select(octets, ip)) return false;
  const decision = core.flows.get(from, protection);
  if (decision === null || decision.kind !== 'forward' || decision.hope !== null) return false;
  const { exit, neighbour, policy, admittedBy } = decision;
  if (neighbour === null || !isFresh(neighbour, core.now) || !exit.up) return false;
  const length = u8At(octets, ip) >> 4 === 4 ? sound4(octets, ip, exit.mtu) : sound6(octets, ip, exit.mtu6);
  if (length === 0) return false;
  const frame = ipFrameAround(exit, neighbour.mac, octets.subarray(ip, ip + length));
  takeHop(frame, ETHERNET_HEADER_OCTETS);
  countOn(policy, 1, core.now);
  countOn(admittedBy, 1, core.now);
  emit(core, exit, frame, offload);
  return true;
}

const MINIMUM_PACKET = 20;

/** One packet, whose unfinished checksum (if any) lies behind the IP header. */
function isSimple({ checksum, segments }: Offload, octets: Uint8Array): boolean {
  if (segments !== null) return false;
  const headers = ETHERNET_HEADER_OCTETS + (u8At(octets, ETHERNET_HEADER_OCTETS) >> 4 === 4 ? 20 : 40);
  return checksum === null || (checksum.start >= headers && checksum.start + checksum.offset + 2 <= octets.length);
}

/** The length of an IPv4 packet without options that may go on as it is; 0 when it may not. */
function sound4(octets: Uint8Array, ip: number, mtu: number): number {
  const length = u16At(octets, ip + 2);
  if (length > mtu || length < MINIMUM_PACKET || ip + length > octets.length) return 0;
  if (u8At(octets, ip + 8) <= 1) return 0;
  return headerChecksum(octets, ip, ip + MINIMUM_PACKET) === 0 ? length : 0;
}

function sound6(octets: Uint8Array, ip: number, mtu: number): number {
  const length = 40 + u16At(octets, ip + 4);
  if (length > mtu || ip + length > octets.length) return 0;
  return u8At(octets, ip + 7) <= 1 ? 0 : length;
}

function decisionFor(core: Core, packet: Packet, ingress: Ingress): Decision {
  if (ingress.interface === null) throw new Error('only what arrived is forwarded');
  const isCacheable = core.flows.select(packet.octets, 0);
  const known = isCacheable ? core.flows.get(ingress.interface, ingress.protection) : null;
  if (known !== null) return known;
  const decision = decideForwarding(core, packet, ingress);
  if (isCacheable) core.flows.set(ingress.interface, ingress.protection, decision);
  return decision;
}
