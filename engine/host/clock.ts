import { type Instant, NS_PER_MS } from '../wire/instant.ts';

/** A node's clock on a live node: it counts from the start of the process, and runs ahead when a fault says so. */
export class LiveClock {
  #skewNs = 0;

  now(): Instant {
    return Math.round(performance.now() * NS_PER_MS) + this.#skewNs;
  }

  get skewNs(): number {
    return this.#skewNs;
  }

  /** From now on further ahead by this much; negative: behind. */
  skew(byNs: number): void {
    this.#skewNs += byNs;
  }
}
