import { type Address, parseAddress } from '../address.ts';

/** The value of an example that a test is sure of. */
export function must<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('missing in a test');
  return value;
}

export function addressOf(text: string): Address {
  return must(parseAddress(text));
}

/** Blanks and ends of lines are for the reader. */
export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}

export function toHex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
