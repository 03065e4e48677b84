import { createHash } from 'node:crypto';
import { fromHex } from '../../wire/testing/must.ts';
import type { Random } from '../random.ts';

/** Octets that a seed determines. */
export function seededRandom(seed: number | string): Random {
  let drawn = 0;
  return {
    bytes(count) {
      drawn++;
      return new Uint8Array(
        createHash('shake256', { outputLength: Math.max(1, count) })
          .update(`${seed} ${drawn}`)
          .digest(),
      ).subarray(0, count);
    },
  };
}

/** Exactly these octets, hexadecimal, in this order: for vectors whose private values are published. */
export function randomOf(...hex: readonly string[]): Random {
  const octets = fromHex(hex.join(''));
  let at = 0;
  return {
    bytes(count) {
      if (at + count > octets.length) throw new Error(`${count} random octets asked for, ${octets.length - at} left`);
      at += count;
      return octets.slice(at - count, at);
    },
  };
}

/** What an elliptic curve has to draw to come to this private key, both hexadecimal: (octets mod (order - 1)) + 1, of 64 bits more. */
export function drawnFor(secret: string): string {
  return (BigInt(`0x${secret}`) - 1n).toString(16).padStart(secret.length + 16, '0');
}
