import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { aesMac } from './aes-mac.ts';
import type { IntegrityAlgorithm } from './integrity.ts';

/**
 * The ICV over `parts` in a row, `icvOctets` long; the caller owns it. Throws for AES-GMAC, which needs a nonce beside the
 * key: see `gmac`.
 */
export function icv(algorithm: IntegrityAlgorithm, key: KeyObject, ...parts: readonly Uint8Array[]): Uint8Array {
  if (algorithm.kind === 'gmac') throw new Error(`${algorithm.name} needs a nonce`);
  if (algorithm.kind !== 'hmac') return aesMac(algorithm.kind, key, parts).subarray(0, algorithm.icvOctets);
  const hmac = createHmac(algorithm.hash, key);
  for (const part of parts) hmac.update(part);
  return hmac.digest().subarray(0, algorithm.icvOctets);
}

/** Compares in a time that depends on the length alone, so that a forger learns nothing from it. */
export function icvsEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
