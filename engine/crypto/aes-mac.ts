import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto';

/**
 * The two MACs made of AES in CBC mode with a zero IV: AES-XCBC-MAC (RFC 3566 §4) and AES-CMAC (RFC 4493 §2.4). They differ
 * in how they derive keys; both mask the last block, and differently when it had to be padded.
 */
interface MacKeys {
  readonly cbc: KeyObject;
  /** What the last block is masked with when it is whole, and when it is padded. */
  readonly whole: Uint8Array;
  readonly padded: Uint8Array;
}

const BLOCK = 16;
const ZERO_BLOCK = new Uint8Array(BLOCK);

/** All 16 octets over `parts` in a row; a fresh array. `key` is 16 octets. */
export function aesMac(kind: 'xcbc' | 'cmac', key: KeyObject, parts: readonly Uint8Array[]): Uint8Array {
  const { cbc, whole, padded } = keysOf(kind, key);
  let octets = 0;
  for (const part of parts) octets += part.length;
  const isWhole = octets > 0 && octets % BLOCK === 0;
  const message = Buffer.alloc(Math.max(1, Math.ceil(octets / BLOCK)) * BLOCK);
  let at = 0;
  for (const part of parts) {
    message.set(part, at);
    at += part.length;
  }
  if (!isWhole) message[octets] = 0x80;
  const lastAt = message.length - BLOCK;
  const mask = isWhole ? whole : padded;
  for (let i = 0; i < BLOCK; i++) message[lastAt + i] = (message[lastAt + i] ?? 0) ^ (mask[i] ?? 0);
  const encrypted = createCipheriv('aes-128-cbc', cbc, ZERO_BLOCK).setAutoPadding(false).update(message);
  return new Uint8Array(encrypted.subarray(lastAt));
}

const KEYS = { xcbc: new WeakMap<KeyObject, MacKeys>(), cmac: new WeakMap<KeyObject, MacKeys>() };

function keysOf(kind: 'xcbc' | 'cmac', key: KeyObject): MacKeys {
  const known = KEYS[kind].get(key);
  if (known !== undefined) return known;
  const keys = kind === 'xcbc' ? xcbcKeys(key) : cmacKeys(key);
  KEYS[kind].set(key, keys);
  return keys;
}

/** K1, K2 and K3: blocks of 01, 02 and 03, encrypted; RFC 3566 §4 (1). */
function xcbcKeys(key: KeyObject): MacKeys {
  const [k1, k2, k3] = [1, 2, 3].map(octet => encryptBlock(key, new Uint8Array(BLOCK).fill(octet)));
  if (k1 === undefined || k2 === undefined || k3 === undefined) throw new Error('three keys');
  return { cbc: createSecretKey(k1), whole: k2, padded: k3 };
}

/** The zero block encrypted, and doubled in GF(2^128) once and twice; RFC 4493 §2.3. */
function cmacKeys(key: KeyObject): MacKeys {
  const whole = doubled(encryptBlock(key, ZERO_BLOCK));
  return { cbc: key, whole, padded: doubled(whole) };
}

function doubled(block: Uint8Array): Uint8Array {
  const result = new Uint8Array(BLOCK);
  for (let i = 0; i < BLOCK; i++) result[i] = ((block[i] ?? 0) << 1) | ((block[i + 1] ?? 0) >>> 7);
  if ((block[0] ?? 0) & 0x80) result[BLOCK - 1] = (result[BLOCK - 1] ?? 0) ^ 0x87;
  return result;
}

function encryptBlock(key: KeyObject, block: Uint8Array): Uint8Array {
  return new Uint8Array(createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(block));
}
