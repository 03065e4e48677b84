import { createCipheriv, createDecipheriv, type CipherGCMTypes, type KeyObject } from 'node:crypto';
import type { AeadAlgorithm } from './esp-suite.ts';

/** The whole tag, always: a shorter one is a different algorithm to RFC 4106 §6, and node would accept 4 octets. */
const TAG_LENGTH = { authTagLength: 16 } as const;

/**
 * Encrypts. `nonce` is 12 octets and must never be used twice with the key. The result is as long as `plaintext`, and the
 * tag 16 octets; both belong to the caller.
 */
export function sealAead(
  algorithm: AeadAlgorithm,
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): { readonly ciphertext: Uint8Array; readonly tag: Uint8Array } {
  const cipher = createCipheriv(cipherName(algorithm), key, nonce, TAG_LENGTH);
  cipher.setAAD(aad);
  const ciphertext = cipher.update(plaintext);
  cipher.final(); // both algorithms are stream ciphers: nothing is held back
  return { ciphertext, tag: cipher.getAuthTag() };
}

/** Decrypts and verifies; null when the tag (16 octets) does not fit. The plaintext belongs to the caller. */
export function openAead(
  algorithm: AeadAlgorithm,
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
  tag: Uint8Array,
): Uint8Array | null {
  const decipher = createDecipheriv(cipherName(algorithm), key, nonce, TAG_LENGTH);
  decipher.setAAD(aad);
  decipher.setAuthTag(tag);
  const plaintext = decipher.update(ciphertext);
  try {
    decipher.final();
  } catch {
    return null; // the only failure left: node has no other way to say that the tag is wrong
  }
  return plaintext;
}

/** Node's types set the two families apart; its calls are the same. */
const cipherName = (algorithm: AeadAlgorithm) => algorithm.cipher as CipherGCMTypes;
