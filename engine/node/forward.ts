import { formatAddress } from '../wire/address.ts';
import { u16At, u8At } from '../wire/octets.ts';
import type { Offload } from '../wire/offload.ts';
import { type Core, type Ingress, type Origin, originOf } from './core.ts';
import { type Decision, decideForwarding } from './decision.ts';
import { decideFragment } from './fragment-decision.ts';
import { emit } from './frame-output.ts';
import type { EthernetInterface } from './interfaces.ts';
import { holdForwarded } from './held-packets.ts';
import { needsWhole } from './nat.ts';
import { isFresh } from './neighbour-cache.ts';
import type { Frame } from './node.ts';
import { carryOut } from './output.ts';
import { isFragment, type Packet, takeHop, withHopTaken } from './packet.ts';
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
 * that is known. The frame is copied once, and the MAC addresses, hop limit and checksum are changed in the copy. false: the
 * packet needs the long way, which checks everything again.
 */
export function forwardKnownFlow(core: Core, link: EthernetInterface, frame: Frame): boolean {
  const { octets, offload } = frame;
  if (offload !== null && !isSimple(offload, octets)) return false;
  if (octets.length < ETHERNET + MINIMUM_PACKET || !core.flows.select(octets, ETHERNET)) return false;
  const decision = core.flows.get(link, null);
  if (decision === null || decision.kind !== 'forward' || decision.hope !== null) return false;
  const { exit, neighbour, policy, admittedBy } = decision;
  if (neighbour === null || !isFresh(neighbour, core.now) || !exit.up) return false;
  const length = u8At(octets, ETHERNET) >> 4 === 4 ? sound4(octets, exit.mtu) : sound6(octets, exit.mtu6);
  if (length === 0) return false;
  const copy = octets.slice(0, ETHERNET + length);
  copy.set(neighbour.mac, 0);
  copy.set(exit.mac, 6);
  takeHop(copy, ETHERNET);
  countOn(policy, 1, core.now);
  countOn(admittedBy, 1, core.now);
  emit(core, exit, copy, offload);
  return true;
}

const ETHERNET = 14;
const MINIMUM_PACKET = 20;

/** One packet, whose unfinished checksum (if any) lies behind the IP header. */
function isSimple({ checksum, segments }: Offload, octets: Uint8Array): boolean {
  if (segments !== null) return false;
  const headers = ETHERNET + (u8At(octets, ETHERNET) >> 4 === 4 ? 20 : 40);
  return checksum === null || (checksum.start >= headers && checksum.start + checksum.offset + 2 <= octets.length);
}

/** The length of an IPv4 packet without options that may go on as it is; 0 when it may not. */
function sound4(octets: Uint8Array, mtu: number): number {
  const length = u16At(octets, ETHERNET + 2);
  if (length > mtu || length < MINIMUM_PACKET || ETHERNET + length > octets.length) return 0;
  if (u8At(octets, ETHERNET + 8) <= 1) return 0;
  let sum = 0;
  for (let at = ETHERNET; at < ETHERNET + MINIMUM_PACKET; at += 2) sum += u16At(octets, at);
  sum = (sum & 0xffff) + (sum >>> 16);
  return (sum & 0xffff) + (sum >>> 16) === 0xffff ? length : 0;
}

function sound6(octets: Uint8Array, mtu: number): number {
  const length = 40 + u16At(octets, ETHERNET + 4);
  if (length > mtu || ETHERNET + length > octets.length) return 0;
  return u8At(octets, ETHERNET + 7) <= 1 ? 0 : length;
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
