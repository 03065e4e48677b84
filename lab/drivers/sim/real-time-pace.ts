import { type Instant, NS_PER_MS } from '../../../engine/wire/instant.ts';
import type { InputFeed } from './input-feed.ts';
import { asError, type Pace, Waiting } from './pace.ts';
import type { Simulation } from './simulation.ts';

/** How long events may run before others on this thread get a turn. */
const TURN_NS = 8 * NS_PER_MS;

/**
 * Real time: each event runs when its time has come, and sees the clock at exactly that time even when the timer was late; so
 * a 20 ms link shows 20 ms. A lab that cannot keep up falls behind, and skips nothing.
 */
export class RealTimePace implements Pace {
  readonly #simulation: Simulation;
  readonly #waiting = new Waiting();
  readonly #startedAt = process.hrtime.bigint();
  #feeds: InputFeed[] = [];
  #timer: { cancel(): void } | null = null;
  /** Why time stands still for good. */
  #stopped: Error | null = null;
  /** An event is being run; what it does to the lab waits for it. */
  #isRunning = false;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  enter(): void {
    this.#catchUp();
  }

  kick(): void {
    this.#catchUp();
    this.#pullInputs();
    this.#sleep();
  }

  run<T>(begin: (finish: (value: T) => void) => void): Promise<T> {
    if (this.#stopped !== null) return Promise.reject(this.#stopped);
    this.enter();
    const result = this.#waiting.start(begin);
    this.kick();
    return result;
  }

  feed(feed: InputFeed): void {
    this.#feeds.push(feed);
    this.kick();
  }

  stop(): void {
    this.#fail(new Error('the lab is down'));
  }

  #fail(error: Error): void {
    this.#stopped ??= error;
    this.#timer?.cancel();
    this.#simulation.clear();
    this.#waiting.fail(this.#stopped);
  }

  /** Runs what is due, for one turn at most, and sets the clock where nothing is left behind. */
  #catchUp(): void {
    if (this.#stopped !== null || this.#isRunning) return;
    this.#isRunning = true;
    const turnEnds = this.#elapsed() + TURN_NS;
    try {
      for (let elapsed = this.#elapsed(); elapsed < turnEnds; elapsed = this.#elapsed()) {
        const next = this.#simulation.nextAt;
        if (next === null || next > elapsed) {
          this.#simulation.clock.advance(Math.max(elapsed, this.#simulation.now));
          return;
        }
        this.#simulation.step();
      }
    } catch (error) {
      this.#fail(asError(error));
      throw error;
    } finally {
      this.#isRunning = false;
    }
  }

  #pullInputs(): void {
    this.#feeds = this.#feeds.filter(feed => !feed.hasEnded);
    for (const feed of this.#feeds.filter(feed => feed.isWanted)) {
      void feed.pull(() => this.enter()).then(() => this.kick());
    }
  }

  #sleep(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const next = this.#simulation.nextAt;
    if (next === null || this.#stopped !== null) return;
    const delayMs = Math.ceil((next - this.#elapsed()) / NS_PER_MS);
    if (delayMs <= 0) {
      const immediate = setImmediate(() => this.kick());
      this.#timer = { cancel: () => clearImmediate(immediate) };
      return;
    }
    const timeout = setTimeout(() => this.kick(), Math.min(delayMs, 2 ** 31 - 1));
    // Nobody waits: a router's advertisements in an hour keep no process alive.
    if (this.#waiting.count === 0) timeout.unref();
    this.#timer = { cancel: () => clearTimeout(timeout) };
  }

  #elapsed(): Instant {
    return Number(process.hrtime.bigint() - this.#startedAt);
  }
}
