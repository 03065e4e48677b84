/**
 * What a program reads: filled from outside, one chunk at a time, and only when the program has asked for it, so that a
 * program never gets more than it reads.
 */
export class StandardInput {
  /** Set by the process that reads. */
  changed: () => void = () => undefined;
  #chunk: Uint8Array | null = null;
  #isEnded: boolean;
  #isWanted = false;

  /** Input that is at its end from the start where `source` is `none`. */
  constructor(source: 'fed' | 'none') {
    this.#isEnded = source === 'none';
  }

  /** The program waits for more, and there is none here. */
  get isWanted(): boolean {
    return this.#isWanted && this.#chunk === null && !this.#isEnded;
  }

  /** Everything has been read. */
  get isAtEnd(): boolean {
    return this.#isEnded && this.#chunk === null;
  }

  /** The next octets; null: none yet (the program is woken when there are), or none any more (`isAtEnd`). */
  read(): Uint8Array | null {
    const chunk = this.#chunk;
    this.#chunk = null;
    this.#isWanted = chunk === null;
    return chunk;
  }

  /** Throws while there is something unread: whoever feeds looks at `isWanted` first. */
  feed(octets: Uint8Array): void {
    if (this.#chunk !== null) throw new Error('input was fed before the last was read');
    if (octets.length === 0 || this.#isEnded) return;
    this.#isWanted = false;
    this.#chunk = octets;
    this.changed();
  }

  end(): void {
    this.#isEnded = true;
    this.changed();
  }
}

/** The streams of a program that nobody talks to. */
export function silent(): { stdin: StandardInput; stdout: () => void; stderr: () => void } {
  return { stdin: new StandardInput('none'), stdout: () => undefined, stderr: () => undefined };
}
