import type { Instant } from '../../wire/instant.ts';

/** A bucket of tokens: `burst` at once, then one every `everyNs`. */
export class RateLimit {
  readonly #everyNs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt: Instant = 0;

  constructor(everyNs: number, burst: number) {
    this.#everyNs = everyNs;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Whether one more may be done now; counts it. */
  take(now: Instant): boolean {
    const gained = Math.floor((now - this.#filledAt) / this.#everyNs);
    if (gained > 0) {
      this.#tokens = Math.min(this.#burst, this.#tokens + gained);
      this.#filledAt += gained * this.#everyNs;
    }
    if (this.#tokens === 0) return false;
    this.#tokens--;
    return true;
  }
}
