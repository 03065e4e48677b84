import { addressKey, type Address } from '../wire/address.ts';
import { NS_PER_MS, type Instant } from '../wire/instant.ts';

/** A token bucket in whole nanoseconds: one token every `intervalNs`, at most `burst` saved up. */
export class TokenBucket {
  readonly #intervalNs: number;
  readonly #capacityNs: number;
  #creditNs: number;
  #at: Instant | null = null;

  constructor(intervalNs: number, burst: number) {
    this.#intervalNs = intervalNs;
    this.#capacityNs = intervalNs * burst;
    this.#creditNs = this.#capacityNs;
  }

  /** Takes one token if there is one. */
  take(now: Instant): boolean {
    const elapsed = this.#at === null ? 0 : Math.max(0, now - this.#at);
    this.#at = now;
    this.#creditNs = Math.min(this.#capacityNs, this.#creditNs + elapsed);
    if (this.#creditNs < this.#intervalNs) return false;
    this.#creditNs -= this.#intervalNs;
    return true;
  }
}

const PER_DESTINATION_INTERVAL_NS = 50 * NS_PER_MS;
const PER_DESTINATION_BURST = 10;
const TOTAL_INTERVAL_NS = NS_PER_MS;
const TOTAL_BURST = 200;
const DESTINATIONS_MAX = 256;

/**
 * How many ICMP errors may leave, RFC 1812 §4.3.2.8 and RFC 4443 §2.4 (f): a bucket for each destination, so that one sender
 * cannot use up the errors of others, and one for all together, since senders can be forged.
 */
export class IcmpErrorLimit {
  readonly #total = new TokenBucket(TOTAL_INTERVAL_NS, TOTAL_BURST);
  readonly #destinations = new Map<string, TokenBucket>();

  allows(destination: Address, now: Instant): boolean {
    const key = addressKey(destination);
    let bucket = this.#destinations.get(key);
    if (bucket === undefined) {
      bucket = new TokenBucket(PER_DESTINATION_INTERVAL_NS, PER_DESTINATION_BURST);
      this.#destinations.set(key, bucket);
      if (this.#destinations.size > DESTINATIONS_MAX) this.#forgetOldest();
    }
    return bucket.take(now) && this.#total.take(now);
  }

  get size(): number {
    return this.#destinations.size;
  }

  #forgetOldest(): void {
    for (const key of this.#destinations.keys()) {
      this.#destinations.delete(key);
      return;
    }
  }
}
