import { createCipheriv, createDecipheriv, type CipherCCMTypes, type KeyObject } from 'node:crypto';
import type { AeadAlgorithm } from './encryption.ts';

/**
 * Encrypts and authenticates. `nonce` is salt and 8 octets (11 in all for CCM, else 12) and must never be used twice with
 * the key. The result is as long as `plaintext`, the tag `icvOctets`. GMAC encrypts nothing: its result is `plaintext`.
 */
export function sealAead(
  algorithm: AeadAlgorithm,
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): { readonly ciphertext: Uint8Array; readonly tag: Uint8Array } {
  const cipher = createCipheriv(cipherName(algorithm), key, nonce, TAG_LENGTHS[algorithm.icvOctets]);
  if (algorithm.kind === 'gmac') {
    cipher.setAAD(aad, NO_PLAINTEXT);
    cipher.setAAD(plaintext, NO_PLAINTEXT);
    cipher.final();
    return { ciphertext: plaintext, tag: cipher.getAuthTag() };
  }
  cipher.setAAD(aad, { plaintextLength: plaintext.length });
  const ciphertext = cipher.update(plaintext);
  cipher.final(); // they are all stream ciphers: nothing is held back
  return { ciphertext, tag: cipher.getAuthTag() };
}

/** Decrypts and verifies; null when the tag does not fit. Throws when it is not `icvOctets` long. The plaintext belongs to the caller. */
export function openAead(
  algorithm: AeadAlgorithm,
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
  tag: Uint8Array,
): Uint8Array | null {
  const decipher = createDecipheriv(cipherName(algorithm), key, nonce, TAG_LENGTHS[algorithm.icvOctets]);
  decipher.setAuthTag(tag);
  let plaintext: Uint8Array;
  if (algorithm.kind === 'gmac') {
    decipher.setAAD(aad, NO_PLAINTEXT);
    decipher.setAAD(ciphertext, NO_PLAINTEXT);
    plaintext = ciphertext.slice();
  } else {
    decipher.setAAD(aad, { plaintextLength: ciphertext.length });
    plaintext = decipher.update(ciphertext);
  }
  try {
    decipher.final();
  } catch {
    return null; // the only failure left: node has no other way to say that the tag is wrong
  }
  return plaintext;
}

/** Node takes any length that the mode has; another length is another algorithm (RFC 4106 §6, RFC 4309 §3.3). */
const TAG_LENGTHS = { 8: { authTagLength: 8 }, 12: { authTagLength: 12 }, 16: { authTagLength: 16 } } as const;
const NO_PLAINTEXT = { plaintextLength: 0 } as const;

/** Node's types set the families apart; its calls are the same. */
const cipherName = (algorithm: AeadAlgorithm) => algorithm.cipher as CipherCCMTypes;
