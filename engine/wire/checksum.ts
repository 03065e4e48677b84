import { u16At } from './octets.ts';
import type { Address } from './address.ts';

/**
 * The Internet checksum, RFC 1071: the complement of the ones' complement sum of the 16-bit words, an odd last octet being
 * the high half of a word. 0 over data that carries its right checksum. `initial` is a partial sum to begin with.
 */
export function internetChecksum(octets: Uint8Array, initial = 0): number {
  return ~fold(partialSum(octets, initial)) & 0xffff;
}

/** Adds 16-bit words to an uncomplemented sum (at most 2^32 - 1). Only the last of several pieces may have an odd length. */
export function partialSum(octets: Uint8Array, sum = 0): number {
  let total = fold(sum);
  const end = octets.length;
  let at = 0;
  while (at < end) {
    // 16384 words of 0xffff stay below 2^31, so that the additions are those of small integers.
    const stop = Math.min(end & ~1, at + 32768);
    for (; at < stop; at += 2) total += ((octets[at] as number) << 8) | (octets[at + 1] as number);
    total = fold(total);
    if (at === end - 1) {
      total += (octets[at] as number) << 8;
      break;
    }
  }
  return total;
}

/** The sum of the pseudo-header of RFC 768, RFC 9293 §3.1 (IPv4) and RFC 8200 §8.1 (IPv6), for `partialSum`. `length` in octets. */
export function pseudoHeaderSum(source: Address, destination: Address, protocol: number, length: number): number {
  let sum = protocol + (length & 0xffff) + (length >>> 16);
  for (let at = 0; at < source.length; at += 2) sum += u16At(source, at) + u16At(destination, at);
  return sum;
}

/** The checksum after one 16-bit word of the data has changed, RFC 1624 equation 3: HC' = ~(~HC + ~m + m'). */
export function updateChecksum(checksum: number, oldWord: number, newWord: number): number {
  return ~fold((~checksum & 0xffff) + (~oldWord & 0xffff) + newWord) & 0xffff;
}

function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}
