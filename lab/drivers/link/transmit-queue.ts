import type { Instant } from '../../../engine/wire/instant.ts';

/**
 * The sender's port at a given rate: one frame leaves at a time, a bounded number wait behind it, the next is dropped (drop-tail).
 * It keeps one start time for each waiting frame, in a ring that grows to `framesMax` at most.
 */
export class TransmitQueue {
  readonly #bitsPerNs: number;
  readonly #framesMax: number;
  /** When each waiting frame begins to leave, oldest first from `#head`. */
  #starts: Float64Array = new Float64Array(16);
  #head = 0;
  #waiting = 0;
  #freeAt: Instant = 0;

  constructor(bitsPerNs: number, framesMax: number) {
    this.#bitsPerNs = bitsPerNs;
    this.#framesMax = framesMax;
  }

  /** When the last bit of the frame has left; null: no room, it is dropped. */
  push(octets: number, now: Instant): Instant | null {
    while (this.#waiting > 0 && this.#startOf(0) <= now) this.#dropFirst();
    const start = Math.max(now, this.#freeAt);
    if (start > now) {
      if (this.#waiting >= this.#framesMax) return null;
      this.#append(start);
    }
    this.#freeAt = start + Math.ceil((octets * 8) / this.#bitsPerNs);
    return this.#freeAt;
  }

  #startOf(index: number): Instant {
    return this.#starts[(this.#head + index) % this.#starts.length] ?? 0;
  }

  #dropFirst(): void {
    this.#head = (this.#head + 1) % this.#starts.length;
    this.#waiting--;
  }

  #append(start: Instant): void {
    if (this.#waiting === this.#starts.length) {
      const grown = new Float64Array(this.#starts.length * 2);
      for (let index = 0; index < this.#waiting; index++) grown[index] = this.#startOf(index);
      this.#starts = grown;
      this.#head = 0;
    }
    this.#starts[(this.#head + this.#waiting) % this.#starts.length] = start;
    this.#waiting++;
  }
}
