import { parsePrefix } from '../../engine/wire/prefix.ts';
import { u32At, u8At } from '../../engine/wire/octets.ts';

/**
 * Two prefixes, and whether an IP packet goes between them, either way. Compiled for the tripwire: nothing is allocated
 * per packet, and addresses are read where they stand.
 */
export class FlowMatcher {
  readonly version: 4 | 6;
  /** Bits that both prefixes fix together. */
  readonly fixedBits: number;
  readonly #a: Words;
  readonly #b: Words;

  /** Prefixes as text. Throws when they are not two prefixes of one family. */
  constructor(a: string, b: string) {
    const [first, second] = [parsePrefix(a), parsePrefix(b)];
    if (first === null || second === null || first.address.length !== second.address.length) {
      throw new Error(`flow ${a} <-> ${b}: not two prefixes of one family`);
    }
    this.version = first.address.length === 4 ? 4 : 6;
    this.fixedBits = first.length + second.length;
    this.#a = compile(first.address, first.length);
    this.#b = compile(second.address, second.length);
  }

  /** Each end is a single address, as in transport mode. */
  get isBetweenHosts(): boolean {
    return this.fixedBits === (this.version === 4 ? 64 : 256);
  }

  /** Whether the IP header at `at` names an address of each prefix. Its fixed part must be there. */
  matchesAt(octets: Uint8Array, at: number): boolean {
    if (u8At(octets, at) >> 4 !== this.version) return false;
    const source = at + (this.version === 4 ? 12 : 8);
    const destination = source + (this.version === 4 ? 4 : 16);
    if (equal(this.#a, octets, source))
      return equal(this.#b, octets, destination) || this.#backwards(octets, source, destination);
    return this.#backwards(octets, source, destination);
  }

  /** A whole IP packet. */
  matches(packet: Uint8Array): boolean {
    return packet.length >= (this.version === 4 ? 20 : 40) && this.matchesAt(packet, 0);
  }

  #backwards(octets: Uint8Array, source: number, destination: number): boolean {
    return equal(this.#b, octets, source) && equal(this.#a, octets, destination);
  }
}

interface Words {
  readonly values: readonly number[];
  readonly masks: readonly number[];
}

function compile(address: Uint8Array, length: number): Words {
  const masks = Array.from({ length: address.length / 4 }, (_, i) => maskWord(length - 32 * i));
  return { masks, values: masks.map((mask, i) => (u32At(address, 4 * i) & mask) >>> 0) };
}

/** A 32-bit mask of `bits` leading ones; a shift by 32 would be one by 0. */
function maskWord(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? 0xffff_ffff : (0xffff_ffff << (32 - bits)) >>> 0;
}

function equal(words: Words, octets: Uint8Array, at: number): boolean {
  for (let i = 0; i < words.masks.length; i++) {
    if ((u32At(octets, at + 4 * i) & (words.masks[i] as number)) >>> 0 !== words.values[i]) return false;
  }
  return true;
}
