/** What has come for a program that has not looked yet: bounded, the newest is dropped when it is full. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #max: number;
  readonly #changed: () => void;
  #dropped = 0;

  constructor(max: number, changed: () => void) {
    this.#max = max;
    this.#changed = changed;
  }

  /** How many there was no room for. */
  get dropped(): number {
    return this.#dropped;
  }

  put(item: T): void {
    if (this.#items.length >= this.#max) this.#dropped++;
    else this.#items.push(item);
    this.#changed();
  }

  /** The oldest; null when there is none. */
  take(): T | null {
    return this.#items.shift() ?? null;
  }
}
