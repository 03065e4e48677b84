import { WireError } from '../wire-error.ts';
import type { Prng } from './prng.ts';

/** Runs a decoder on every truncation and on `count` mutations of an example; anything but a value or a `WireError` is thrown on. */
export function abuse(decode: (octets: Uint8Array) => unknown, example: Uint8Array, random: Prng, count: number): void {
  for (let length = 0; length < example.length; length++) tolerate(decode, example.slice(0, length));
  for (let i = 0; i < count; i++) tolerate(decode, random.mutate(example));
}

function tolerate(decode: (octets: Uint8Array) => unknown, octets: Uint8Array): void {
  try {
    decode(octets);
  } catch (error) {
    if (error instanceof WireError && error.offset >= 0 && error.field !== '') return;
    throw new Error(`on ${Buffer.from(octets).toString('hex')}`, { cause: error });
  }
}
