import type { OutboundSa } from '../ipsec/sa.ts';
import type { Address } from '../wire/address.ts';
import { type Core, NESTING_MAX } from './core.ts';
import type { NodeInterface, TunnelInterface } from './interfaces.ts';
import { espTunnelMtu, ipInIpMtu } from './path-mtu.ts';

/**
 * The longest packet that this node may send of its own to `destination`: what its first link (or tunnel) carries, and what
 * ICMP errors have told of the rest. null without a route, and where tunnels lead through themselves.
 */
export function pathMtu(core: Core, destination: Address, depth = 0): number | null {
  if (depth > NESTING_MAX) return null;
  const route = core.routes.lookup(destination);
  if (route === null) return null;
  const first = exitMtu(core, route.interface, destination, depth);
  if (first === null) return null;
  return Math.min(first, core.pathMtus.get(destination, core.now) ?? first);
}

/** The longest inner packet of a tunnel, RFC 4301 §8: the outer path's MTU without what the tunnel puts around it. */
export function tunnelMtu(
  core: Core,
  tunnel: TunnelInterface,
  sa: OutboundSa | null = anySaOf(core, tunnel),
  depth = 0,
): number | null {
  const outer = pathMtu(core, tunnel.remote, depth + 1);
  if (outer === null) return null;
  const inner = sa === null ? ipInIpMtu(outer, tunnel.remote) : espTunnelMtu(outer, tunnel.remote, sa.suite);
  return tunnel.configuredMtu === null ? inner : Math.min(tunnel.configuredMtu, inner);
}

function exitMtu(core: Core, exit: NodeInterface, destination: Address, depth: number): number | null {
  if (exit.kind === 'tunnel') return tunnelMtu(core, exit, anySaOf(core, exit), depth);
  return destination.length === 4 ? exit.mtu : exit.mtu6;
}

/** Before the packet is known the first SA of a tunnel stands for all: they differ by a few octets at most. */
function anySaOf(core: Core, tunnel: TunnelInterface): OutboundSa | null {
  for (const entry of core.policies.entries) {
    const sa = entry.tunnel === tunnel.name ? core.sad.outbound(entry.policy.name) : null;
    if (sa !== null) return sa;
  }
  return null;
}
