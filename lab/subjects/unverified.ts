import { createDecipheriv } from 'node:crypto';
import { cipherKey, decrypt } from '../../engine/crypto/cipher.ts';
import type { EspParameters } from '../../engine/ipsec/sa.ts';

/** Decrypts an ESP packet and never looks at its ICV: what a gateway does that must be caught. */
export function decryptUnverified(sa: EspParameters, _sequence: bigint, esp: Uint8Array): Uint8Array {
  const { encryption, integrity } = sa.suite;
  const key = sa.encryptionKey.subarray(0, encryption.keyOctets);
  const ivEnd = 8 + encryption.ivOctets;
  const ciphertext = esp.subarray(ivEnd, esp.length - (integrity ?? encryption).icvOctets);
  const iv = esp.subarray(8, ivEnd);
  const salt = sa.encryptionKey.subarray(encryption.keyOctets);
  if (!encryption.aead) return decrypt(encryption, cipherKey(encryption, key), salt, iv, ciphertext);
  const nonce = Buffer.concat([salt, iv]);
  // `update` without `final`: the tag is compared in `final`
  return createDecipheriv(encryption.cipher as 'aes-256-gcm', key, nonce, { authTagLength: 16 }).update(ciphertext);
}
