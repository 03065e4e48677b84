import type { PublicKey, SignatureScheme } from '../crypto/signature.ts';

/** The least that a chain may rest on; in bits of the modulus, and of the curve's field. */
export interface StrengthFloor {
  readonly rsaBits: number;
  readonly ecdsaBits: number;
  /** SHA-1 in signatures: only for those who have to live with what is there. */
  readonly allowsSha1: boolean;
}

/** RFC 8247 §3.1: 2048 bits of RSA, no SHA-1. */
export const STRENGTH_FLOOR: StrengthFloor = { rsaBits: 2048, ecdsaBits: 256, allowsSha1: false };
/** A larger modulus is for making others compute. */
const RSA_BITS_MAX = 8192;

/** Why a key will not do, or null. */
export function weakKey(key: PublicKey, floor: StrengthFloor): string | null {
  const { algorithm, bits } = key;
  if (algorithm === 'rsa' && bits < floor.rsaBits) return `an RSA key of ${bits} bits, not ${floor.rsaBits}`;
  if (algorithm === 'rsa' && bits > RSA_BITS_MAX) return `an RSA key of ${bits} bits, more than ${RSA_BITS_MAX}`;
  if (algorithm === 'ecdsa' && bits < floor.ecdsaBits) return `an ECDSA key of ${bits} bits, not ${floor.ecdsaBits}`;
  return null;
}

/** Why a signature of that scheme will not do, or null. */
export function weakScheme(scheme: SignatureScheme, floor: StrengthFloor): string | null {
  return 'hash' in scheme && scheme.hash === 'sha1' && !floor.allowsSha1 ? 'a signature with SHA-1' : null;
}

/** Whether keys of that kind make such signatures at all. */
export function keyFits(key: PublicKey, scheme: SignatureScheme): boolean {
  if (scheme.kind === 'rsa-pkcs1' || scheme.kind === 'rsa-pss') return key.algorithm === 'rsa';
  return key.algorithm === scheme.kind;
}
