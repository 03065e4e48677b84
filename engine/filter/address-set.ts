import { type Address, parseAddress } from '../wire/address.ts';
import { parsePrefix } from '../wire/prefix.ts';
import type { FilterEndpoint } from './rule.ts';
import type { WordRange } from './rule-index.ts';

const WORDS = 4;

/** Addresses of both families as ranges of words, so that a packet's are compared without making anything. */
export class AddressSet {
  readonly #negated: boolean;
  /** Lowest and highest address of each range. */
  readonly #ranges4: Uint32Array;
  /** The same with four words for each. */
  readonly #ranges6: Uint32Array;

  /** Throws for a text that is no address: whoever made the rule has validated it. */
  constructor(addresses: readonly string[], negated: boolean) {
    const ranges = addresses.map(readRange);
    const wordsOf = (octets: 4 | 16) =>
      ranges.filter(([low]) => low.length === octets).flatMap(each => each.flatMap(toWords));
    this.#negated = negated;
    this.#ranges4 = Uint32Array.from(wordsOf(4));
    this.#ranges6 = Uint32Array.from(wordsOf(16));
  }

  /** `words` from `at`: one word of an IPv4 address, or four. A set without addresses of a family matches none of it. */
  matches(words: Uint32Array, at: 0 | 4, version: 4 | 6): boolean {
    if (version === 4) {
      if (this.#ranges4.length === 0) return false;
      return this.#has4(words[at] as number) !== this.#negated;
    }
    if (this.#ranges6.length === 0) return false;
    return this.#has6(words, at) !== this.#negated;
  }

  /** The ranges of a family; null: all addresses but some, which are no ranges. */
  ranges(version: 4 | 6): WordRange[] | null {
    if (this.#negated) return null;
    const [words, all] = version === 4 ? [1, this.#ranges4] : [WORDS, this.#ranges6];
    return Array.from({ length: all.length / (2 * words) }, (_, i) => {
      const at = i * 2 * words;
      return [[...all.subarray(at, at + words)], [...all.subarray(at + words, at + 2 * words)]];
    });
  }

  #has4(word: number): boolean {
    const ranges = this.#ranges4;
    for (let i = 0; i < ranges.length; i += 2) {
      if (word >= (ranges[i] as number) && word <= (ranges[i + 1] as number)) return true;
    }
    return false;
  }

  #has6(words: Uint32Array, at: number): boolean {
    const ranges = this.#ranges6;
    for (let i = 0; i < ranges.length; i += 2 * WORDS) {
      if (compare(words, at, ranges, i) >= 0 && compare(words, at, ranges, i + WORDS) <= 0) return true;
    }
    return false;
  }
}

/** null: any. */
export function addressSetOf({ addresses, negated }: FilterEndpoint): AddressSet | null {
  return addresses === null ? null : new AddressSet(addresses, negated);
}

function compare(a: Uint32Array, atA: number, b: Uint32Array, atB: number): number {
  for (let i = 0; i < WORDS; i++) {
    const difference = (a[atA + i] as number) - (b[atB + i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function readRange(text: string): [Address, Address] {
  const [low, high] = text.split('-').map(parseAddress);
  if (low !== undefined && high !== undefined && low !== null && high !== null) return [low, high];
  const prefix = parsePrefix(text);
  if (prefix === null) throw new Error(`filter: ${text} is no address`);
  const hostBits = (i: number) => 0xff >> Math.min(8, Math.max(0, prefix.length - i * 8));
  return [
    prefix.address.map((octet, i) => octet & ~hostBits(i)),
    prefix.address.map((octet, i) => octet | hostBits(i)),
  ];
}

function toWords(address: Address): number[] {
  const words: number[] = [];
  for (let i = 0; i < address.length; i += 4) {
    const [a = 0, b = 0, c = 0, d = 0] = address.subarray(i, i + 4);
    words.push(((a << 24) | (b << 16) | (c << 8) | d) >>> 0);
  }
  return words;
}
