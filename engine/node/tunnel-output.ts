import { encapsulate } from '../ipsec/tunnel-mode.ts';
import { formatAddress } from '../wire/address.ts';
import { type Core, drop, nextIdentification, type Origin, originate } from './core.ts';
import { finished, fit, wireOctets } from './fit.ts';
import type { TunnelInterface } from './interfaces.ts';
import { innerProtocol, type Packet } from './packet.ts';
import { pathMtu } from './path.ts';
import { ipInIpMtu, IPV4_MINIMUM_MTU, IPV6_MINIMUM_MTU } from './path-mtu.ts';
import { countOn, type PolicyEntry } from './policy-set.ts';
import { refuse } from './report.ts';

/** IP-in-IP in the clear. */
export function sendEncapsulated(
  core: Core,
  packet: Packet,
  tunnel: TunnelInterface,
  policy: PolicyEntry | null,
  origin: Origin,
  depth: number,
): void {
  const outerMtu = pathMtu(core, tunnel.remote, depth);
  if (outerMtu === null) {
    refuse(core, packet, origin, 'noRoute', `for the outer ${formatAddress(tunnel.remote)}`, { kind: 'noRoute' });
    return;
  }
  const inners = innerPackets(core, packet, limitedTo(tunnel, ipInIpMtu(outerMtu, tunnel.remote)), policy, origin);
  if (inners === null) return;
  countOn(policy, inners.length, core.now);
  for (const inner of inners) {
    countSent(tunnel, inner);
    sendClear(core, inner, tunnel, depth);
  }
}

/** The longest inner packet of a tunnel, where the path leaves room for `mtu` octets. */
export function limitedTo(tunnel: TunnelInterface | null, mtu: number): number {
  return tunnel === null || tunnel.configuredMtu === null ? mtu : Math.min(mtu, tunnel.configuredMtu);
}

export function countSent(tunnel: TunnelInterface, inner: Uint8Array): void {
  tunnel.counters.sentPackets++;
  tunnel.counters.sentOctets += inner.length;
}

/**
 * The packets to encapsulate: of a superframe each one, and of an IPv4 packet that may be cut and is too long, fragments; the
 * far end then reassembles nothing. A policy with ports cannot tell later fragments, so there (and for the 1280 octets that
 * IPv6 is promised, RFC 2473 §7.1) the outer packet is fragmented instead. An IPv6 packet that was put together here is
 * cut in any case: no router behind the far end may.
 */
export function innerPackets(
  core: Core,
  packet: Packet,
  mtu: number,
  policy: PolicyEntry | null,
  origin: Origin,
): Uint8Array[] | null {
  const keepsWhole = packet.version === 4 && !packet.dontFragment && policy?.usesPorts === true;
  if (keepsWhole) return finished(core, packet);
  const most = Math.max(mtu, packet.version === 4 ? IPV4_MINIMUM_MTU : IPV6_MINIMUM_MTU);
  if (wireOctets(packet) <= most) return finished(core, packet);
  const pieces = fit(core, packet, most, origin);
  return pieces?.flatMap(piece => finished(core, { ...packet, ...piece }) ?? []) ?? null;
}

function sendClear(core: Core, inner: Uint8Array, { local, remote }: TunnelInterface, depth: number): void {
  const outer = encapsulate(inner, local, remote, {
    protocol: innerProtocol(inner),
    payload: inner,
    identification: nextIdentification(core),
  });
  if (outer === null) {
    drop(core, 'packetTooBig', () => `${inner.length} octets do not fit an IP packet`);
    return;
  }
  originate(core, outer, { depth: depth + 1 });
}
