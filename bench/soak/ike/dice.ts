import { createHash } from 'node:crypto';
import type { Random } from '../../../engine/crypto/random.ts';

/** Choices by a seed, millions of them a second: what is drawn here is nobody's key. */
export interface Dice extends Random {
  /** A whole number in [0, limit); `limit` up to 2^32. */
  below(limit: number): number;
  /** Throws for an empty list. */
  pick<T>(choices: readonly T[]): T;
  /** True once in so many times. */
  once(inSoMany: number): boolean;
}

/** The generator sfc32, its state the hash of the seed. */
export function createDice(seed: string): Dice {
  const state = createHash('sha256').update(seed).digest();
  let [a, b, c, count] = [0, 4, 8, 12].map(at => state.readInt32LE(at)) as [number, number, number, number];
  const next = (): number => {
    const sum = (((a + b) | 0) + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  const below = (limit: number): number => Math.floor((next() / 2 ** 32) * limit);
  return {
    below,
    once: inSoMany => below(inSoMany) === 0,
    bytes(length) {
      const octets = new Uint8Array(length);
      for (let at = 0; at < length; at++) octets[at] = next() >>> 24;
      return octets;
    },
    pick(choices) {
      if (choices.length === 0) throw new Error('nothing to pick from');
      return choices[below(choices.length)] as (typeof choices)[number];
    },
  };
}
