import type { InputFeed } from './input-feed.ts';

/** Who moves a simulation's clock: as fast as it goes, or with the clock on the wall. */
export interface Pace {
  /** Brings lab time up to date. Before anything is done to the lab from outside. */
  enter(): void;
  /** After something was done from outside: it may have scheduled events. */
  kick(): void;
  /**
   * Calls `begin` now and lets lab time pass until it calls `finish`. Rejected when the lab is stopped first, or when an event
   * throws (a bug).
   */
  run<T>(begin: (finish: (value: T) => void) => void): Promise<T>;
  /** A program whose input comes from outside. Forgotten when the program has ended. */
  feed(feed: InputFeed): void;
  /** Time stands still from now on. */
  stop(): void;
}

/** What `run` waits for. */
export class Waiting {
  readonly #rejects = new Set<(error: Error) => void>();
  #finished = 0;

  get count(): number {
    return this.#rejects.size;
  }

  /** How many have been finished so far. */
  get finished(): number {
    return this.#finished;
  }

  start<T>(begin: (finish: (value: T) => void) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#rejects.add(reject);
      const finish = (value: T) => {
        if (!this.#rejects.delete(reject)) return;
        this.#finished++;
        resolve(value);
      };
      try {
        begin(finish);
      } catch (error) {
        this.#rejects.delete(reject);
        throw error; // rejects the promise
      }
    });
  }

  fail(error: Error): void {
    for (const reject of this.#rejects) reject(error);
    this.#rejects.clear();
  }
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
