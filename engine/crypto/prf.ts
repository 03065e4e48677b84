import type { AlgorithmEntry } from './algorithm-entry.ts';

/** A pseudorandom function, IKEv2 Transform Type 2. */
export interface Prf extends AlgorithmEntry {
  readonly ianaId: number;
  /** Octets of output; `keyOctets` is the preferred key size, RFC 7296 §2.13. */
  readonly outputOctets: number;
  /** Of a key of any length, RFC 4434 §2 and RFC 4615 §3 for AES. */
  compute(key: Uint8Array, data: Uint8Array): Uint8Array;
}
