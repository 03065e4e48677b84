import type { EspOutboundSa } from '../ipsec/sa.ts';
import type { Address } from '../wire/address.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { type Core, NESTING_MAX } from './core.ts';
import type { NodeInterface, TunnelInterface } from './interfaces.ts';
import { espTunnelMtu, ipInIpMtu, type PathMtuCache } from './path-mtu.ts';

/**
 * The longest packet with ESP or IP-in-IP that this node may send to `destination`: what its first link (or tunnel) carries, and what
 * ICMP errors have told of the rest. null without a route, and where tunnels lead through themselves.
 */
export function pathMtu(core: Core, destination: Address, depth = 0): number | null {
  if (depth > NESTING_MAX) return null;
  const route = core.routes.lookup(destination);
  if (route === null) return null;
  const first = exitMtu(core, route.interface, destination, depth);
  if (first === null) return null;
  return Math.min(first, core.outerPathMtus.get(destination, core.now) ?? first);
}

/** The longest inner packet of a tunnel, RFC 4301 §8: the outer path's MTU without what the tunnel puts around it. */
export function tunnelMtu(
  core: Core,
  tunnel: TunnelInterface,
  sa: EspOutboundSa | null = anySaOf(core, tunnel),
  depth = 0,
): number | null {
  const outer = pathMtu(core, tunnel.remote, depth + 1);
  if (outer === null) return null;
  const inner = sa === null ? ipInIpMtu(outer, tunnel.remote) : espTunnelMtu(outer, tunnel.remote, sa.suite);
  return tunnel.configuredMtu === null ? inner : Math.min(tunnel.configuredMtu, inner);
}

/**
 * What ICMP errors have told of packets with this protocol. Apart for those that tunnels and SAs send: what is believed of
 * these names an SPI, and an error about a made-up clear packet to the same address must not count, RFC 4301 §8.2.1.
 */
export function learntPathMtus(core: Core, protocol: number): PathMtuCache {
  const isOuter = protocol === IpProtocol.ESP || protocol === IpProtocol.IPV4 || protocol === IpProtocol.IPV6;
  return isOuter ? core.outerPathMtus : core.pathMtus;
}

function exitMtu(core: Core, exit: NodeInterface, destination: Address, depth: number): number | null {
  if (exit.kind === 'tunnel') return tunnelMtu(core, exit, anySaOf(core, exit), depth);
  return destination.length === 4 ? exit.mtu : exit.mtu6;
}

/** Before the packet is known the first SA of a tunnel stands for all: they differ by a few octets at most. */
function anySaOf(core: Core, tunnel: TunnelInterface): EspOutboundSa | null {
  for (const entry of core.policies.entries) {
    const sa = entry.tunnel === tunnel.name ? core.sad.outbound(entry.policy.name) : null;
    if (sa !== null) return sa;
  }
  return null;
}
