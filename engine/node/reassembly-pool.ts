import { type Instant, NS_PER_S } from '../wire/instant.ts';
import { type Reassembled, Reassembly, type ReassemblyLimits } from '../wire/reassembly.ts';

/** Of each pool entry; a flood of fragments costs no more than this. */
const LIMITS: ReassemblyLimits = { maxBuffers: 128, maxOctets: 2 * 2 ** 20, timeoutNs: 30 * NS_PER_S };

/**
 * Reassembly kept apart by the way that fragments have come: what an SA protected must not be completed by what somebody
 * sent in the clear, RFC 4301 §7.4. There are as many ways as interfaces and policies.
 */
export class ReassemblyPool {
  readonly #ways = new Map<string, Reassembly>();

  /** `way` names an interface or a policy; see `Reassembly.add` for the rest. */
  add(way: string, octets: Uint8Array, now: Instant): Reassembled {
    let reassembly = this.#ways.get(way);
    if (reassembly === undefined) {
      reassembly = new Reassembly(LIMITS);
      this.#ways.set(way, reassembly);
    }
    return reassembly.add(octets, now);
  }

  /** What `Reassembly.expire` returns, and how many packets were given up. */
  expire(now: Instant): { readonly firsts: Uint8Array[]; readonly count: number } {
    const firsts: Uint8Array[] = [];
    let count = 0;
    for (const reassembly of this.#ways.values()) {
      const before = reassembly.size();
      firsts.push(...reassembly.expire(now));
      count += before - reassembly.size();
    }
    return { firsts, count };
  }

  expiresAt(): Instant | null {
    let earliest: Instant | null = null;
    for (const reassembly of this.#ways.values()) {
      const at = reassembly.expiresAt();
      if (at !== null && (earliest === null || at < earliest)) earliest = at;
    }
    return earliest;
  }

  /** Packets in the making. */
  get size(): number {
    return [...this.#ways.values()].reduce((sum, reassembly) => sum + reassembly.size(), 0);
  }
}
