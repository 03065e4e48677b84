import { type Instant, NS_PER_S } from '../wire/instant.ts';
import type { Decision } from './decision.ts';

/** As long as reassembly waits, RFC 1122 §3.3.2 and RFC 8200 §4.5 with room to spare. */
const LIFETIME_NS = 30 * NS_PER_S;
const PACKETS_MAX = 1024;

/** What was decided for the first fragment of a packet. */
export interface FirstFragment {
  readonly decision: Decision;
  /** Where its data ended: what begins before that overlaps it. */
  readonly end: number;
  readonly expiresAt: Instant;
}

/** Packets of which the first fragment was let through, RFC 4301 §7.3: bounded, the oldest make room. */
export class FragmentTable {
  readonly #firsts = new Map<string, FirstFragment>();

  get size(): number {
    return this.#firsts.size;
  }

  /** `key` names the packet, and how it came. */
  find(key: string, now: Instant): FirstFragment | null {
    const first = this.#firsts.get(key);
    return first === undefined || now >= first.expiresAt ? null : first;
  }

  remember(key: string, decision: Decision, end: number, now: Instant): void {
    this.#firsts.delete(key);
    this.#firsts.set(key, { decision, end, expiresAt: now + LIFETIME_NS });
    if (this.#firsts.size <= PACKETS_MAX) return;
    for (const oldest of this.#firsts.keys()) {
      this.#firsts.delete(oldest);
      return;
    }
  }

  /** When policies or SAs change: what was decided by others does not hold. */
  clear(): void {
    this.#firsts.clear();
  }
}
