import { createHash } from 'node:crypto';
import type { Random } from '../../../engine/crypto/random.ts';

/** A reproducible stream: the same seed gives the same octets and numbers on every machine. */
export interface SeededRandom extends Random {
  /** A number in [0, 1) with 53 random bits. */
  uniform(): number;
  /** A whole number in [0, 2^32). */
  u32(): number;
}

/**
 * xoshiro128** (Blackman, Vigna: "Scrambled linear pseudorandom number generators", 2018) whose state is the SHA-256 of the seed
 * text: seeds that differ in one letter are unrelated, so a stream of its own costs no more than a name (`7/node/alice`).
 * For simulation only: it is predictable by design.
 */
export function createSeededRandom(seed: string): SeededRandom {
  const digest = createHash('sha256').update(seed, 'utf8').digest();
  let a = digest.readInt32LE(0);
  let b = digest.readInt32LE(4);
  let c = digest.readInt32LE(8);
  let d = digest.readInt32LE(12) | 1; // an all-zero state would stay zero

  function u32(): number {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  }

  return {
    u32,
    uniform: () => ((u32() >>> 5) * 0x4000000 + (u32() >>> 6)) / 0x20000000000000,
    bytes(count) {
      const octets = new Uint8Array(count);
      const words = new DataView(octets.buffer);
      let offset = 0;
      for (; offset + 4 <= count; offset += 4) words.setUint32(offset, u32(), true);
      for (let last = offset < count ? u32() : 0; offset < count; offset++, last >>>= 8) octets[offset] = last & 0xff;
      return octets;
    },
  };
}
