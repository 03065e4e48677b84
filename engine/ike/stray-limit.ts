import type { StrayPacket } from '../node/node.ts';
import { type Address, addressKey } from '../wire/address.ts';
import { type Instant, NS_PER_MS, NS_PER_S } from '../wire/instant.ts';
import { RateLimit } from './v2/rate-limit.ts';

/**
 * How often packets without an SA are a reason to say or to begin something: for each peer that is known, and in total. Who they
 * are from nobody has proven.
 */
export class StrayLimit {
  readonly #total = new RateLimit(100 * NS_PER_MS, 10);
  readonly #peers = new Map<string, RateLimit>();

  /** Whether one more of this peer's may be heeded; counts it. */
  take(peer: Address, now: Instant): boolean {
    const key = addressKey(peer);
    const known = this.#peers.get(key) ?? new RateLimit(EVERY_NS, 1);
    this.#peers.delete(key);
    this.#peers.set(key, known);
    const [oldest] = this.#peers.keys();
    if (this.#peers.size > PEERS_MAX && oldest !== undefined) this.#peers.delete(oldest);
    return known.take(now) && this.#total.take(now);
  }

  /** How many peers it remembers. */
  get size(): number {
    return this.#peers.size;
  }
}

const EVERY_NS = 2 * NS_PER_S;
const PEERS_MAX = 256;

/** IKE SAs with one peer that are told: which of them the missing one was made in is not known any more. */
export const TOLD_MAX = 4;

/** Behind the one address of a NAT there may be many: ESP in UDP tells them apart. */
export function isFromThere(
  { remotePort, isRemoteNatted }: { readonly remotePort: number; readonly isRemoteNatted: boolean },
  { sourcePort }: StrayPacket,
): boolean {
  return sourcePort === null || !isRemoteNatted || sourcePort === remotePort;
}
