import type { Prf } from '../../crypto/prf.ts';
import type { Random } from '../../crypto/random.ts';
import type { ProtocolError } from '../protocol-error.ts';
import type { World } from './step.ts';

/** Twice the strength of any key that is negotiated here would be 64; RFC 7296 §2.10 asks for half of the PRF's key at least. */
const NONCE_OCTETS = 32;
const NONCE_OCTETS_MIN = 16;
const NONCE_OCTETS_MAX = 256;

/** Whether a nonce has a length that it may have with this PRF, RFC 7296 §2.10. */
export function isNonceFit(nonce: Uint8Array, { keyOctets }: Pick<Prf, 'keyOctets'>): boolean {
  return nonce.length >= Math.max(NONCE_OCTETS_MIN, keyOctets / 2) && nonce.length <= NONCE_OCTETS_MAX;
}

/** What is wrong with a nonce of the peer; null: nothing. */
export function nonceProblem(nonce: Uint8Array, prf: Prf, { steps }: Pick<World, 'steps'>): ProtocolError | null {
  if (steps.isNonceFit(nonce, prf)) return null;
  return { kind: 'malformed', field: `nonce of ${nonce.length} octets`, offset: 0 };
}

export const newNonce = (random: Random): Uint8Array => random.bytes(NONCE_OCTETS);

/** The lower of two by RFC 7296 §2.8.1: octet by octet; of one that begins the other, the shorter. */
export function lowerNonce(a: Uint8Array, b: Uint8Array): Uint8Array {
  return isLower(a, b) ? a : b;
}

export const isLower = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) < 0;
