import { type Instant, NS_PER_S } from '../wire/instant.ts';
import { type Reassembled, Reassembly, type ReassemblyLimits } from '../wire/reassembly.ts';
import type { Origin } from './core.ts';

/** Of each pool entry; a flood of fragments costs no more than this. */
const LIMITS: ReassemblyLimits = { maxBuffers: 128, maxOctets: 2 * 2 ** 20, timeoutNs: 30 * NS_PER_S };

/** How fragments have come. */
export interface Way {
  /** Of an interface or a policy. */
  readonly name: string;
  /** Who hears when some never come. */
  readonly origin: Origin;
}

/** The first fragment of a packet that was given up. */
export interface GivenUp {
  readonly octets: Uint8Array;
  readonly origin: Origin;
}

/**
 * Reassembly kept apart by the way that fragments have come: what an SA protected must not be completed by what somebody
 * sent in the clear, RFC 4301 §7.4. There are as many ways as interfaces and policies.
 */
export class ReassemblyPool {
  readonly #ways = new Map<string, { readonly reassembly: Reassembly; readonly origin: Origin }>();

  /** See `Reassembly.add`. */
  add({ name, origin }: Way, octets: Uint8Array, now: Instant): Reassembled {
    let way = this.#ways.get(name);
    if (way === undefined) {
      way = { reassembly: new Reassembly(LIMITS), origin };
      this.#ways.set(name, way);
    }
    return way.reassembly.add(octets, now);
  }

  /** What `Reassembly.expire` returns, and how many packets were given up. */
  expire(now: Instant): { readonly firsts: GivenUp[]; readonly count: number } {
    const firsts: GivenUp[] = [];
    let count = 0;
    for (const { reassembly, origin } of this.#ways.values()) {
      const before = reassembly.size();
      firsts.push(...reassembly.expire(now).map(octets => ({ octets, origin })));
      count += before - reassembly.size();
    }
    return { firsts, count };
  }

  expiresAt(): Instant | null {
    let earliest: Instant | null = null;
    for (const { reassembly } of this.#ways.values()) {
      const at = reassembly.expiresAt();
      if (at !== null && (earliest === null || at < earliest)) earliest = at;
    }
    return earliest;
  }

  /** Packets in the making. */
  get size(): number {
    return [...this.#ways.values()].reduce((sum, { reassembly }) => sum + reassembly.size(), 0);
  }
}
