import { addressesEqual, formatAddress } from '../wire/address.ts';
import type { InboundSa } from '../ipsec/sa.ts';
import { decapsulate, dscpEcnOf } from '../ipsec/tunnel-mode.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { u8At } from '../wire/octets.ts';
import { type Core, deliver, drop, type Ingress, NESTING_MAX, originOf } from './core.ts';
import { admitLocal } from './decision.ts';
import { answerEcho } from './echo.ts';

import { finished } from './fit.ts';
import type { TunnelInterface } from './interfaces.ts';
import { isIcmpError } from './icmp-error.ts';
import { learnFromProtected, learnPathMtu } from './icmp-input.ts';
import { openFromUdp, openLater, verifyLater } from './ipsec-input.ts';
import { unknownOption } from './ipv6-options.ts';
import { takeNeighbourDiscovery } from './neighbour-discovery.ts';
import { isIkeForUs } from './own-ike.ts';
import { isFragment, type Packet } from './packet.ts';
import { reassemble, wayOf } from './reassemble.ts';
import { refuse } from './report.ts';
import { dropInner } from './tunnel-input.ts';
import { countOn } from './policy-set.ts';

/**
 * A packet addressed to this node. Outside the SPD: fragments until they are a packet, ESP and AH (what they carry is checked),
 * Neighbor Discovery, and ICMP errors about our own ESP (RFC 4301 §6.1.1). Everything else has to pass it.
 */
export function takeLocal(core: Core, packet: Packet, ingress: Ingress): void {
  const wasCut = isFragment(packet);
  const whole = wasCut ? reassemble(core, packet, wayOf(ingress)) : packet;
  if (whole !== null) takeWhole(core, whole, ingress, wasCut);
}

function takeWhole(core: Core, packet: Packet, ingress: Ingress, wasCut: boolean): void {
  if (refuseUnknownOption(core, packet, ingress)) return;
  if (packet.protocol === IpProtocol.ESP) {
    openLater(core, packet, ingress);
    return;
  }
  if (packet.protocol === IpProtocol.AH) {
    verifyLater(core, packet, ingress);
    return;
  }
  if (packet.protocol === IpProtocol.UDP && openFromUdp(core, packet, ingress)) return;
  if (takeNeighbourDiscovery(core, packet, ingress, wasCut)) return;
  if (isIcmpError(packet) && learnFromProtected(core, packet)) return;
  if (isTunnelled(core, packet, ingress)) {
    leaveTunnel(core, packet, ingress);
    return;
  }
  const admission = admitLocal(core, packet, ingress);
  countOn(admission.policy, 1, core.now);
  if (admission.kind === 'drop' && !isIkeForUs(core, packet, admission)) {
    refuse(core, packet, originOf(ingress), admission.reason, admission.detail, admission.cause);
    return;
  }
  takeAdmitted(core, packet, ingress);
}

function takeAdmitted(core: Core, packet: Packet, ingress: Ingress): void {
  if (packet.protocol === IpProtocol.IPV4 || packet.protocol === IpProtocol.IPV6) {
    leaveTunnel(core, packet, ingress);
    return;
  }
  if (hasUnusableRouting(packet)) {
    const pointer = packet.upperOffset;
    refuse(core, packet, originOf(ingress), 'malformed', 'Routing header type 0', { kind: 'headerField', pointer });
    return;
  }
  if (packet.protocol === IpProtocol.ICMP || packet.protocol === IpProtocol.ICMPV6) {
    const [octets] = finished(core, packet) ?? [];
    if (octets === undefined) return;
    const complete = { ...packet, octets, offload: null };
    if (answerEcho(core, complete, ingress)) return;
    if (isIcmpError(complete)) learnPathMtu(core, complete);
    deliver(core, octets, null);
    return;
  }
  deliver(core, packet.octets, packet.offload);
}

/** RFC 8200 §4.2. Outside of ESP anybody may have put it there; inside, the peer. */
function refuseUnknownOption(core: Core, packet: Packet, ingress: Ingress): boolean {
  const unknown = unknownOption(packet);
  if (unknown === null) return false;
  const { pointer, isReported } = unknown;
  const detail = `an IPv6 option that is not known, at ${pointer}, from ${formatAddress(packet.source)}`;
  refuse(core, packet, originOf(ingress), 'malformed', detail, isReported ? { kind: 'unknownOption', pointer } : null);
  return true;
}

/** IP-in-IP that an SA of that tunnel brought in transport mode: the inner packet is what its policy is about. */
function isTunnelled(core: Core, packet: Packet, { protection }: Ingress): boolean {
  if (protection === null || (packet.protocol !== IpProtocol.IPV4 && packet.protocol !== IpProtocol.IPV6)) return false;
  const tunnel = tunnelOf(core, packet);
  return tunnel !== null && isOf(core, protection.sa, tunnel);
}

/** Whether an SA can serve policies of this tunnel: its own, or a shared one between its ends. */
function isOf({ policies }: Core, sa: InboundSa, tunnel: TunnelInterface): boolean {
  if (sa.policy !== null) return policies.named(sa.policy)?.tunnel === tunnel.name;
  return policies.has(tunnel.name) && addressesEqual(sa.source, tunnel.remote);
}

function leaveTunnel(core: Core, packet: Packet, ingress: Ingress): void {
  const tunnel = tunnelOf(core, packet);
  if (tunnel === null || ingress.depth >= NESTING_MAX) {
    const ends = `${formatAddress(packet.source)} to ${formatAddress(packet.destination)}`;
    drop(core, 'tunnelMismatch', () => `IP-in-IP from ${ends} is of no tunnel, or nested too deep`);
    return;
  }
  const inner = decapsulate(packet.protocol, packet.octets.subarray(packet.upperOffset), dscpEcnOf(packet.octets));
  if (inner.kind !== 'packet') {
    dropInner(core, inner, tunnel.name);
    return;
  }
  const { protection } = ingress;
  const isKept = protection !== null && isOf(core, protection.sa, tunnel);
  core.tasks.push({
    kind: 'input',
    octets: inner.octets,
    ingress: { interface: tunnel, protection: isKept ? protection : null, depth: ingress.depth + 1 },
  });
}

function tunnelOf(core: Core, packet: Packet): TunnelInterface | null {
  const { source, destination } = packet;
  const isEnd = (tunnel: Core['tunnels'][number]) =>
    addressesEqual(tunnel.local, destination) && addressesEqual(tunnel.remote, source);
  return core.tunnels.find(isEnd) ?? null;
}

/** RFC 5095: type 0 is refused while it has segments left; of a type we know nothing, RFC 8200 §4.4 says the same. */
function hasUnusableRouting({ version, octets, upperOffset }: Packet): boolean {
  if (version !== 6 || upperOffset === 40) return false;
  for (let at = 40, type = u8At(octets, 6); at + 4 <= upperOffset; ) {
    if (type === IpProtocol.ROUTING) return u8At(octets, at + 3) > 0;
    const length = type === IpProtocol.FRAGMENT ? 8 : (u8At(octets, at + 1) + 1) * 8;
    type = u8At(octets, at);
    at += length;
  }
  return false;
}
