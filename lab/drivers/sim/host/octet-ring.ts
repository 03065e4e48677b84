/**
 * A first-in first-out queue of octets with a fixed capacity: the buffer of a socket. It allocates as it fills, and keeps
 * what it has allocated.
 */
export class OctetRing {
  readonly capacity: number;
  #octets = new Uint8Array(0);
  #start = 0;
  #length = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get length(): number {
    return this.#length;
  }

  get room(): number {
    return this.capacity - this.#length;
  }

  /** Copies as much as there is room for; how much that was. */
  append(octets: Uint8Array): number {
    const count = Math.min(octets.length, this.room);
    if (this.#length + count > this.#octets.length) this.#grow(this.#length + count);
    const at = (this.#start + this.#length) % this.#octets.length || 0;
    const untilEnd = Math.min(count, this.#octets.length - at);
    this.#octets.set(octets.subarray(0, untilEnd), at);
    this.#octets.set(octets.subarray(untilEnd, count), 0);
    this.#length += count;
    return count;
  }

  /** A copy of `count` octets, `offset` octets after the oldest. RangeError past the end. */
  peek(offset: number, count: number): Uint8Array {
    if (offset + count > this.#length) throw new RangeError(`${offset} + ${count} of ${this.#length} octets`);
    const copy = new Uint8Array(count);
    if (count === 0) return copy;
    const at = (this.#start + offset) % this.#octets.length;
    const untilEnd = Math.min(count, this.#octets.length - at);
    copy.set(this.#octets.subarray(at, at + untilEnd), 0);
    copy.set(this.#octets.subarray(0, count - untilEnd), untilEnd);
    return copy;
  }

  /** Drops the oldest `count` octets. RangeError when there are fewer. */
  discard(count: number): void {
    if (count > this.#length) throw new RangeError(`${count} of ${this.#length} octets`);
    if (count === 0) return;
    this.#start = (this.#start + count) % this.#octets.length;
    this.#length -= count;
  }

  #grow(needed: number): void {
    let size = Math.max(2048, this.#octets.length * 2);
    while (size < needed) size *= 2;
    const grown = new Uint8Array(Math.min(size, this.capacity));
    const kept = this.peek(0, this.#length);
    grown.set(kept, 0);
    this.#octets = grown;
    this.#start = 0;
  }
}
