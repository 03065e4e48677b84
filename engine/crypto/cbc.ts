import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import type { CbcAlgorithm } from './esp-suite.ts';

/** AES-CBC, RFC 3602, without padding of its own: `plaintext` is whole blocks. `iv` is one block, unpredictable. */
export function encryptCbc(algorithm: CbcAlgorithm, key: KeyObject, iv: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return createCipheriv(algorithm.cipher, key, iv).setAutoPadding(false).update(plaintext);
}

/** The inverse; `ciphertext` is whole blocks. */
export function decryptCbc(
  algorithm: CbcAlgorithm,
  key: KeyObject,
  iv: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  return createDecipheriv(algorithm.cipher, key, iv).setAutoPadding(false).update(ciphertext);
}
