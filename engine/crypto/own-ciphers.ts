import { getCiphers, type KeyObject } from 'node:crypto';
import type { BlockCipher64 } from './block-cipher.ts';
import { blowfish } from './blowfish.ts';
import { cast128 } from './cast.ts';

/** Whether OpenSSL, or this project itself, can compute a cipher, by its name in node:crypto. */
export function isComputable(cipher: string): boolean {
  return AVAILABLE.has(cipher) || OWN.has(cipher);
}

/** What this project computes itself, since the OpenSSL of this Node has it not: with this key; null: OpenSSL does it. */
export function ownCipher(cipher: string, key: KeyObject): BlockCipher64 | null {
  const make = AVAILABLE.has(cipher) ? undefined : OWN.get(cipher);
  if (make === undefined) return null;
  const found = SCHEDULES.get(key);
  if (found !== undefined) return found;
  const made = make(new Uint8Array(key.export()));
  SCHEDULES.set(key, made);
  return made;
}

const AVAILABLE: ReadonlySet<string> = new Set(getCiphers());

/** In OpenSSL 3 they are in the legacy provider, which Node does not load. */
const OWN: ReadonlyMap<string, (key: Uint8Array) => BlockCipher64> = new Map([
  ['bf-cbc', blowfish],
  ['cast5-cbc', cast128],
]);

/** Making one takes as long as some hundred blocks: once for each key, and forgotten with it. A key goes with one cipher. */
const SCHEDULES = new WeakMap<KeyObject, BlockCipher64>();
