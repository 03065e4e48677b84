import type { EspOutboundSa } from '../ipsec/sa.ts';
import { encapsulate } from '../ipsec/tunnel-mode.ts';
import { type Address, formatAddress } from '../wire/address.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { type Core, drop, nextIdentification, type Origin, originate } from './core.ts';
import { finished, fit } from './fit.ts';
import type { TunnelInterface } from './interfaces.ts';
import type { Packet } from './packet.ts';
import { pathMtu } from './path.ts';
import { espTunnelMtu, ipInIpMtu, IPV4_MINIMUM_MTU, IPV6_MINIMUM_MTU } from './path-mtu.ts';
import type { PolicyEntry } from './policy-set.ts';
import { refuse } from './report.ts';

/** What goes around an inner packet: outer addresses, and ESP or nothing. */
interface Encapsulation {
  readonly source: Address;
  readonly destination: Address;
  readonly sa: EspOutboundSa | null;
  readonly policy: PolicyEntry | null;
  readonly tunnel: TunnelInterface | null;
}

/** IP-in-IP in the clear. */
export function sendEncapsulated(
  core: Core,
  packet: Packet,
  tunnel: TunnelInterface,
  policy: PolicyEntry | null,
  origin: Origin,
  depth: number,
): void {
  const around = { source: tunnel.local, destination: tunnel.remote, sa: null, policy, tunnel };
  sendAround(core, packet, around, origin, depth);
}

/**
 * ESP in tunnel mode; also transport mode over IP-in-IP, which is the same octets. The outer addresses are the tunnel's, and
 * the SA's where the policy is the node's.
 */
export function sendThroughSa(
  core: Core,
  packet: Packet,
  policy: PolicyEntry,
  tunnel: TunnelInterface | null,
  origin: Origin,
  depth: number,
): void {
  const sa = core.sad.outbound(policy.policy.name);
  if (sa === null) {
    drop(core, 'noSa', () => `policy ${policy.policy.name} has no outbound SA`);
    return;
  }
  const { source, destination } = tunnel === null ? sa : { source: tunnel.local, destination: tunnel.remote };
  sendAround(core, packet, { source, destination, sa, policy, tunnel }, origin, depth);
}

function sendAround(core: Core, packet: Packet, around: Encapsulation, origin: Origin, depth: number): void {
  const outerMtu = pathMtu(core, around.destination, depth);
  if (outerMtu === null) {
    refuse(core, packet, origin, 'noRoute', `for the outer ${formatAddress(around.destination)}`, { kind: 'noRoute' });
    return;
  }
  const inners = innerPackets(core, packet, innerMtu(outerMtu, around), around, origin);
  if (inners === null) return;
  if (around.policy !== null) around.policy.packets += inners.length;
  for (const inner of inners) {
    if (around.tunnel !== null) {
      around.tunnel.counters.sentPackets++;
      around.tunnel.counters.sentOctets += inner.length;
    }
    if (around.sa === null) sendClear(core, inner, around, depth);
    else sealLater(core, inner, around, around.sa, depth);
  }
}

function innerMtu(outerMtu: number, { destination, sa, tunnel }: Encapsulation): number {
  const mtu = sa === null ? ipInIpMtu(outerMtu, destination) : espTunnelMtu(outerMtu, destination, sa.suite);
  return tunnel === null || tunnel.configuredMtu === null ? mtu : Math.min(mtu, tunnel.configuredMtu);
}

/**
 * The packets to encapsulate: of a superframe each one, and of an IPv4 packet that may be cut and is too long, fragments; the
 * far end then reassembles nothing. A policy with ports cannot tell later fragments, so there (and for the 1280 octets that
 * IPv6 is promised, RFC 2473 §7.1) the outer packet is fragmented instead. An IPv6 packet that was put together here is
 * cut in any case: no router behind the far end may.
 */
function innerPackets(
  core: Core,
  packet: Packet,
  mtu: number,
  { policy }: Encapsulation,
  origin: Origin,
): Uint8Array[] | null {
  const keepsWhole = packet.version === 4 && !packet.dontFragment && policy?.usesPorts === true;
  if (keepsWhole) return finished(core, packet);
  const least = packet.version === 4 ? IPV4_MINIMUM_MTU : IPV6_MINIMUM_MTU;
  const pieces = fit(core, packet, Math.max(mtu, least), origin);
  const packets: Uint8Array[] = [];
  for (const piece of pieces ?? []) packets.push(...(finished(core, { ...packet, ...piece }) ?? []));
  return pieces === null ? null : packets;
}

function sendClear(core: Core, inner: Uint8Array, around: Encapsulation, depth: number): void {
  const protocol = innerProtocol(inner);
  const outer = encapsulate(inner, around.source, around.destination, {
    protocol,
    payload: inner,
    identification: nextIdentification(core),
  });
  if (outer === null) {
    drop(core, 'packetTooBig', () => `${inner.length} octets do not fit an IP packet`);
    return;
  }
  originate(core, outer, { depth: depth + 1 });
}

function sealLater(core: Core, inner: Uint8Array, around: Encapsulation, sa: EspOutboundSa, depth: number): void {
  core.seals.push({
    job: { sa, nextHeader: innerProtocol(inner), payload: inner },
    wrap: { kind: 'tunnel', inner, source: around.source, destination: around.destination, depth },
  });
}

function innerProtocol(inner: Uint8Array): number {
  return (inner[0] ?? 0) >> 4 === 4 ? IpProtocol.IPV4 : IpProtocol.IPV6;
}
