import { createSecretKey, type KeyObject } from 'node:crypto';
import type { AhParameters } from './sa.ts';

/** The key of an SA in the form in which node:crypto uses it fastest. Made at its first packet, and gone with it. */
export function integrityKeyOf(sa: AhParameters): KeyObject {
  const known = KEYS.get(sa);
  if (known !== undefined) return known;
  const key = createSecretKey(sa.integrityKey);
  KEYS.set(sa, key);
  return key;
}

const KEYS = new WeakMap<AhParameters, KeyObject>();
