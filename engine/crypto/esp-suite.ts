/**
 * The algorithms of ESP in this lab: one entry an encryption algorithm and key length, one an integrity algorithm, and the
 * suites made of them under the names that topologies use. Numbers are those of the IKEv2 transform registries.
 */

interface CipherShape {
  /** IKEv2 Transform Type 1. */
  readonly ianaId: number;
  readonly name: string;
  readonly keyOctets: number;
  /** Octets of salt that follow the key in the keying material, RFC 4106 §8.1; 0 for CBC. */
  readonly saltOctets: number;
  /** Octets of the explicit IV that precedes the ciphertext. */
  readonly ivOctets: number;
  /** The plaintext, trailer included, must be a multiple of this, RFC 4303 §2.4 (for AEADs the 4 of its alignment rule). */
  readonly blockOctets: number;
  /** Wireshark's name in the `esp_sa` table; null: no released Wireshark decrypts it in ESP. */
  readonly wiresharkName: string | null;
}

/** Encryption and integrity in one: RFC 4106, RFC 7634. */
export interface AeadAlgorithm extends CipherShape {
  readonly aead: true;
  readonly cipher: 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';
  readonly icvOctets: 16;
}

/** AES in CBC mode, RFC 3602. */
export interface CbcAlgorithm extends CipherShape {
  readonly aead: false;
  readonly cipher: 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc';
  readonly icvOctets: 0;
}

export type EncryptionAlgorithm = AeadAlgorithm | CbcAlgorithm;

/** HMAC-SHA-2, RFC 4868: the key is as long as the hash, the ICV half of it. */
export interface IntegrityAlgorithm {
  /** IKEv2 Transform Type 3. */
  readonly ianaId: number;
  readonly name: string;
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  readonly keyOctets: number;
  readonly icvOctets: number;
  readonly wiresharkName: string;
}

/** What protects the packets of one SA. Integrity is never absent: encryption alone is refused (RFC 8221 §4). */
export type EspSuite =
  | { readonly name: string; readonly encryption: AeadAlgorithm; readonly integrity: null }
  | { readonly name: string; readonly encryption: CbcAlgorithm; readonly integrity: IntegrityAlgorithm };

/** By name, such as `aes256gcm16` or `aes128-sha256`; null for a name that this lab does not know. */
export function espSuite(name: string): EspSuite | null {
  return SUITES.get(name) ?? null;
}

/** All names, strongest habits first: AEADs, then CBC with HMAC. */
export function espSuiteNames(): string[] {
  return [...SUITES.keys()];
}

/** Octets of the ICV that ends each packet. */
export function icvOctets(suite: EspSuite): number {
  return suite.integrity === null ? suite.encryption.icvOctets : suite.integrity.icvOctets;
}

const GCM: readonly AeadAlgorithm[] = (['aes-128-gcm', 'aes-192-gcm', 'aes-256-gcm'] as const).map((cipher, index) => ({
  ianaId: 20,
  name: 'ENCR_AES_GCM_16',
  aead: true,
  cipher,
  keyOctets: 16 + 8 * index,
  saltOctets: 4,
  ivOctets: 8,
  blockOctets: 4,
  icvOctets: 16,
  wiresharkName: 'AES-GCM with 16 octet ICV [RFC4106]',
}));

const CHACHA20_POLY1305: AeadAlgorithm = {
  ianaId: 28,
  name: 'ENCR_CHACHA20_POLY1305',
  aead: true,
  cipher: 'chacha20-poly1305',
  keyOctets: 32,
  saltOctets: 4,
  ivOctets: 8,
  blockOctets: 4,
  icvOctets: 16,
  wiresharkName: null,
};

const CBC: readonly CbcAlgorithm[] = (['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc'] as const).map((cipher, index) => ({
  ianaId: 12,
  name: 'ENCR_AES_CBC',
  aead: false,
  cipher,
  keyOctets: 16 + 8 * index,
  saltOctets: 0,
  ivOctets: 16,
  blockOctets: 16,
  icvOctets: 0,
  wiresharkName: 'AES-CBC [RFC3602]',
}));

const HMACS: readonly IntegrityAlgorithm[] = [
  {
    ianaId: 12,
    name: 'AUTH_HMAC_SHA2_256_128',
    hash: 'sha256',
    keyOctets: 32,
    icvOctets: 16,
    wiresharkName: 'HMAC-SHA-256-128 [RFC4868]',
  },
  {
    ianaId: 13,
    name: 'AUTH_HMAC_SHA2_384_192',
    hash: 'sha384',
    keyOctets: 48,
    icvOctets: 24,
    wiresharkName: 'HMAC-SHA-384-192 [RFC4868]',
  },
  {
    ianaId: 14,
    name: 'AUTH_HMAC_SHA2_512_256',
    hash: 'sha512',
    keyOctets: 64,
    icvOctets: 32,
    wiresharkName: 'HMAC-SHA-512-256 [RFC4868]',
  },
];

const SUITES: ReadonlyMap<string, EspSuite> = new Map(allSuites().map(suite => [suite.name, suite]));

function allSuites(): EspSuite[] {
  const suites: EspSuite[] = GCM.map(encryption => ({
    name: `aes${encryption.keyOctets * 8}gcm16`,
    encryption,
    integrity: null,
  }));
  suites.push({ name: 'chacha20poly1305', encryption: CHACHA20_POLY1305, integrity: null });
  for (const integrity of HMACS) {
    for (const encryption of CBC) {
      suites.push({ name: `aes${encryption.keyOctets * 8}-${integrity.hash}`, encryption, integrity });
    }
  }
  return suites;
}
