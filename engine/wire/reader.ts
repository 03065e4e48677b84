import { u16At, u32At, u8At } from './octets.ts';
import { WireError } from './wire-error.ts';

/** Reads big-endian fields one after the other. What is not there throws `WireError` with the field's name. */
export class Reader {
  readonly #octets: Uint8Array;
  readonly #what: string;
  readonly #base: number;
  #offset = 0;

  /**
   * `what` goes before each field's name in an error: `ICMPv6`, `ESP`. `base` is where `octets` begin in the whole, for the
   * offset that an error tells. Views of `octets` are handed out, not copies.
   */
  constructor(octets: Uint8Array, what = '', base = 0) {
    this.#octets = octets;
    this.#what = what;
    this.#base = base;
  }

  /** Octets read so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Octets left. */
  get remaining(): number {
    return this.#octets.length - this.#offset;
  }

  u8(field: string): number {
    return u8At(this.#octets, this.#advance(1, field));
  }

  u16(field: string): number {
    return u16At(this.#octets, this.#advance(2, field));
  }

  u32(field: string): number {
    return u32At(this.#octets, this.#advance(4, field));
  }

  u64(field: string): bigint {
    const at = this.#advance(8, field);
    return (BigInt(u32At(this.#octets, at)) << 32n) | BigInt(u32At(this.#octets, at + 4));
  }

  /** A view of the next `count` octets. */
  bytes(count: number, field: string): Uint8Array {
    const at = this.#advance(count, field);
    return this.#octets.subarray(at, at + count);
  }

  skip(count: number, field: string): void {
    this.#advance(count, field);
  }

  /** A view of all that is left. */
  rest(): Uint8Array {
    const at = this.#offset;
    this.#offset = this.#octets.length;
    return this.#octets.subarray(at);
  }

  /** For a value that is present and wrong: the error names the field and the octet where it began. */
  error(field: string, offset: number, why: string): WireError {
    return new WireError(this.#what === '' ? field : `${this.#what} ${field}`, this.#base + offset, why);
  }

  #advance(count: number, field: string): number {
    const at = this.#offset;
    if (count > this.#octets.length - at) {
      throw this.error(field, at, `needs ${count} octets, ${this.#octets.length - at} are left`);
    }
    this.#offset = at + count;
    return at;
  }
}
