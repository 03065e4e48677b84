import { createDiffieHellman, type DiffieHellman, getDiffieHellman } from 'node:crypto';
import type { DiffieHellmanGroup } from './diffie-hellman.ts';

/** The groups of RFC 2409 §6 and RFC 3526 whose prime node:crypto knows by the number of the group. */
export type ModpNumber = 1 | 2 | 5 | 14 | 15 | 16 | 17 | 18;

/**
 * Powers of 2 modulo a safe prime. Values are big-endian, padded to the length of the prime (RFC 7296 §2.14, §3.4).
 * `exponentOctets`: of private values, RFC 3526 §8 and twice the strength of the group at least.
 */
export function modpGroup(number: ModpNumber, publicOctets: number, exponentOctets: number): DiffieHellmanGroup {
  let made: { readonly calculator: DiffieHellman; readonly last: Uint8Array } | null = null;
  /** The same object for all exchanges: to make one with a prime that OpenSSL has no name for takes as long as ten of them. */
  const group = () => {
    if (made !== null) return made;
    const prime = getDiffieHellman(`modp${number}`).getPrime();
    const last = new Uint8Array(prime);
    last[last.length - 1] = (last.at(-1) ?? 0) - 1;
    made = { calculator: createDiffieHellman(prime, 2), last };
    return made;
  };
  return {
    publicOctets,
    drawPrivate(random) {
      const secret = random.bytes(exponentOctets);
      secret[0] = (secret[0] ?? 0) | 0x80; // as long as it is meant to be, and never 0
      return secret;
    },
    publicOf(secret) {
      const { calculator } = group();
      calculator.setPrivateKey(secret);
      return padded(calculator.generateKeys(), publicOctets);
    },
    faultOf: peer => (isWithin(peer, group().last) ? null : 'not between 1 and p - 1 (RFC 6989 §2.1)'),
    agree(secret, peer) {
      const { calculator } = group();
      calculator.setPrivateKey(secret);
      return padded(calculator.computeSecret(peer), publicOctets);
    },
  };
}

/** 1 < value < p - 1. All have the same length, so their octets compare as they do. */
function isWithin(value: Uint8Array, last: Uint8Array): boolean {
  const isAboveOne = value.subarray(0, -1).some(octet => octet !== 0) || (value.at(-1) ?? 0) > 1;
  return isAboveOne && Buffer.compare(value, last) < 0;
}

function padded(value: Uint8Array, octets: number): Uint8Array {
  const result = new Uint8Array(octets);
  result.set(value, octets - value.length);
  return result;
}
