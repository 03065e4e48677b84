import { type Address, addressesEqual, isLinkLocal } from '../wire/address.ts';
import type { Core } from './core.ts';
import type { NodeInterface } from './interfaces.ts';
import type { Route } from './route-table.ts';

const LINK_LOCAL_PREFIX = { address: Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), length: 64 };

/**
 * The route of a packet. A link-local IPv6 destination is on the link that the packet is meant for (`zone`), as is a group
 * of that link; else on the
 * tunnel whose far end it is, on the link that has its source, or on the only link there is (RFC 4007 §6).
 */
export function routeTowards(
  core: Core,
  destination: Address,
  source: Address | null,
  zone: NodeInterface | null,
): Route | null {
  const isGroup = destination[0] === 0xff && destination[1] === 2 && zone !== null;
  if (destination.length !== 16 || !(isGroup || isLinkLocal(destination))) return core.routes.lookup(destination);
  const link = zone ?? tunnelTo(core, destination, source) ?? linkFrom(core, source);
  if (link === null || !link.up) return null;
  return { destination: LINK_LOCAL_PREFIX, via: null, interface: link, origin: 'connected' };
}

function tunnelTo(core: Core, destination: Address, source: Address | null): NodeInterface | null {
  const leading = core.tunnels.filter(
    tunnel => addressesEqual(tunnel.remoteLinkLocal, destination) && core.addresses.ownedBy(tunnel, tunnel.linkLocal),
  );
  const from = source === null ? undefined : leading.find(tunnel => addressesEqual(tunnel.linkLocal, source));
  return from ?? leading[0] ?? null;
}

function linkFrom(core: Core, source: Address | null): NodeInterface | null {
  const owners = source === null ? [] : core.interfaces.filter(each => core.addresses.ownedBy(each, source));
  const [first, second] = owners.length > 0 ? owners : core.links;
  return second === undefined ? (first ?? null) : null;
}
