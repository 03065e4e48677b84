import type { Instant } from '../../../engine/wire/instant.ts';

/** 2026-01-01T00:00:00Z in nanoseconds since the Unix epoch: where the lab time of every simulated run begins. */
export const SIMULATION_EPOCH_NS = BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n;

/** The time of a simulated lab. It moves only when the event loop moves it, and never backwards. */
export class SimulationClock {
  #now: Instant = 0;

  /** Nanoseconds since the run began. */
  get now(): Instant {
    return this.#now;
  }

  /** Nanoseconds since the Unix epoch. */
  get unixNs(): bigint {
    return SIMULATION_EPOCH_NS + BigInt(this.#now);
  }

  /** Throws when `to` is in the past: an event ran out of order. */
  advance(to: Instant): void {
    if (to < this.#now) throw new Error(`the clock was asked to go back from ${this.#now} ns to ${to} ns`);
    this.#now = to;
  }
}
