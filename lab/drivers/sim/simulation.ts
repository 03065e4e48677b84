import type { Instant } from '../../../engine/wire/instant.ts';
import { SimulationClock } from './clock.ts';
import { EventQueue } from './event-queue.ts';

/** The clock and the one queue of everything that will happen. It runs when told to: see pace.ts. */
export class Simulation {
  readonly clock = new SimulationClock();
  readonly #queue = new EventQueue<() => void>();

  get now(): Instant {
    return this.clock.now;
  }

  /** When the next event is due; null: nothing will ever happen by itself. */
  get nextAt(): Instant | null {
    return this.#queue.nextAt;
  }

  /** `run` at that time (now, where it is past), after all that was scheduled for the same instant before. */
  schedule(at: Instant, run: () => void): void {
    this.#queue.push(Math.max(at, this.clock.now), run);
  }

  /** Moves the clock to the next event and runs it. False: there is none. */
  step(): boolean {
    const event = this.#queue.pop();
    if (event === null) return false;
    this.clock.advance(event.at);
    event.value();
    return true;
  }

  /** Nothing more will happen. */
  clear(): void {
    this.#queue.clear();
  }
}
