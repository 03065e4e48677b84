import { type Address, addressKey } from '../wire/address.ts';
import { type Instant, NS_PER_S } from '../wire/instant.ts';

export const IPV4_HEADER_OCTETS = 20;
export const IPV6_HEADER_OCTETS = 40;
/** RFC 791 §3.2: every link carries this. */
export const IPV4_MINIMUM_MTU = 68;
/** RFC 8200 §5: every IPv6 link carries this. */
export const IPV6_MINIMUM_MTU = 1280;
/** Smaller reports are an attack on throughput; the same floor as in other stacks. RFC 1191 §3 allows 68. */
const IPV4_LOWEST_PATH_MTU = 552;

const LIFETIME_NS = 600 * NS_PER_S;
const DESTINATIONS_MAX = 512;
/** RFC 1191 §7.1: for routers that do not tell the MTU. */
const PLATEAUS = [32000, 17914, 8166, 4352, 2002, 1492, 1006, 552] as const;

/** Path MTUs that ICMP errors have told, RFC 1191 and RFC 8201: bounded, and forgotten after ten minutes. */
export class PathMtuCache {
  readonly #entries = new Map<string, { readonly mtu: number; readonly expiresAt: Instant }>();

  get size(): number {
    return this.#entries.size;
  }

  /** null: nothing is known, the first link's MTU counts. */
  get(destination: Address, now: Instant): number | null {
    if (this.#entries.size === 0) return null;
    const entry = this.#entries.get(addressKey(destination));
    return entry === undefined || now >= entry.expiresAt ? null : entry.mtu;
  }

  /**
   * `reported` by a router for a packet of `packetOctets`; 0 when it does not tell. Reports that would raise the estimate
   * are ignored, RFC 8201 §4.
   */
  learn(destination: Address, reported: number, packetOctets: number, now: Instant): void {
    const told = reported > 0 ? reported : (PLATEAUS.find(plateau => plateau < packetOctets) ?? IPV4_LOWEST_PATH_MTU);
    const mtu = Math.max(told, destination.length === 4 ? IPV4_LOWEST_PATH_MTU : IPV6_MINIMUM_MTU);
    const known = this.get(destination, now);
    if (known !== null && mtu >= known) return;
    const key = addressKey(destination);
    this.#entries.delete(key);
    this.#entries.set(key, { mtu, expiresAt: now + LIFETIME_NS });
    if (this.#entries.size > DESTINATIONS_MAX) this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const key of this.#entries.keys()) {
      this.#entries.delete(key);
      return;
    }
  }
}

/** The longest inner packet that IP-in-IP carries over an outer path, RFC 2003 §3.1 and RFC 2473 §7. */
export function ipInIpMtu(outerMtu: number, outer: Address): number {
  return outerMtu - headerOctets(outer);
}

/** Of the IP header that an address of this family stands in, without options. */
export function headerOctets(address: Address): number {
  return address.length === 4 ? IPV4_HEADER_OCTETS : IPV6_HEADER_OCTETS;
}
