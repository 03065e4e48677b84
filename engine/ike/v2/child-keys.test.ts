import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { prf } from '../../crypto/prf-table.ts';
import { childKeys, type ChildKeySource, weakness } from './child-keys.ts';
import { isLower, isNonceFit, lowerNonce } from './nonce.ts';
import type { ChildSuite } from './suite.ts';

const octets = (length: number, from: number) => Uint8Array.from({ length }, (_, i) => (from + i) & 255);
const SHA_256 = prf('prfsha256');
if (SHA_256 === null) throw new Error('no prfsha256');
const SOURCE: ChildKeySource = {
  prf: SHA_256,
  skD: octets(32, 1),
  nonceI: octets(32, 50),
  nonceR: octets(16, 90),
  secrets: [],
};
const suite = (changes: Partial<ChildSuite>): ChildSuite => ({
  protocol: 'esp',
  encryption: 'aes128',
  integrity: 'sha256',
  keyExchange: null,
  additionalKeyExchanges: [],
  esn: false,
  ...changes,
});

/** prf+ of RFC 7296 §2.13, written once more. */
function expand(key: Uint8Array, seed: Uint8Array, length: number): Buffer {
  let [block, out] = [Buffer.alloc(0), Buffer.alloc(0)];
  for (let i = 1; out.length < length; i++) {
    block = createHmac('sha256', key).update(block).update(seed).update(Uint8Array.of(i)).digest();
    out = Buffer.concat([out, block]);
  }
  return out.subarray(0, length);
}

test('first all keys of the initiator, in each direction encryption before integrity, §2.17', () => {
  const keymat = expand(SOURCE.skD, Buffer.concat([SOURCE.nonceI, SOURCE.nonceR]), 2 * (16 + 32));
  const keys = childKeys(SOURCE, suite({}));
  expect(Buffer.concat([keys.initiator.encryption, keys.initiator.integrity])).toEqual(keymat.subarray(0, 48));
  expect(Buffer.concat([keys.responder.encryption, keys.responder.integrity])).toEqual(keymat.subarray(48));
});

test('secrets of key exchanges of its own: g^ir in front of the nonces, the others behind them', () => {
  const secrets = [octets(32, 7), octets(32, 9), octets(32, 11)];
  const [first = octets(0, 0), ...others] = secrets;
  const seed = Buffer.concat([first, SOURCE.nonceI, SOURCE.nonceR, ...others]);
  const keys = childKeys({ ...SOURCE, secrets }, suite({ encryption: 'aes256gcm16', integrity: null }));
  expect(Buffer.from(keys.initiator.encryption)).toEqual(expand(SOURCE.skD, seed, 36));
});

test.each<[string, Partial<ChildSuite>, number, number]>([
  ['AES-GCM with its salt', { encryption: 'aes256gcm16', integrity: null }, 36, 0],
  ['AES-CTR with its nonce', { encryption: 'aes192ctr' }, 28, 32],
  ['triple DES with SHA-1', { encryption: '3des', integrity: 'sha1' }, 24, 20],
  ['NULL', { encryption: 'null' }, 0, 32],
  ['AH', { protocol: 'ah', encryption: null, integrity: 'sha512' }, 0, 64],
  ['AH with GMAC and its salt', { protocol: 'ah', encryption: null, integrity: 'aes128gmac' }, 0, 20],
])('%s', (_what, changes, encryptionOctets, integrityOctets) => {
  const { initiator, responder } = childKeys(SOURCE, suite(changes));
  for (const keys of [initiator, responder]) {
    expect([keys.encryption.length, keys.integrity.length]).toEqual([encryptionOctets, integrityOctets]);
  }
});

test('keys that are weak are seen', () => {
  const strong = childKeys(SOURCE, suite({ encryption: '3des' }));
  expect(weakness(suite({ encryption: '3des' }), strong)).toBeNull();
  const same = { ...strong.initiator, encryption: new Uint8Array(24).fill(3) };
  expect(weakness(suite({ encryption: '3des' }), { ...strong, initiator: same })).toMatch(/single DES/);
});

test('the lower nonce, octet by octet; the end of one is lower, §2.8.1', () => {
  expect(isLower(Uint8Array.of(1, 200), Uint8Array.of(2, 0))).toBe(true);
  expect(isLower(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0))).toBe(true);
  expect(isLower(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(false);
  expect(lowerNonce(Uint8Array.of(9), Uint8Array.of(1, 9))).toEqual(Uint8Array.of(1, 9));
});

const fit = (length: number, keyOctets: number) => isNonceFit(octets(length, 0), { keyOctets });

test('nonces are 16 to 256 octets, and half of the key of the PRF at least, §2.10', () => {
  expect([15, 16, 256, 257].map(length => fit(length, 32))).toEqual([false, true, true, false]);
  expect([31, 32].map(length => fit(length, 64))).toEqual([false, true]);
});
