import type { AlgorithmEntry } from './algorithm-entry.ts';
import { ENCRYPTION_TABLE } from './encryption-table.ts';

/** What every encryption algorithm of ESP has: one entry an algorithm and key length. */
export interface CipherShape extends AlgorithmEntry {
  /** Octets of salt (the nonce of RFC 3686) that follow the key in the keying material, RFC 4106 §8.1; 0: none. */
  readonly saltOctets: number;
  /** Octets of IV that precede the ciphertext in a packet; 0: none, or implicit (RFC 8750). */
  readonly ivOctets: number;
  /** The plaintext, trailer included, must be a multiple of this, RFC 4303 §2.4: at least the 4 of its alignment rule. */
  readonly blockOctets: number;
}

/** Encryption and integrity in one (GMAC: integrity alone). The nonce is salt and 8 octets that never come again with a key. */
export interface AeadAlgorithm extends CipherShape {
  readonly aead: true;
  /** RFC 4106, RFC 4309, RFC 7634, RFC 4543 §3. */
  readonly kind: 'gcm' | 'ccm' | 'chacha20poly1305' | 'gmac';
  /** The name in node:crypto. */
  readonly cipher: string;
  readonly icvOctets: 8 | 12 | 16;
  /** RFC 8750: the IV is the sequence number, and not in the packet. */
  readonly implicitIv: boolean;
}

/** CBC mode, RFC 3602, RFC 2451, RFC 4312; the IV is one unpredictable block. */
export interface CbcAlgorithm extends CipherShape {
  readonly aead: false;
  readonly kind: 'cbc';
  readonly cipher: string;
  readonly icvOctets: 0;
}

/** Counter mode, RFC 3686; the IV is 8 octets that never come again with a key. */
export interface CtrAlgorithm extends CipherShape {
  readonly aead: false;
  readonly kind: 'ctr';
  readonly cipher: string;
  readonly icvOctets: 0;
}

/** RFC 2410. */
export interface NullAlgorithm extends CipherShape {
  readonly aead: false;
  readonly kind: 'null';
  readonly cipher: null;
  readonly icvOctets: 0;
}

/** Those that need an integrity algorithm beside them. */
export type SeparateAlgorithm = CbcAlgorithm | CtrAlgorithm | NullAlgorithm;
export type EncryptionAlgorithm = AeadAlgorithm | SeparateAlgorithm;

/** Whether two packets under one IV would betray the key stream or the key: such an SA must never count from the start again. */
export function isCounterMode(algorithm: EncryptionAlgorithm): boolean {
  return algorithm.aead || algorithm.kind === 'ctr';
}

/** All of them, the strongest habits first. */
export function encryptionAlgorithms(): readonly EncryptionAlgorithm[] {
  return ENCRYPTION_TABLE;
}

/** By its part of a suite's name, such as `aes128gcm16` or `3des`; null: there is none. */
export function encryptionAlgorithm(token: string): EncryptionAlgorithm | null {
  return BY_TOKEN.get(token) ?? null;
}

const BY_TOKEN: ReadonlyMap<string, EncryptionAlgorithm> = new Map(ENCRYPTION_TABLE.map(one => [one.token, one]));
