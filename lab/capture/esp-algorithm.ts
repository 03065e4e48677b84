/**
 * The ESP algorithms as the judges know them: written down a second time, apart from the engine's own table, so that a
 * wrong number there does not make a wrong packet look right. RFC 3602, RFC 4868, RFC 4106, RFC 7634.
 */
export interface EspAlgorithm {
  readonly kind: 'cbc' | 'gcm' | 'chacha20';
  readonly keyOctets: number;
  /** At the end of the encryption key; 0 for CBC. */
  readonly saltOctets: number;
  readonly ivOctets: number;
  /** What the ciphertext is a multiple of. */
  readonly blockOctets: number;
  readonly icvOctets: number;
  /** null for the AEADs. */
  readonly integrity: { readonly hash: 'sha256' | 'sha384' | 'sha512'; readonly keyOctets: number } | null;
  /** Algorithm names of Wireshark's `esp_sa` table; null where Wireshark 4.0 has none. */
  readonly wireshark: { readonly encryption: string; readonly authentication: string } | null;
}

/** By suite name, such as `aes256gcm16` or `aes128-sha256`; null for one that cannot be decrypted here. */
export function espAlgorithm(suite: string): EspAlgorithm | null {
  if (suite === 'chacha20poly1305') return CHACHA20_POLY1305;
  const [, bits, gcm, hash] = /^aes(128|192|256)(?:(gcm16)|-(sha256|sha384|sha512))$/.exec(suite) ?? [];
  if (bits === undefined) return null;
  const keyOctets = Number(bits) / 8;
  return gcm === undefined ? aesCbc(keyOctets, hash) : aesGcm(keyOctets);
}

const CHACHA20_POLY1305: EspAlgorithm = {
  kind: 'chacha20',
  keyOctets: 32,
  saltOctets: 4,
  ivOctets: 8,
  blockOctets: 4,
  icvOctets: 16,
  integrity: null,
  wireshark: null,
};

const aesGcm = (keyOctets: number): EspAlgorithm => ({
  kind: 'gcm',
  keyOctets,
  saltOctets: 4,
  ivOctets: 8,
  blockOctets: 4,
  icvOctets: 16,
  integrity: null,
  wireshark: { encryption: 'AES-GCM with 16 octet ICV [RFC4106]', authentication: 'NULL' },
});

function aesCbc(keyOctets: number, hash: string | undefined): EspAlgorithm | null {
  const integrity = INTEGRITY.find(known => known.hash === hash);
  if (integrity === undefined) return null;
  return {
    kind: 'cbc',
    keyOctets,
    saltOctets: 0,
    ivOctets: 16,
    blockOctets: 16,
    icvOctets: integrity.keyOctets / 2, // RFC 4868 §2.6: truncated to half
    integrity,
    wireshark: { encryption: 'AES-CBC [RFC3602]', authentication: integrity.wireshark },
  };
}

const INTEGRITY = [
  { hash: 'sha256', keyOctets: 32, wireshark: 'HMAC-SHA-256-128 [RFC4868]' },
  { hash: 'sha384', keyOctets: 48, wireshark: 'HMAC-SHA-384-192 [RFC4868]' },
  { hash: 'sha512', keyOctets: 64, wireshark: 'HMAC-SHA-512-256 [RFC4868]' },
] as const;
