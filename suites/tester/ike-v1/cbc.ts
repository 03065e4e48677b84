import { createCipheriv, createDecipheriv } from 'node:crypto';

/** A block cipher in CBC mode as ISAKMP uses it: the caller keeps the IV, RFC 2409 Appendix B. */
export interface CbcCipher {
  readonly blockOctets: number;
  readonly keyOctets: number;
  /** Of whole blocks. */
  encrypt(key: Uint8Array, iv: Uint8Array, text: Uint8Array): Uint8Array;
  /** null: not of whole blocks. */
  decrypt(key: Uint8Array, iv: Uint8Array, text: Uint8Array): Uint8Array | null;
}

/** By token (`aes128`, `3des`, `des`); null for one that the tester does not have. */
export function cbcCipher(token: string): CbcCipher | null {
  // OpenSSL has put DES away: 3DES with one key three times is DES.
  if (token === 'des') return cbc('des-ede3-cbc', 8, 8, key => Buffer.concat([key, key, key]));
  if (token === '3des') return cbc('des-ede3-cbc', 24, 8);
  const [, family, bits] = /^(aes|camellia)(128|192|256)$/.exec(token) ?? [];
  return family === undefined ? null : cbc(`${family}-${bits}-cbc`, Number(bits) / 8, 16);
}

function cbc(
  name: string,
  keyOctets: number,
  blockOctets: number,
  ready: (key: Uint8Array) => Uint8Array = key => key,
): CbcCipher {
  return {
    keyOctets,
    blockOctets,
    encrypt: (key, iv, text) => {
      const cipher = createCipheriv(name, ready(key), iv).setAutoPadding(false);
      return Buffer.concat([cipher.update(text), cipher.final()]);
    },
    decrypt: (key, iv, text) => {
      if (text.length === 0 || text.length % blockOctets !== 0) return null;
      const cipher = createDecipheriv(name, ready(key), iv).setAutoPadding(false);
      return Buffer.concat([cipher.update(text), cipher.final()]);
    },
  };
}

/** What the next message is chained to: the last block of this one. */
export function lastBlock({ blockOctets }: CbcCipher, ciphertext: Uint8Array): Uint8Array {
  return Uint8Array.from(ciphertext.subarray(ciphertext.length - blockOctets));
}

/** Filled up with zeros to whole blocks, RFC 2409 Appendix B; `more`: that many blocks of them besides. */
export function padded({ blockOctets }: CbcCipher, text: Uint8Array, more = 0): Uint8Array {
  const whole = Math.ceil(text.length / blockOctets) * blockOctets + more * blockOctets;
  const out = new Uint8Array(whole);
  out.set(text);
  return out;
}
