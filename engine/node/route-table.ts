import { type Address, formatAddress, parseAddress } from '../wire/address.ts';
import { u32At } from '../wire/octets.ts';
import { formatPrefix, networkOf, parsePrefix, type Prefix, prefixContains } from '../wire/prefix.ts';
import type { RouteConfig } from './config.ts';
import type { NodeInterface } from './interfaces.ts';

export interface Route {
  readonly destination: Prefix;
  /** The next hop; null: the destination itself. */
  readonly via: Address | null;
  readonly interface: NodeInterface;
  readonly origin: 'connected' | 'configured' | 'advertised';
}

interface Entry {
  readonly route: Route;
  /** The prefix and its mask as 32-bit words: one for IPv4, four for IPv6. */
  readonly words: Int32Array;
  readonly masks: Int32Array;
}

/**
 * Longest prefix match. The tables of a lab have tens of routes, and the flow cache stands in front: they are scanned from
 * the longest prefix to the shortest, comparing words. Of two equal prefixes the one that was added first is used, until its
 * interface goes down. A shorter prefix never stands in for it: what has come out of a tunnel for a subnet behind this node
 * must not follow the default route, in the clear, when that subnet is gone.
 */
export class RouteTable {
  readonly #v4: Entry[] = [];
  readonly #v6: Entry[] = [];

  add(route: Route): void {
    const destination = networkOf(route.destination);
    const table = this.#tableOf(destination.address);
    const at = table.findIndex(entry => entry.route.destination.length < destination.length);
    const count = destination.address.length / 4;
    const words = Int32Array.from({ length: count }, (_, i) => u32At(destination.address, i * 4));
    const masks = Int32Array.from({ length: count }, (_, i) => maskWord(destination.length - i * 32));
    table.splice(at === -1 ? table.length : at, 0, { route: { ...route, destination }, words, masks });
  }

  /** Takes out every route that `isGone` names. */
  remove(isGone: (route: Route) => boolean): void {
    for (const table of [this.#v4, this.#v6]) {
      const kept = table.filter(entry => !isGone(entry.route));
      table.splice(0, table.length, ...kept);
    }
  }

  /** Takes out the last route that `isMeant` names; false: there is none. */
  removeOne(isMeant: (route: Route) => boolean): boolean {
    for (const table of [this.#v4, this.#v6]) {
      const at = table.findLastIndex(entry => isMeant(entry.route));
      if (at < 0) continue;
      table.splice(at, 1);
      return true;
    }
    return false;
  }

  /** null: no route. A route over an interface that is down gives way to one for the same prefix only. */
  lookup(destination: Address): Route | null {
    return destination.length === 4 ? this.#lookup4(u32At(destination, 0) | 0) : this.#lookup6(destination);
  }

  /** IPv4 first, each from the longest prefix to the shortest. */
  all(): Route[] {
    return [...this.#v4, ...this.#v6].map(entry => entry.route);
  }

  #lookup4(word: number): Route | null {
    let least = 0;
    for (const { words, masks, route } of this.#v4) {
      if (route.destination.length < least) return null;
      if ((word & (masks[0] as number)) !== words[0]) continue;
      if (route.interface.up) return route;
      least = route.destination.length;
    }
    return null;
  }

  #lookup6(destination: Address): Route | null {
    const [a, b] = [u32At(destination, 0) | 0, u32At(destination, 4) | 0];
    const [c, d] = [u32At(destination, 8) | 0, u32At(destination, 12) | 0];
    let least = 0;
    for (const { words, masks, route } of this.#v6) {
      if (route.destination.length < least) return null;
      const isInside =
        (a & (masks[0] as number)) === words[0] &&
        (b & (masks[1] as number)) === words[1] &&
        (c & (masks[2] as number)) === words[2] &&
        (d & (masks[3] as number)) === words[3];
      if (!isInside) continue;
      if (route.interface.up) return route;
      least = route.destination.length;
    }
    return null;
  }

  #tableOf(address: Address): Entry[] {
    return address.length === 4 ? this.#v4 : this.#v6;
  }
}

/** The routes that the addresses of an interface imply: its subnets, and far ends. Link-local prefixes are not routed. */
export function connectedRoutes(netInterface: NodeInterface): Route[] {
  const own = netInterface.addresses.filter(({ origin }) => origin === 'configured');
  const subnets = own
    .filter(({ address, prefixLength }) => prefixLength < address.length * 8)
    .map(({ address, prefixLength }) => networkOf({ address, length: prefixLength }));
  const peers = own.flatMap(({ peer = null }) => (peer === null ? [] : [{ address: peer, length: peer.length * 8 }]));
  return [...subnets, ...peers].map(destination => ({
    destination,
    via: null,
    interface: netInterface,
    origin: 'connected',
  }));
}

/** Throws when the route contradicts itself, or names what does not exist. */
export function configuredRoute(config: RouteConfig, interfaces: readonly NodeInterface[]): Route {
  const destination = parsePrefix(config.destination);
  const via = config.via === null ? null : parseAddress(config.via);
  if (destination === null || (config.via !== null && via?.length !== destination.address.length)) {
    throw new Error(`route to ${config.destination} via ${config.via}`);
  }
  const netInterface = interfaces.find(candidate =>
    config.interface === null ? isOnLink(candidate, via) : candidate.name === config.interface,
  );
  if (netInterface === undefined) throw new Error(`route to ${config.destination}: no interface leads there`);
  return { destination, via, interface: netInterface, origin: 'configured' };
}

export function describeRoute(route: Route): string {
  const via = route.via === null ? 'on-link' : `via ${formatAddress(route.via)}`;
  return `${formatPrefix(route.destination)} ${via} on ${route.interface.name}`;
}

function isOnLink(netInterface: NodeInterface, via: Address | null): boolean {
  if (via === null) return false;
  return connectedRoutes(netInterface).some(route => prefixContains(route.destination, via));
}

function maskWord(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? -1 : -1 << (32 - bits);
}
