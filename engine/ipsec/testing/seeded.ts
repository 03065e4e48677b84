import { createCipheriv, createHash } from 'node:crypto';
import type { Random } from '../../crypto/random.ts';

/** For tests: octets and choices that the same seed brings again. */
export interface Seeded extends Random {
  /** A whole number in [0, limit); `limit` up to 2^32. */
  below(limit: number): number;
  pick<T>(choices: readonly T[]): T;
}

/** AES in counter mode under the hash of the seed: seeds that differ in one letter are unrelated. */
export function createSeeded(seed: string): Seeded {
  const stream = createCipheriv('aes-256-ctr', createHash('sha256').update(seed).digest(), new Uint8Array(16));
  const bytes = (count: number): Uint8Array => new Uint8Array(stream.update(new Uint8Array(count)));
  const below = (limit: number): number => Number(Buffer.from(bytes(8)).readBigUInt64BE() % BigInt(limit));
  const pick = <T>(choices: readonly T[]): T => {
    const choice = choices[below(choices.length)];
    if (choice === undefined) throw new Error('nothing to pick from');
    return choice;
  };
  return { bytes, below, pick };
}
