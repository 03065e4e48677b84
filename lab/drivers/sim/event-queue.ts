import type { Instant } from '../../../engine/wire/instant.ts';

/**
 * What is due, in the order (time, order of pushing): two events of the same instant run in the order in which they were
 * scheduled, so a run depends on nothing but its input. A binary heap in three parallel arrays; push and pop are O(log n).
 */
export class EventQueue<T> {
  readonly #times: Instant[] = [];
  readonly #sequences: number[] = [];
  readonly #values: T[] = [];
  #nextSequence = 0;

  get size(): number {
    return this.#values.length;
  }

  /** When the next event is due; null when there is none. */
  get nextAt(): Instant | null {
    return this.#times[0] ?? null;
  }

  push(at: Instant, value: T): void {
    this.#times.push(at);
    this.#sequences.push(this.#nextSequence++);
    this.#values.push(value);
    this.#rise(this.#values.length - 1);
  }

  /** The next event, removed; null when there is none. */
  pop(): { readonly at: Instant; readonly value: T } | null {
    const at = this.#times[0];
    const value = this.#values[0];
    if (at === undefined || value === undefined) return null;
    const last = this.#values.length - 1;
    this.#swap(0, last);
    this.#times.pop();
    this.#sequences.pop();
    this.#values.pop();
    this.#sink(last);
    return { at, value };
  }

  clear(): void {
    this.#times.length = 0;
    this.#sequences.length = 0;
    this.#values.length = 0;
  }

  #rise(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#before(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #sink(size: number): void {
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      if (left >= size) return;
      const right = left + 1;
      const child = right < size && this.#before(right, left) ? right : left;
      if (!this.#before(child, index)) return;
      this.#swap(index, child);
      index = child;
    }
  }

  #before(a: number, b: number): boolean {
    const earlier = (this.#times[a] as Instant) - (this.#times[b] as Instant);
    return earlier < 0 || (earlier === 0 && (this.#sequences[a] as number) < (this.#sequences[b] as number));
  }

  #swap(a: number, b: number): void {
    exchange(this.#times, a, b);
    exchange(this.#sequences, a, b);
    exchange(this.#values, a, b);
  }
}

function exchange(list: unknown[], a: number, b: number): void {
  const kept = list[a];
  list[a] = list[b];
  list[b] = kept;
}
