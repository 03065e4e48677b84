import type { Machine } from './machine.ts';
import type { Process } from './host/process.ts';

/** Carries the input of a program from outside to it, one chunk whenever the program asks. */
export class InputFeed {
  readonly #machine: Machine;
  readonly #process: Process;
  readonly #source: AsyncIterator<Uint8Array>;
  #isPulling = false;

  constructor(source: AsyncIterable<Uint8Array>, process: Process, machine: Machine) {
    this.#source = source[Symbol.asyncIterator]();
    this.#process = process;
    this.#machine = machine;
  }

  get hasEnded(): boolean {
    return this.#process.hasEnded;
  }

  /** The program waits for input, and nobody is fetching it yet. */
  get isWanted(): boolean {
    return !this.#isPulling && !this.#process.hasEnded && this.#process.stdin.isWanted;
  }

  /** Fetches one chunk and hands it over. `before` runs when it has come, ahead of the program. */
  async pull(before: () => void): Promise<void> {
    this.#isPulling = true;
    const chunk = await this.#next();
    this.#isPulling = false;
    if (this.#process.hasEnded) return;
    before();
    if (chunk === null) this.#process.stdin.end();
    else this.#process.stdin.feed(chunk);
    this.#machine.resume();
  }

  /** null: the end. A source that fails has ended: the program cannot do anything else about it. */
  async #next(): Promise<Uint8Array | null> {
    try {
      const { value, done } = await this.#source.next();
      return done === true ? null : value;
    } catch {
      return null;
    }
  }
}
