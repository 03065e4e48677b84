import type { Instant } from '../../wire/instant.ts';

/** When each of many has something to do: the earliest first, of equal ones the one that was set first. */
export class Alarms {
  readonly #due = new Map<number, Instant>();
  /** A heap by time, then age; entries that `#due` does not agree with any more are passed over. */
  readonly #heap: { readonly at: Instant; readonly order: number; readonly id: number }[] = [];
  #order = 0;

  /** How much is kept, for whoever counts it. */
  get entries(): number {
    return this.#heap.length;
  }

  /** null: nothing to do. */
  set(id: number, at: Instant | null): void {
    if (at === null) {
      this.#due.delete(id);
      return;
    }
    if (this.#due.get(id) === at) return;
    this.#due.set(id, at);
    this.#push({ at, order: this.#order++, id });
    this.#tidy();
  }

  /** The time of the earliest, or null. */
  next(): Instant | null {
    return this.#first()?.at ?? null;
  }

  /** Takes one that is due; null: none is. It has to be set again. */
  takeDue(now: Instant): number | null {
    const first = this.#first();
    if (first === null || first.at > now) return null;
    this.#pop();
    this.#due.delete(first.id);
    return first.id;
  }

  #first() {
    for (;;) {
      const [first] = this.#heap;
      if (first === undefined) return null;
      if (this.#due.get(first.id) === first.at) return first;
      this.#pop();
    }
  }

  /** What was set again and again has left its former entries behind: they go when they are most of the heap. */
  #tidy(): void {
    if (this.#heap.length < 2 * this.#due.size + SPARE) return;
    const entries = this.#heap.splice(0).filter(({ id, at }) => this.#due.get(id) === at);
    for (const entry of entries) this.#push(entry);
  }

  #push(entry: { readonly at: Instant; readonly order: number; readonly id: number }): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = heap[above];
      if (other === undefined || !isBefore(entry, other)) break;
      heap[at] = other;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const [l, r] = [heap[left], heap[right]];
      if (l === undefined) break;
      const [below, smaller] = r !== undefined && isBefore(r, l) ? [right, r] : [left, l];
      if (!isBefore(smaller, last)) break;
      heap[at] = smaller;
      at = below;
    }
    heap[at] = last;
  }
}

const SPARE = 64;

interface Entry {
  readonly at: Instant;
  readonly order: number;
}

const isBefore = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
