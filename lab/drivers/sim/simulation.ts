import type { Instant } from '../../../engine/wire/instant.ts';
import { SimulationClock } from './clock.ts';
import { EventQueue } from './event-queue.ts';

/** More is a bug: causes and effects without time between them. */
const EVENTS_PER_INSTANT_MAX = 1_000_000;

/** The clock and the one queue of everything that will happen. It runs when told to: see pace.ts. */
export class Simulation {
  readonly clock = new SimulationClock();
  readonly #queue = new EventQueue<() => void>();
  #eventsAtThisInstant = 0;

  get now(): Instant {
    return this.clock.now;
  }

  /** When the next event is due; null: nothing will ever happen by itself. */
  get nextAt(): Instant | null {
    return this.#queue.nextAt;
  }

  /** `run` at that time (now, where it is past), after all that was scheduled for the same instant before. */
  schedule(at: Instant, run: () => void): void {
    this.#queue.push(Math.max(Math.ceil(at), this.clock.now), run);
  }

  /** Moves the clock to the next event and runs it. False: there is none. */
  step(): boolean {
    const event = this.#queue.pop();
    if (event === null) return false;
    this.#eventsAtThisInstant = event.at > this.clock.now ? 1 : this.#eventsAtThisInstant + 1;
    if (this.#eventsAtThisInstant > EVENTS_PER_INSTANT_MAX) {
      throw new Error(`${EVENTS_PER_INSTANT_MAX} events at ${event.at} ns: time stands still`);
    }
    this.clock.advance(event.at);
    event.value();
    return true;
  }

  /** Nothing more will happen. */
  clear(): void {
    this.#queue.clear();
  }
}
