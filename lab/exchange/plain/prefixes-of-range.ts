import { formatAddress, parseAddress } from '../../../engine/wire/address.ts';

/** The fewest prefixes that are together a range `10.0.0.1-10.0.0.9`, in order; any other text is one already. */
export function prefixesOfRange(text: string): string[] {
  const [from = '', to] = text.split('-');
  const [first, last] = [parseAddress(from), parseAddress(to ?? '')];
  if (to === undefined || first === null || last === null) return [text];
  const bits = first.length * 8;
  const end = numberOf(last);
  const prefixes: string[] = [];
  for (let at = numberOf(first); at <= end; ) {
    let free = 0;
    while (free < bits && (at & ((2n << BigInt(free)) - 1n)) === 0n && at + (2n << BigInt(free)) - 1n <= end) free += 1;
    prefixes.push(`${formatAddress(addressOf(at, first.length))}/${bits - free}`);
    at += 1n << BigInt(free);
  }
  return prefixes;
}

const numberOf = (address: Uint8Array): bigint => address.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);

function addressOf(value: bigint, octets: number): Uint8Array {
  return Uint8Array.from({ length: octets }, (_, index) => Number((value >> BigInt(8 * (octets - 1 - index))) & 255n));
}
