import type { Address } from '../wire/address.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { type Core, NESTING_MAX } from './core.ts';
import type { NodeInterface, TunnelInterface } from './interfaces.ts';
import { roomInside } from './layers-size.ts';
import { ipInIpMtu, type PathMtuCache } from './path-mtu.ts';
import { chooseSas, type Layer, outermostDestination } from './sa-choice.ts';

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
export function tunnelMtu(core: Core, tunnel: TunnelInterface, depth = 0): number | null {
  const layers = someLayersOf(core, tunnel);
  const outer = pathMtu(core, outermostDestination({ destination: tunnel.remote }, layers), depth + 1);
  if (outer === null) return null;
  const inner = layers.length === 0 ? ipInIpMtu(outer, tunnel.remote) : roomInside(layers, outer, 0);
  return tunnel.configuredMtu === null ? inner : Math.min(tunnel.configuredMtu, inner);
}

/**
 * What ICMP errors have told of packets with this protocol; `isOwnOuter`: in whatever this node's own ESP goes. Apart for those that tunnels and SAs send: what is believed of
 * these names an SPI, and an error about a made-up clear packet to the same address must not count, RFC 4301 §8.2.1.
 */
export function learntPathMtus(core: Core, protocol: number, isOwnOuter: boolean): PathMtuCache {
  const isOuter =
    isOwnOuter ||
    protocol === IpProtocol.ESP ||
    protocol === IpProtocol.AH ||
    protocol === IpProtocol.IPV4 ||
    protocol === IpProtocol.IPV6;
  return isOuter ? core.outerPathMtus : core.pathMtus;
}

function exitMtu(core: Core, exit: NodeInterface, destination: Address, depth: number): number | null {
  if (exit.kind === 'tunnel') return tunnelMtu(core, exit, depth);
  return destination.length === 4 ? exit.mtu : exit.mtu6;
}

/** Before the packet is known the SAs of a tunnel's first policy stand for all: they differ by a few octets at most. */
function someLayersOf(core: Core, tunnel: TunnelInterface): readonly Layer[] {
  for (const entry of core.policies.entriesOf(tunnel.name)) {
    if (entry.layers.length === 0) continue;
    const choice = chooseSas(core, entry, null, tunnel);
    if (choice.kind === 'layers' && choice.layers.length > 0) return choice.layers;
  }
  return [];
}
