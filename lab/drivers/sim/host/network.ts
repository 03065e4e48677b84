import type { Address } from '../../../../engine/wire/address.ts';
import type { Instant } from '../../../../engine/wire/instant.ts';
import type { SeededRandom } from '../seeded-random.ts';

/** What lies below a simulated host's sockets: its node (engine/node/node.ts), its clock and its randomness. */
export interface Network {
  readonly random: SeededRandom;
  /** As the node's own clock shows it. */
  now(): Instant;
  /** The source address towards `destination`; null without a route. */
  sourceFor(destination: Address): Address | null;
  /** The node's interfaces, tunnels included, with their addresses as they are now: the same array until something changed. */
  interfaces(): readonly NetworkInterface[];
  /** Hands an IP packet to the node. The octets belong to it from here on. */
  transmit(packet: Uint8Array): void;
  /** Brings an IP packet back to this host: 127.0.0.0/8 and ::1. */
  loop(packet: Uint8Array): void;
}

export interface NetworkInterface {
  readonly name: string;
  readonly mtu: number;
  readonly addresses: readonly Address[];
}

/** An address and a port. */
export interface Endpoint {
  readonly address: Address;
  readonly port: number;
}
