import { checkPrimeSync, createPrivateKey, type KeyObject } from 'node:crypto';
import type { Random } from './random.ts';

/** An RSA key of two primes and the exponent 65537, FIPS 186-5 §A.1.3. `bits`: of the modulus, all of them. */
export function generateRsa(bits: number, random: Random): KeyObject {
  const p = drawPrime(bits / 2, random);
  for (let draws = 0; draws < DRAWS_MAX; draws++) {
    const q = drawPrime(bits / 2, random);
    if (!isClose(p, q, bits)) return rsaOfPrimes(p, q);
  }
  throw new Error('the random octets repeat themselves');
}

/** The key of two odd primes, neither of which is 1 modulo 65537. */
export function rsaOfPrimes(p: bigint, q: bigint): KeyObject {
  const [larger, smaller] = p > q ? [p, q] : [q, p];
  const d = inverse(EXPONENT, leastCommonMultiple(p - 1n, q - 1n));
  const jwk = {
    kty: 'RSA',
    n: base64url(p * q),
    e: base64url(EXPONENT),
    d: base64url(d),
    p: base64url(larger),
    q: base64url(smaller),
    dp: base64url(d % (larger - 1n)),
    dq: base64url(d % (smaller - 1n)),
    qi: base64url(inverse(smaller, larger)),
  };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

const EXPONENT = 65_537n;
/** Two primes that are close to each other do not come by chance. */
const DRAWS_MAX = 4;

/** One draw gives a place to begin; the first prime from there on is taken, as OpenSSL does. */
function drawPrime(bits: number, random: Random): bigint {
  for (;;) {
    const octets = random.bytes(bits / 8);
    octets[0] = (octets[0] ?? 0) | 0xc0; // two bits set: the product of two has all of its bits
    const found = primeFrom(BigInt(`0x${Buffer.from(octets).toString('hex')}`) | 1n, bits);
    if (found !== null) return found;
  }
}

/** null: none before the number would be longer than `bits`. */
function primeFrom(start: bigint, bits: number): bigint | null {
  const remainders = SMALL_PRIMES.map(prime => Number(start % BigInt(prime)));
  for (let step = 0; ; step += 2) {
    if (SMALL_PRIMES.some((prime, i) => ((remainders[i] ?? 0) + step) % prime === 0)) continue;
    const candidate = start + BigInt(step);
    if (candidate >> BigInt(bits) !== 0n) return null;
    if ((candidate - 1n) % EXPONENT !== 0n && checkPrimeSync(candidate)) return candidate;
  }
}

/** Odd ones below 2000: four candidates of five need no more than these. */
const SMALL_PRIMES: readonly number[] = Array.from({ length: 1000 }, (_, i) => 2 * i + 3).filter(number => {
  for (let divisor = 3; divisor * divisor <= number; divisor += 2) if (number % divisor === 0) return false;
  return number < 2000;
});

/** Whether Fermat's way would find them. */
function isClose(p: bigint, q: bigint, bits: number): boolean {
  const distance = p > q ? p - q : q - p;
  return distance >> BigInt(bits / 2 - 100) === 0n;
}

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return (a / x) * b;
}

/** By Euclid; the two have no common divisor. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [r, next] = [modulus, value % modulus];
  let [t, nextT] = [0n, 1n];
  while (next !== 0n) {
    const quotient = r / next;
    [r, next] = [next, r - quotient * next];
    [t, nextT] = [nextT, t - quotient * nextT];
  }
  return t < 0n ? t + modulus : t;
}

/** Without leading zeros, RFC 7518 §2. */
function base64url(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
}
