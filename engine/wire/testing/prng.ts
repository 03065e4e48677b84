/** Reproducible randomness for property tests: mulberry32, by Tommy Ettinger, public domain. Nothing for keys. */
export class Prng {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * bound);
  }

  flip(): boolean {
    return this.below(2) === 1;
  }

  bytes(count: number): Uint8Array {
    const octets = new Uint8Array(count);
    for (let i = 0; i < count; i++) octets[i] = this.below(256);
    return octets;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  /** A copy with some octets changed, and sometimes cut or grown. */
  mutate(octets: Uint8Array): Uint8Array {
    const length = this.below(4) === 0 ? this.below(octets.length + 9) : octets.length;
    const mutated = new Uint8Array(length);
    mutated.set(octets.subarray(0, length));
    const changes = length === 0 ? 0 : this.below(5);
    for (let i = 0; i < changes; i++) mutated[this.below(length)] = this.pick([0, 1, 255, this.below(256)]);
    return mutated;
  }
}
