/** Octets that came in pieces and leave in records. Knows its position in the whole stream. */
export class ByteQueue {
  #buffer = new Uint8Array(4096);
  #start = 0;
  #end = 0;
  /** Octets still to be thrown away as they arrive. */
  #toDiscard = 0;
  #offset = 0;

  /** Position in the stream of the next octet. */
  get offset(): number {
    return this.#offset;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** Octets that `discard` still waits for. */
  get missing(): number {
    return this.#toDiscard;
  }

  /** Appends a copy of the chunk. */
  push(chunk: Uint8Array): void {
    const skipped = Math.min(this.#toDiscard, chunk.length);
    this.#toDiscard -= skipped;
    this.#offset += skipped;
    const rest = chunk.subarray(skipped);
    this.#reserve(rest.length);
    this.#buffer.set(rest, this.#end);
    this.#end += rest.length;
  }

  /** A view of the first `count` octets, valid until the next `push`; null when fewer are here. */
  peek(count: number): Uint8Array | null {
    return this.length < count ? null : this.#buffer.subarray(this.#start, this.#start + count);
  }

  /** Drops `count` octets, of which some may be yet to come. */
  discard(count: number): void {
    const here = Math.min(count, this.length);
    this.#start += here;
    this.#offset += here;
    this.#toDiscard += count - here;
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    }
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#buffer.length) return;
    const length = this.length;
    const target =
      length + count <= this.#buffer.length / 2
        ? this.#buffer
        : new Uint8Array(grown(this.#buffer.length, length + count));
    target.set(this.#buffer.subarray(this.#start, this.#end));
    this.#buffer = target;
    this.#start = 0;
    this.#end = length;
  }
}

/** Doubling keeps a large record that arrives in small pieces linear. */
function grown(capacity: number, needed: number): number {
  let size = capacity;
  while (size < needed) size *= 2;
  return size;
}
