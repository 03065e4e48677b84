import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { IntegrityAlgorithm } from './esp-suite.ts';

/** The ICV over `parts` in a row: HMAC, RFC 2104, cut to `icvOctets` from its left end, RFC 4868 §2.3. */
export function hmacIcv(algorithm: IntegrityAlgorithm, key: KeyObject, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac(algorithm.hash, key);
  for (const part of parts) hmac.update(part);
  return hmac.digest().subarray(0, algorithm.icvOctets);
}

/** Compares in a time that depends on the length alone, so that a forger learns nothing from it. */
export function icvsEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
