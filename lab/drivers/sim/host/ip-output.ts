import { type Address, addressKey, isLoopback } from '../../../../engine/wire/address.ts';
import { type Instant, NS_PER_S } from '../../../../engine/wire/instant.ts';
import { encodeIpv4 } from '../../../../engine/wire/ipv4.ts';
import { fragmentIpv6 } from '../../../../engine/wire/ipv6-extension.ts';
import { encodeIpv6 } from '../../../../engine/wire/ipv6.ts';
import type { IcmpError } from './icmp-error.ts';
import type { Network, NetworkInterface } from './network.ts';

/** A transport payload on its way down. */
export interface Outgoing {
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: number;
  readonly payload: Uint8Array;
  /** TTL or hop limit; 64 unless given. */
  readonly hopLimit?: number;
  /** `allowed`: a packet above the path MTU is fragmented, as kernels do for datagrams; `never`: it goes out whole, and may come back as an error. */
  readonly fragment: 'allowed' | 'never';
}

const HOP_LIMIT = 64;
/** RFC 1191 §6.3: after ten minutes a path may have grown. */
const PATH_MTU_LIFETIME_NS = 600 * NS_PER_S;
const PATHS_MAX = 256;
const LOOPBACK_MTU = 65_535;
/** Where the node does not tell: a tunnel without a path. */
const MTU_DEFAULT = 1500;
const NO_OPTIONS = new Uint8Array(0);

/** Puts IP headers on, and remembers path MTUs (RFC 1191, RFC 8201). */
export class IpOutput {
  readonly #network: Network;
  readonly #pathMtus = new Map<string, { readonly mtu: number; readonly until: Instant }>();
  #identification: number;
  #own: { readonly interfaces: readonly NetworkInterface[]; readonly mtus: ReadonlyMap<string, number> } = {
    interfaces: [],
    mtus: new Map(),
  };

  constructor(network: Network) {
    this.#network = network;
    this.#identification = network.random.u32() & 0xffff;
  }

  /** The address to send from; null: there is no route. */
  sourceFor(destination: Address): Address | null {
    return isLoopback(destination) ? destination : this.#network.sourceFor(destination);
  }

  /** The largest packet, in octets, that is known to reach `destination` in one piece. */
  pathMtu(source: Address, destination: Address): number {
    const learned = this.#pathMtus.get(addressKey(destination));
    const own = isLoopback(destination) ? LOOPBACK_MTU : this.interfaceMtu(source);
    return learned !== undefined && learned.until > this.#network.now() ? Math.min(own, learned.mtu) : own;
  }

  /** Of the interface that has this address. */
  interfaceMtu(address: Address): number {
    if (isLoopback(address)) return LOOPBACK_MTU;
    return this.#ownMtus().get(addressKey(address)) ?? MTU_DEFAULT;
  }

  owns(address: Address): boolean {
    return isLoopback(address) || this.#ownMtus().has(addressKey(address));
  }

  /** By the key of each address of this host. */
  #ownMtus(): ReadonlyMap<string, number> {
    const interfaces = this.#network.interfaces();
    if (interfaces !== this.#own.interfaces) {
      const entries = interfaces.flatMap(({ addresses, mtu }) =>
        addresses.map(address => [addressKey(address), mtu || MTU_DEFAULT] as const),
      );
      this.#own = { interfaces, mtus: new Map(entries) };
    }
    return this.#own.mtus;
  }

  /** RFC 1191 §6.2: from an error of kind `tooBig`; what routers do not tell is guessed. */
  learn(error: IcmpError): void {
    const key = addressKey(error.quoted.destination);
    const least = error.version === 4 ? 552 : 1280;
    const mtu = Math.max(error.mtu ?? least, error.version === 4 ? 68 : 1280);
    const known = this.#pathMtus.get(key);
    if (known !== undefined && known.until > this.#network.now() && known.mtu <= mtu) return;
    this.#pathMtus.delete(key);
    const [oldest] = this.#pathMtus.keys();
    if (this.#pathMtus.size >= PATHS_MAX && oldest !== undefined) this.#pathMtus.delete(oldest);
    this.#pathMtus.set(key, { mtu, until: this.#network.now() + PATH_MTU_LIFETIME_NS });
  }

  send(outgoing: Outgoing): void {
    const packets = outgoing.source.length === 4 ? [this.#packet4(outgoing)] : this.#packets6(outgoing);
    for (const packet of packets) {
      if (isLoopback(outgoing.destination)) this.#network.loop(packet);
      else this.#network.transmit(packet);
    }
  }

  /** What is too long is cut by the node, or by a router. */
  #packet4({ source, destination, protocol, payload, hopLimit = HOP_LIMIT, fragment }: Outgoing): Uint8Array {
    return encodeIpv4({
      dscpEcn: 0,
      identification: this.#nextIdentification(),
      dontFragment: fragment === 'never' || 20 + payload.length <= this.pathMtu(source, destination),
      moreFragments: false,
      fragmentOffset: 0,
      ttl: hopLimit,
      protocol,
      source,
      destination,
      options: NO_OPTIONS,
      payload,
    });
  }

  /** What is too long is cut here: nobody else may, RFC 8200 §4.5. */
  #packets6({ source, destination, protocol, payload, hopLimit = HOP_LIMIT, fragment }: Outgoing): Uint8Array[] {
    const header = { trafficClass: 0, flowLabel: 0, nextHeader: protocol, hopLimit, source, destination };
    const packet = encodeIpv6({ ...header, payload });
    if (fragment === 'never') return [packet];
    const mtu = this.pathMtu(source, destination);
    return packet.length <= mtu ? [packet] : fragmentIpv6(packet, mtu, this.#network.random.u32());
  }

  #nextIdentification(): number {
    this.#identification = (this.#identification + 1) & 0xffff;
    return this.#identification;
  }
}
