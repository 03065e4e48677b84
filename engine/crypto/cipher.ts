import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { decryptCbc64, encryptCbc64 } from './block-cipher.ts';
import type { EncryptionAlgorithm, SeparateAlgorithm } from './encryption.ts';
import { ownCipher } from './own-ciphers.ts';

/**
 * Encrypts whole blocks without padding of its own; the result is as long as `plaintext`, and `plaintext` itself for NULL.
 * `iv` is `ivOctets` long; `salt` is the nonce of RFC 3686, empty but for counter mode.
 */
export function encrypt(
  algorithm: SeparateAlgorithm,
  key: KeyObject,
  salt: Uint8Array,
  iv: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  if (algorithm.kind === 'null') return plaintext;
  if (algorithm.kind === 'ctr') return createCipheriv(algorithm.cipher, key, counterBlock(salt, iv)).update(plaintext);
  const own = ownCipher(algorithm.cipher, key);
  if (own !== null) return encryptCbc64(own, iv, plaintext);
  return createCipheriv(algorithm.cipher, key, iv).setAutoPadding(false).update(plaintext);
}

/** The inverse, a fresh array; `ciphertext` is whole blocks. */
export function decrypt(
  algorithm: SeparateAlgorithm,
  key: KeyObject,
  salt: Uint8Array,
  iv: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  if (algorithm.kind === 'null') return ciphertext.slice();
  if (algorithm.kind === 'ctr')
    return createDecipheriv(algorithm.cipher, key, counterBlock(salt, iv)).update(ciphertext);
  const own = ownCipher(algorithm.cipher, key);
  if (own !== null) return decryptCbc64(own, iv, ciphertext);
  return createDecipheriv(algorithm.cipher, key, iv).setAutoPadding(false).update(ciphertext);
}

/** The key of an SA (`keyOctets`, without salt) as node:crypto takes it. DES is triple DES with one key three times. */
export function cipherKey(algorithm: EncryptionAlgorithm, key: Uint8Array): KeyObject {
  return createSecretKey(algorithm.name === 'ENCR_DES' ? Buffer.concat([key, key, key]) : key);
}

/** The first counter block, RFC 3686 §4: nonce, IV, and 1 in 32 bits. */
function counterBlock(nonce: Uint8Array, iv: Uint8Array): Uint8Array {
  const block = new Uint8Array(16);
  block.set(nonce);
  block.set(iv, 4);
  block[15] = 1;
  return block;
}
