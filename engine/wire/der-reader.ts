import { WireError } from './wire-error.ts';
import { parseTime } from './der-time.ts';

/** Universal tags of X.690 §8, with the constructed bit where it belongs. */
export const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OID: 0x06,
  ENUMERATED: 0x0a,
  UTF8_STRING: 0x0c,
  NUMERIC_STRING: 0x12,
  PRINTABLE_STRING: 0x13,
  TELETEX_STRING: 0x14,
  IA5_STRING: 0x16,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  VISIBLE_STRING: 0x1a,
  UNIVERSAL_STRING: 0x1c,
  BMP_STRING: 0x1e,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/** `[n]` of a context, primitive (IMPLICIT of a primitive type) or constructed. */
export const contextPrimitive = (number: number): number => 0x80 | number;
export const contextConstructed = (number: number): number => 0xa0 | number;

/** One value: its tag octet, what is in it, and all of it. Views of what was read. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

/**
 * Reads DER (X.690 §10) one value after the other, and nothing but DER: definite lengths in their shortest form, tags below 31.
 * What is not there or not so throws `WireError` with the field's name. Depth is the caller's: this never recurses.
 */
export class DerReader {
  readonly #octets: Uint8Array;
  readonly #what: string;
  #offset = 0;

  /** `what` goes before each field's name in an error: `certificate`, `CRL`. */
  constructor(octets: Uint8Array, what: string) {
    this.#octets = octets;
    this.#what = what;
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#octets.length;
  }

  /** The tag of the next value; null at the end. */
  peek(): number | null {
    return this.#octets[this.#offset] ?? null;
  }

  /** The next value, whatever it is. */
  any(field: string): DerElement {
    const start = this.#offset;
    const tag = this.#octet(field);
    if ((tag & 0x1f) === 0x1f) throw this.error(field, 'has a tag of more than one octet');
    const length = this.#length(field);
    const at = this.#offset;
    if (length > this.#octets.length - at) {
      throw this.error(field, `says ${length} octets, ${this.#octets.length - at} are left`);
    }
    this.#offset = at + length;
    return {
      tag,
      content: this.#octets.subarray(at, at + length),
      whole: this.#octets.subarray(start, at + length),
    };
  }

  element(tag: number, field: string): DerElement {
    const found = this.peek();
    if (found !== tag) {
      throw this.error(field, `is ${found === null ? 'not there' : `of tag ${hex(found)}`}, not of tag ${hex(tag)}`);
    }
    return this.any(field);
  }

  /** Null, and nothing read, where the next value has another tag. */
  optional(tag: number, field: string): DerElement | null {
    return this.peek() === tag ? this.any(field) : null;
  }

  /** A reader of what is inside of a constructed value. */
  inside(tag: number, field: string): DerReader {
    return new DerReader(this.element(tag, field).content, this.#what);
  }

  optionalInside(tag: number, field: string): DerReader | null {
    const element = this.optional(tag, field);
    return element === null ? null : new DerReader(element.content, this.#what);
  }

  sequence(field: string): DerReader {
    return this.inside(Tag.SEQUENCE, field);
  }

  /** Dotted decimal. */
  oid(field: string): string {
    return this.#oidOf(this.element(Tag.OID, field).content, field);
  }

  /** Its content octets: two's complement, big-endian, shortest form. */
  integer(field: string): Uint8Array {
    const { content } = this.element(Tag.INTEGER, field);
    return this.#shortest(content, field);
  }

  /** A number from 0 to 2^31 - 1. */
  smallInteger(field: string, tag: number = Tag.INTEGER): number {
    const content = this.#shortest(this.element(tag, field).content, field);
    if ((content[0] as number) & 0x80) throw this.error(field, 'is negative');
    if (content.length > 4) throw this.error(field, 'is too large');
    return content.reduce((value, octet) => value * 256 + octet, 0);
  }

  /** DER has TRUE as ff. */
  boolean(field: string): boolean {
    const { content } = this.element(Tag.BOOLEAN, field);
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw this.error(field, 'is not a boolean');
    return content[0] !== 0;
  }

  octetString(field: string): Uint8Array {
    return this.element(Tag.OCTET_STRING, field).content;
  }

  /** A bit string of whole octets. */
  bitString(field: string): Uint8Array {
    const { content } = this.element(Tag.BIT_STRING, field);
    if (content[0] !== 0) throw this.error(field, 'is not of whole octets');
    return content.subarray(1);
  }

  /** The numbers of the bits that are set, from 0, of a named bit list. */
  namedBits(field: string): ReadonlySet<number> {
    const { content } = this.element(Tag.BIT_STRING, field);
    const [unused = 8] = content;
    const bits = (content.length - 1) * 8 - unused;
    // Zeros at the end are cut off, X.690 §11.2.2; some issuers leave them, and they mean nothing.
    if (unused > 7 || bits < 0 || bits > 64) throw this.error(field, 'is not a bit list');
    const set = new Set<number>();
    for (let bit = 0; bit < bits; bit++) {
      if ((content[1 + (bit >> 3)] as number) & (0x80 >> (bit & 7))) set.add(bit);
    }
    return set;
  }

  /** UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 allows them, in seconds since the Unix epoch. */
  time(field: string): number {
    const { tag, content } = this.any(field);
    const seconds = parseTime(tag, content);
    if (seconds === null) throw this.error(field, 'is not a time of RFC 5280');
    return seconds;
  }

  /** Refuses what stands behind the last field. */
  end(field: string): void {
    if (!this.isAtEnd) throw this.error(field, 'has more in it than it should');
  }

  error(field: string, why: string): WireError {
    return new WireError(`${this.#what} ${field}`, this.#offset, why);
  }

  #octet(field: string): number {
    const octet = this.#octets[this.#offset];
    if (octet === undefined) throw this.error(field, 'is cut off');
    this.#offset++;
    return octet;
  }

  #length(field: string): number {
    const first = this.#octet(field);
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw this.error(field, 'has no length of DER');
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#octet(field);
    if (length < 0x80 || length < 2 ** (8 * (count - 1)))
      throw this.error(field, 'has a length that is not the shortest');
    return length;
  }

  #shortest(content: Uint8Array, field: string): Uint8Array {
    const [first, second] = content;
    if (first === undefined) throw this.error(field, 'is an integer of no octets');
    if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
      throw this.error(field, 'is an integer that is not in its shortest form');
    }
    return content;
  }

  #oidOf(content: Uint8Array, field: string): string {
    const text = formatOid(content);
    if (text === null) throw this.error(field, 'is not an object identifier');
    return text;
  }
}

/** Dotted decimal of the content octets; null when they are none, or longer than anybody's (39 octets). */
export function formatOid(content: Uint8Array): string | null {
  if (content.length === 0 || content.length > 39 || (content[content.length - 1] as number) & 0x80) return null;
  const arcs: number[] = [];
  let value = 0;
  let isFirstOctet = true;
  for (const octet of content) {
    if (isFirstOctet && octet === 0x80) return null;
    value = value * 128 + (octet & 0x7f);
    if (value > 0xffff_ffff) return null;
    isFirstOctet = (octet & 0x80) === 0;
    if (!isFirstOctet) continue;
    if (arcs.length === 0) {
      const root = Math.min(2, Math.floor(value / 40));
      arcs.push(root, value - root * 40);
    } else arcs.push(value);
    value = 0;
  }
  return arcs.join('.');
}

function hex(tag: number): string {
  return tag.toString(16).padStart(2, '0');
}
