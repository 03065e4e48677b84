import { createDecipheriv } from 'node:crypto';
import { cipherKey, decrypt } from '../../engine/crypto/cipher.ts';
import type { AeadAlgorithm } from '../../engine/crypto/encryption.ts';
import type { EspParameters } from '../../engine/ipsec/sa.ts';

/** Decrypts an ESP packet and never looks at its ICV: what a gateway does that must be caught. */
export function decryptUnverified(sa: EspParameters, sequence: bigint, esp: Uint8Array): Uint8Array {
  const { encryption, integrity } = sa.suite;
  const key = sa.encryptionKey.subarray(0, encryption.keyOctets);
  const salt = sa.encryptionKey.subarray(encryption.keyOctets);
  const ivEnd = 8 + encryption.ivOctets;
  const ciphertext = esp.subarray(ivEnd, esp.length - (integrity ?? encryption).icvOctets);
  const iv = esp.subarray(8, ivEnd);
  if (!encryption.aead) return decrypt(encryption, cipherKey(encryption, key), salt, iv, ciphertext);
  return keyStreamOnly(
    encryption,
    key,
    Buffer.concat([salt, encryption.implicitIv ? octetsOf(sequence) : iv]),
    ciphertext,
  );
}

/** Of an AEAD the cipher alone: its counter mode, from the first block of text on. */
function keyStreamOnly({ kind }: AeadAlgorithm, key: Uint8Array, nonce: Uint8Array, text: Uint8Array): Uint8Array {
  const bits = key.length * 8;
  switch (kind) {
    case 'gmac':
      return text.slice();
    case 'gcm':
      return createDecipheriv(`aes-${bits}-ctr`, key, Buffer.concat([nonce, Uint8Array.of(0, 0, 0, 2)])).update(text);
    case 'ccm': // RFC 3610 §2.3, with a length field of four octets
      return createDecipheriv(
        `aes-${bits}-ctr`,
        key,
        Buffer.concat([Uint8Array.of(3), nonce, Uint8Array.of(0, 0, 0, 1)]),
      ).update(text);
    case 'chacha20poly1305': // node:crypto wants the block counter in front, little-endian
      return createDecipheriv('chacha20', key, Buffer.concat([Uint8Array.of(1, 0, 0, 0), nonce])).update(text);
  }
}

function octetsOf(sequence: bigint): Uint8Array {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64BE(sequence);
  return octets;
}
