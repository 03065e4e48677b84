import { type Address, formatAddress, parseAddress } from '../../wire/address.ts';
import { rangeOf } from '../../ipsec/selector.ts';
import { parsePrefix } from '../../wire/prefix.ts';
import type { PoolConfig } from '../config.ts';
import { addressOf, numberOf } from './selector-box.ts';

/**
 * The lowest address of a family that the pools have and nobody holds, text; null: none. `wanted` is taken where it is one of
 * them. Of an IPv4 prefix the network's own address and its broadcast address are not given away. What is held is what IKE SAs
 * hold: a pool has no memory of its own.
 */
export function freeAddress(
  pools: readonly PoolConfig[],
  family: 4 | 6,
  wanted: string | null,
  isHeld: (address: string) => boolean,
): string | null {
  const ranges = pools.flatMap(({ addresses }) => addresses.map(assignable)).filter(range => range.family === family);
  const preferred = wanted === null ? null : parseAddress(wanted);
  if (wanted !== null && preferred !== null && !isHeld(wanted) && ranges.some(isIn(preferred))) return wanted;
  for (const { low, high } of ranges) {
    for (let number = low; number <= high; number++) {
      const text = formatAddress(addressOf(number, family));
      if (!isHeld(text)) return text;
    }
  }
  return null;
}

interface Range {
  readonly family: 4 | 6;
  readonly low: bigint;
  readonly high: bigint;
}

const isIn = (address: Address) => (range: Range) => {
  const number = numberOf(address);
  return (address.length === 4 ? 4 : 6) === range.family && range.low <= number && number <= range.high;
};

/** Throws for text that is neither a prefix nor a range: configuration was validated. */
function assignable(text: string): Range {
  const [low = null, high = null] = text.split('-').map(parseAddress);
  if (low !== null && high !== null) return rangeBetween(low, high, 0n);
  const prefix = parsePrefix(text);
  if (prefix === null) throw new Error(`pool of ${text}`);
  const range = rangeOf(prefix);
  const bits = prefix.address.length * 8 - prefix.length;
  return rangeBetween(range.low, range.high, bits < 2 ? 0n : 1n);
}

/** `margin`: how many at either end are not given away; in IPv6 only the first (RFC 4291 §2.6.1). */
function rangeBetween(low: Address, high: Address, margin: bigint): Range {
  const family = low.length === 4 ? 4 : 6;
  return { family, low: numberOf(low) + margin, high: numberOf(high) - (family === 4 ? margin : 0n) };
}
