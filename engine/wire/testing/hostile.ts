import { WireError } from '../wire-error.ts';
import type { Prng } from './prng.ts';

/**
 * Runs a decoder on every truncation of an example and on `count` mutations. The octets (hexadecimal, with the error) on which
 * it did anything but return a value or throw a `WireError`.
 */
export function abuse(
  decode: (octets: Uint8Array) => unknown,
  example: Uint8Array,
  random: Prng,
  count: number,
): string[] {
  const truncated = Array.from(example, (_, length) => example.slice(0, length));
  const mutated = Array.from({ length: count }, () => random.mutate(example));
  return [...truncated, ...mutated].flatMap(octets => failure(decode, octets));
}

function failure(decode: (octets: Uint8Array) => unknown, octets: Uint8Array): string[] {
  try {
    decode(octets);
    return [];
  } catch (error) {
    if (error instanceof WireError && error.offset >= 0 && error.field !== '') return [];
    return [`${Buffer.from(octets).toString('hex')}: ${String(error)}`];
  }
}
