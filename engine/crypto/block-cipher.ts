import { setU32, u32At } from '../wire/octets.ts';

/** A cipher of blocks of 64 bits under one key: two words from `at` on are replaced. */
export interface BlockCipher64 {
  encrypt(words: Uint32Array, at: number): void;
  decrypt(words: Uint32Array, at: number): void;
}

/** CBC without padding; `plaintext` is whole blocks of 8 octets, and so is the result, a fresh array. */
export function encryptCbc64(cipher: BlockCipher64, iv: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const chain = wordsOf(iv);
  const words = wordsOf(plaintext);
  for (let i = 0; i < words.length; i += 2) {
    words[i] = word(words, i) ^ word(chain, 0);
    words[i + 1] = word(words, i + 1) ^ word(chain, 1);
    cipher.encrypt(words, i);
    chain.set(words.subarray(i, i + 2));
  }
  return octetsOf(words);
}

/** The inverse. */
export function decryptCbc64(cipher: BlockCipher64, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const before = wordsOf(iv);
  const words = wordsOf(ciphertext);
  const own = new Uint32Array(2);
  for (let i = 0; i < words.length; i += 2) {
    own.set(words.subarray(i, i + 2));
    cipher.decrypt(words, i);
    words[i] = word(words, i) ^ word(before, 0);
    words[i + 1] = word(words, i + 1) ^ word(before, 1);
    before.set(own);
  }
  return octetsOf(words);
}

const word = (words: Uint32Array, index: number): number => (words[index] as number) | 0;

/** RangeError for what is not whole blocks. */
function wordsOf(octets: Uint8Array): Uint32Array {
  if (octets.length % 8 !== 0) throw new RangeError(`${octets.length} octets are not whole blocks`);
  return Uint32Array.from({ length: octets.length / 4 }, (_, i) => u32At(octets, 4 * i));
}

function octetsOf(words: Uint32Array): Uint8Array {
  const octets = new Uint8Array(4 * words.length);
  for (const [i, value] of words.entries()) setU32(octets, 4 * i, value);
  return octets;
}
