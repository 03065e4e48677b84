import { type CipherGCMTypes, createCipheriv, type KeyObject } from 'node:crypto';

const TAG_LENGTH = { authTagLength: 16 } as const;

/**
 * AES-GMAC: the tag (16 octets) of GCM over `parts` in a row as additional data, with nothing encrypted. `nonce` is 12
 * octets, salt and IV (RFC 4543 §3.2), and must never be used twice with the key.
 */
export function gmac(
  algorithm: { readonly cipher: string },
  key: KeyObject,
  nonce: Uint8Array,
  ...parts: readonly Uint8Array[]
): Uint8Array {
  const cipher = createCipheriv(algorithm.cipher as CipherGCMTypes, key, nonce, TAG_LENGTH);
  for (const part of parts) cipher.setAAD(part);
  cipher.final();
  return cipher.getAuthTag();
}
