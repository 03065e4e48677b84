import type { InputFeed } from './input-feed.ts';
import { asError, type Pace, Waiting } from './pace.ts';
import type { Simulation } from './simulation.ts';

/** Events in one go, before others on this thread get a turn. */
const EVENTS_PER_TURN = 5000;

/**
 * Virtual time: the clock jumps from event to event, and only while somebody waits for something. Whoever was answered goes on
 * before the next event, and a program that wants input stops the clock until it has some: so a run depends on what is done to
 * the lab, never on when.
 */
export class VirtualPace implements Pace {
  readonly #simulation: Simulation;
  readonly #waiting = new Waiting();
  #feeds: InputFeed[] = [];
  #isLooping = false;
  /** Why time stands still for good. */
  #stopped: Error | null = null;
  /** Ends the sleep of a loop that has nothing to do. */
  #rouse: (() => void) | null = null;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  enter(): void {
    // Nothing has happened since: time passes only in the loop.
  }

  kick(): void {
    this.#rouse?.();
    if (this.#isLooping || this.#waiting.count === 0 || this.#stopped !== null) return;
    this.#isLooping = true;
    void this.#loop();
  }

  run<T>(begin: (finish: (value: T) => void) => void): Promise<T> {
    if (this.#stopped !== null) return Promise.reject(this.#stopped);
    const result = this.#waiting.start(begin);
    this.kick();
    return result;
  }

  feed(feed: InputFeed): void {
    this.#feeds.push(feed);
  }

  stop(): void {
    this.#fail(new Error('the lab is down'));
    this.#rouse?.();
  }

  #fail(error: Error): void {
    this.#stopped ??= error;
    this.#simulation.clear();
    this.#waiting.fail(this.#stopped);
  }

  async #loop(): Promise<void> {
    try {
      await nextTurn();
      while (this.#waiting.count > 0 && this.#stopped === null) {
        const feed = this.#wantingFeed();
        if (feed !== null) await feed.pull(() => undefined);
        else if (this.#simulation.nextAt === null) await new Promise<void>(resolve => (this.#rouse = resolve));
        else this.#runSome();
        this.#rouse = null;
        await nextTurn();
      }
    } catch (error) {
      this.#fail(asError(error));
    }
    this.#isLooping = false;
  }

  #runSome(): void {
    const { finished } = this.#waiting;
    for (let count = 0; count < EVENTS_PER_TURN; count++) {
      if (!this.#simulation.step() || this.#waiting.finished !== finished || this.#stopped !== null) return;
      if (this.#feeds.length > 0 && this.#wantingFeed() !== null) return;
    }
  }

  #wantingFeed(): InputFeed | null {
    if (this.#feeds.some(feed => feed.hasEnded)) this.#feeds = this.#feeds.filter(feed => !feed.hasEnded);
    return this.#feeds.find(feed => feed.isWanted) ?? null;
  }
}

/** Lets every promise that was settled be acted upon, and input and output be done. */
function nextTurn(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve);
  });
}
