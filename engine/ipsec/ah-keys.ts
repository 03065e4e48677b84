import { createSecretKey, type KeyObject } from 'node:crypto';
import type { AhParameters } from './sa.ts';

/** The key of an SA in the form in which node:crypto uses it fastest. */
export interface AhKeys {
  readonly integrity: KeyObject;
  /** Precedes the IV in the nonce of GMAC, RFC 4543 §3.2; empty for others. */
  readonly salt: Uint8Array;
}

/** Made once an SA, at its first packet, and gone with it. */
export function ahKeysOf(sa: AhParameters): AhKeys {
  const known = KEYS.get(sa);
  if (known !== undefined) return known;
  const { keyOctets } = sa.integrity;
  const keys: AhKeys = {
    integrity: createSecretKey(sa.integrityKey.subarray(0, keyOctets)),
    salt: sa.integrityKey.slice(keyOctets),
  };
  KEYS.set(sa, keys);
  return keys;
}

const KEYS = new WeakMap<AhParameters, AhKeys>();
