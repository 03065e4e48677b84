import { setU16, setU32 } from './octets.ts';

/** Writes big-endian fields one after the other and grows as needed. Values outside a field are cut to its width. */
export class Writer {
  #octets: Uint8Array;
  #length = 0;

  constructor(capacity = 64) {
    this.#octets = new Uint8Array(capacity);
  }

  /** Octets written so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    const at = this.#grow(1);
    this.#octets[at] = value;
  }

  u16(value: number): void {
    const at = this.#grow(2);
    setU16(this.#octets, at, value);
  }

  u32(value: number): void {
    const at = this.#grow(4);
    setU32(this.#octets, at, value);
  }

  u64(value: bigint): void {
    this.u32(Number((value >> 32n) & 0xffff_ffffn));
    this.u32(Number(value & 0xffff_ffffn));
  }

  bytes(octets: Uint8Array): void {
    const at = this.#grow(octets.length);
    this.#octets.set(octets, at);
  }

  /** All that was written, as an array that the caller owns. The writer is not used again. */
  finish(): Uint8Array {
    return this.#octets.subarray(0, this.#length);
  }

  #grow(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#octets.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#octets.length * 2));
      larger.set(this.#octets.subarray(0, at));
      this.#octets = larger;
    }
    return at;
  }
}
