import { formatAddress } from '../wire/address.ts';
import { ETHERNET_HEADER_OCTETS, EtherType } from '../wire/ethernet.ts';
import { u8At } from '../wire/octets.ts';
import { type Core, deliver, drop, NESTING_MAX, type Origin, type Originated } from './core.ts';
import { type Decision, decideSending } from './decision.ts';
import { filterOut } from './filter-gate.ts';
import { fit } from './fit.ts';
import { emit, ipFrameAround, writeEthernet } from './frame-output.ts';
import { holdOriginated } from './held-packets.ts';
import { leavesByWrongInterface } from './host-model.ts';
import { behindEthernet, sendOnLink } from './link-output.ts';
import type { NodeInterface } from './interfaces.ts';
import { translatedOut } from './nat.ts';
import { isFresh } from './neighbour-cache.ts';
import { decideIke, isSentByIke } from './own-ike.ts';
import { type Packet, parsePacket } from './packet.ts';
import { learntPathMtus } from './path.ts';
import { refuse } from './report.ts';
import { sendProtected } from './protect-output.ts';
import type { SealedFrame } from './sealing.ts';
import { sendEncapsulated } from './tunnel-output.ts';
import { countOn } from './policy-set.ts';
import { hopeFor, wantSa } from './want.ts';

/** Sends what the node or its host has made. */
export function sendOriginated(core: Core, originated: Originated): void {
  const { octets, offload, origin, depth, isProtected, zone } = originated;
  const packet = parsePacket(octets, offload);
  if (typeof packet === 'string') {
    drop(core, 'malformed', () => `${packet}, from ${origin}`);
    return;
  }
  if (depth > NESTING_MAX) {
    drop(
      core,
      'tunnelMismatch',
      () => `to ${formatAddress(packet.destination)}: more than ${NESTING_MAX} outer headers`,
    );
    return;
  }
  if (core.addresses.owns(packet.destination)) {
    if (origin === 'above') deliver(core, packet.octets, packet.offload);
    else drop(core, 'notForUs', () => `from this node to its own ${formatAddress(packet.destination)}`);
    return;
  }
  const isIke = origin === 'above' && !isProtected && isSentByIke(core, packet);
  const decision = isIke ? decideIke(core, packet, zone) : decisionFor(core, packet, isProtected, zone);
  if (!holdOriginated(core, originated, decision)) carryOut(core, packet, decision, origin, depth);
}

/**
 * The short way for what most packets of an SA are: of a flow that was decided on, to a neighbour that is known, over a path of which
 * no ICMP error has told. Its own array becomes the frame. false: it needs the long way, and nothing was changed.
 */
export function sendKnownFlow(core: Core, { octets, depth }: SealedFrame): boolean {
  if (core.filter !== null || core.nat !== null || depth > NESTING_MAX) return false;
  if (!core.flows.select(octets, ETHERNET_HEADER_OCTETS)) return false;
  const decision = core.flows.get('protected', null);
  if (decision === null || decision.kind !== 'forward' || decision.hope !== null) return false;
  const { exit, neighbour, policy } = decision;
  if (neighbour === null || !isFresh(neighbour, core.now)) return false;
  const version = u8At(octets, ETHERNET_HEADER_OCTETS) >> 4 === 4 ? 4 : 6;
  const mtu = version === 4 ? exit.mtu : exit.mtu6;
  if (core.hostModel[version] !== 'weak' || octets.length - ETHERNET_HEADER_OCTETS > mtu) return false;
  if (core.outerPathMtus.size > 0 && hasLearntMtu(core, octets, version)) return false;
  countOn(policy, 1, core.now);
  writeEthernet(octets, exit, neighbour.mac, version === 4 ? EtherType.IPV4 : EtherType.IPV6);
  emit(core, exit, octets, null);
  return true;
}

function hasLearntMtu(core: Core, frame: Uint8Array, version: 4 | 6): boolean {
  const at = ETHERNET_HEADER_OCTETS + (version === 4 ? 16 : 24);
  return core.outerPathMtus.get(frame.subarray(at, at + (version === 4 ? 4 : 16)), core.now) !== null;
}

/** Does with a packet what was decided for its flow; its hop limit is the one to send. */
export function carryOut(core: Core, packet: Packet, decision: Decision, origin: Origin, depth: number): void {
  if (decision.kind !== 'drop' && decision.hope !== null) hopeFor(core, decision.policy, decision.hope);
  const exit = exitOf(decision);
  if (exit !== null && !mayLeave(core, packet, exit, origin)) return;
  switch (decision.kind) {
    case 'drop':
      countOn(decision.policy, 1, core.now);
      if (decision.wanted !== null) wantSa(core, decision, decision.wanted.sa);
      refuse(core, packet, origin, decision.reason, decision.detail, decision.cause);
      break;
    case 'forward':
      for (const each of translatedOut(core, packet, decision.exit)) sendClear(core, each, decision, origin);
      break;
    case 'encapsulate':
      sendEncapsulated(core, packet, decision.tunnel, decision.policy, origin, depth);
      break;
    case 'protect':
      sendProtected(core, packet, decision, origin, depth);
      break;
  }
}

/** The link or tunnel that a packet leaves by; null: none, or by an SA that is of no tunnel. */
export function exitOf(decision: Decision): NodeInterface | null {
  if (decision.kind === 'forward') return decision.exit;
  return decision.kind === 'drop' ? null : decision.tunnel;
}

function mayLeave(core: Core, packet: Packet, exit: NodeInterface, origin: Origin): boolean {
  if (!leavesByWrongInterface(core, packet, exit, origin)) return filterOut(core, packet, exit, origin);
  drop(core, 'wrongInterface', () => `from ${formatAddress(packet.source)} out of ${exit.name}`);
  return false;
}

function sendClear(core: Core, packet: Packet, decision: Extract<Decision, { kind: 'forward' }>, origin: Origin): void {
  const { exit, policy } = decision;
  const linkMtu = packet.version === 4 ? exit.mtu : exit.mtu6;
  const isOwn = origin === 'node' || origin === 'above';
  const known = isOwn
    ? learntPathMtus(core, packet.protocol, decision.isOuter).get(packet.destination, core.now)
    : null;
  const pieces = fit(core, packet, known === null ? linkMtu : Math.min(known, linkMtu), origin);
  if (pieces === null) return;
  countOn(policy, pieces.length, core.now);
  for (const { octets, offload } of pieces) {
    const { neighbour } = decision;
    if (neighbour !== null && isFresh(neighbour, core.now)) {
      emit(core, exit, ipFrameAround(exit, neighbour.mac, octets), behindEthernet(offload));
      continue;
    }
    const nextHop = decision.nextHop ?? packet.destination;
    decision.neighbour = sendOnLink(core, exit, nextHop, octets, offload, origin);
  }
}

function decisionFor(core: Core, packet: Packet, isProtected: boolean, zone: NodeInterface | null): Decision {
  const from = isProtected ? 'protected' : 'sent';
  const isCacheable = core.flows.select(packet.octets, 0);
  const known = isCacheable ? core.flows.get(from, null) : null;
  if (known !== null) return known;
  const decision = decideSending(core, packet, isProtected, zone);
  if (isCacheable) core.flows.set(from, null, decision);
  return decision;
}
