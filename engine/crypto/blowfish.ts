import { u8At } from '../wire/octets.ts';
import type { BlockCipher64 } from './block-cipher.ts';

/**
 * Blowfish (Schneier, 1993; RFC 2451 §2): OpenSSL has it in its legacy provider only. The key has 4 to 56 octets: RangeError
 * otherwise. Slow, and its time depends on the key: for talking to relics, as its requirement says.
 */
export function blowfish(key: Uint8Array): BlockCipher64 {
  if (key.length < 4 || key.length > 56) throw new RangeError(`a key of ${key.length} octets, not 4 to 56`);
  const state = schedule(key);
  return {
    encrypt: (words, at) => encrypt(state, words, at),
    decrypt: (words, at) => decrypt(state, words, at),
  };
}

const ROUNDS = 16;
const P_WORDS = ROUNDS + 2;
const S_WORDS = 4 * 256;

interface Schedule {
  readonly p: Uint32Array;
  /** The four S-boxes, one behind the other. */
  readonly s: Uint32Array;
}

/** The key goes into P, and what zeros encrypt to takes the place of P and S word by word. */
function schedule(key: Uint8Array): Schedule {
  const digits = digitsOfPi();
  const state = { p: digits.slice(0, P_WORDS), s: digits.slice(P_WORDS) };
  for (let i = 0; i < P_WORDS; i++) {
    let part = 0;
    for (let k = 0; k < 4; k++) part = (part << 8) | u8At(key, (4 * i + k) % key.length);
    state.p[i] = word(state.p, i) ^ part;
  }
  const block = new Uint32Array(2);
  for (const target of [state.p, state.s]) {
    for (let i = 0; i < target.length; i += 2) {
      encrypt(state, block, 0);
      target.set(block, i);
    }
  }
  return state;
}

function encrypt({ p, s }: Schedule, words: Uint32Array, at: number): void {
  let [left, right] = [word(words, at), word(words, at + 1)];
  for (let i = 0; i < ROUNDS; i++) {
    left ^= word(p, i);
    right ^= feistel(s, left);
    [left, right] = [right, left];
  }
  words[at] = right ^ word(p, ROUNDS + 1);
  words[at + 1] = left ^ word(p, ROUNDS);
}

function decrypt({ p, s }: Schedule, words: Uint32Array, at: number): void {
  let [left, right] = [word(words, at), word(words, at + 1)];
  for (let i = ROUNDS + 1; i > 1; i--) {
    left ^= word(p, i);
    right ^= feistel(s, left);
    [left, right] = [right, left];
  }
  words[at] = right ^ word(p, 0);
  words[at + 1] = left ^ word(p, 1);
}

function feistel(s: Uint32Array, value: number): number {
  const [a, b] = [word(s, value >>> 24), word(s, 256 + ((value >>> 16) & 0xff))];
  const [c, d] = [word(s, 512 + ((value >>> 8) & 0xff)), word(s, 768 + (value & 0xff))];
  return (((a + b) ^ c) + d) | 0;
}

const word = (words: Uint32Array, index: number): number => (words[index] as number) | 0;

let digits: Uint32Array | null = null;

/**
 * P and the S-boxes before a key is in them: pi behind the point, word by word. By Machin, pi = 16 atan(1/5) - 4 atan(1/239), once,
 * when the first key is made.
 */
function digitsOfPi(): Uint32Array {
  if (digits !== null) return digits;
  const guardBits = 64;
  const bits = 32 * (P_WORDS + S_WORDS) + guardBits;
  const pi = 16n * arctangentOfInverse(5n, bits) - 4n * arctangentOfInverse(239n, bits);
  const fraction = (pi & ((1n << BigInt(bits)) - 1n)) >> BigInt(guardBits);
  const hex = fraction.toString(16).padStart(8 * (P_WORDS + S_WORDS), '0');
  digits = Uint32Array.from({ length: P_WORDS + S_WORDS }, (_, i) => Number.parseInt(hex.slice(8 * i, 8 * i + 8), 16));
  return digits;
}

/** atan(1/x) with so many bits behind the point: 1/x - 1/3x³ + 1/5x⁵ … */
function arctangentOfInverse(x: bigint, bits: number): bigint {
  let power = (1n << BigInt(bits)) / x;
  let result = power;
  for (let n = 3n, isMinus = true; power !== 0n; n += 2n, isMinus = !isMinus) {
    power /= x * x;
    result += isMinus ? -(power / n) : power / n;
  }
  return result;
}
