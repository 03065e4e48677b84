import { createCipheriv, createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { must, toHex } from '../wire/testing/must.ts';
import { encryptionAlgorithms } from './encryption.ts';
import { type IkeCipher, type IkeCipherKeys, ikeCipher } from './ike-cipher.ts';
import { integrityAlgorithms } from './integrity.ts';

const counting = (octets: number, from = 0) => Uint8Array.from({ length: octets }, (_, i) => (from + i) & 0xff);
const COVERED = counting(32, 0x80);

const keysFor = (cipher: IkeCipher): IkeCipherKeys => ({
  encryption: counting(cipher.encryptionKeyOctets, 1),
  integrity: counting(cipher.integrityKeyOctets, 101),
});

const PAIRS = encryptionAlgorithms().flatMap(({ token, aead }): { token: string; integrity: string | null }[] =>
  aead ? [{ token, integrity: null }] : integrityAlgorithms().map(mac => ({ token, integrity: mac.token })),
);
const USABLE = PAIRS.filter(({ token, integrity }) => ikeCipher(token, integrity) !== null);

test('whole blocks come back, and nothing that was changed', () => {
  expect(USABLE.length).toBeGreaterThan(80);
  for (const { token, integrity } of USABLE) {
    const cipher = must(ikeCipher(token, integrity));
    const keys = keysFor(cipher);
    const plaintext = counting(48, 7);
    const body = cipher.seal(keys, counting(cipher.ivOctets, 50), COVERED, plaintext);
    expect(body.length).toBe(cipher.ivOctets + 48 + cipher.icvOctets);
    expect(toHex(must(cipher.open(keys, COVERED, body)))).toBe(toHex(plaintext));
    for (const at of [0, cipher.ivOctets, body.length - cipher.icvOctets, body.length - 1]) {
      const changed = body.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x40;
      expect(cipher.open(keys, COVERED, changed)).toBeNull();
    }
    expect(cipher.open(keys, counting(32, 0x81), body)).toBeNull();
    expect(cipher.open(keys, COVERED, body.subarray(0, -1))).toBeNull();
    expect(cipher.open(keys, COVERED, new Uint8Array())).toBeNull();
  }
});

test('a body of whichever length is refused or opened, and never throws', () => {
  for (const { token, integrity } of USABLE) {
    const cipher = must(ikeCipher(token, integrity));
    for (let octets = 0; octets < 64; octets++)
      expect(cipher.open(keysFor(cipher), COVERED, counting(octets))).toBeNull();
  }
});

test.each([
  ['aes256gcm16', null, 36, 0, 8, 16, 1],
  ['aes128gcm8', null, 20, 0, 8, 8, 1],
  ['aes192ccm12', null, 27, 0, 8, 12, 1],
  ['chacha20poly1305', null, 36, 0, 8, 16, 1],
  ['aes128', 'sha256', 16, 32, 16, 16, 16],
  ['aes256', 'sha512', 32, 64, 16, 32, 16],
  ['camellia256', 'aesxcbc', 32, 16, 16, 12, 16],
  ['3des', 'sha1', 24, 20, 8, 12, 8],
  ['aes256ctr', 'sha384', 36, 48, 8, 24, 1], // RFC 5930 §2.2: the nonce is a part of the key
] as const)('%s with %s: lengths', (encryption, integrity, keyE, keyA, iv, icv, block) => {
  const cipher = must(ikeCipher(encryption, integrity));
  expect([
    cipher.encryptionKeyOctets,
    cipher.integrityKeyOctets,
    cipher.ivOctets,
    cipher.icvOctets,
    cipher.blockOctets,
  ]).toEqual([keyE, keyA, iv, icv, block]);
});

test.each<[string, string | null, string]>([
  ['null', 'sha256', 'RFC 8247 §2.1'],
  ['aes128', null, 'no integrity'],
  ['aes128', 'aes128gmac', 'needs a nonce'],
  ['aes128', 'sha256_96', 'of no number'],
  ['aes128gcm16', 'sha256', 'a second integrity'],
  ['aes128gcm16iiv', null, 'RFC 8750 §7'],
  ['aes128gmac', null, 'no encryption'],
  ['aes129', 'sha256', 'unknown'],
  ['aes128', 'sha257', 'unknown'],
])('%s with %s is not for IKE: %s', (encryption, integrity) => {
  expect(ikeCipher(encryption, integrity)).toBeNull();
});

test('AEAD: what is before the IV is associated data, salt and IV are the nonce, RFC 5282 §4 and §5.1', () => {
  const cipher = must(ikeCipher('aes256gcm16', null));
  const key = counting(36);
  const gcm = createCipheriv('aes-256-gcm', key.subarray(0, 32), Buffer.concat([key.subarray(32), counting(8, 9)]));
  gcm.setAAD(COVERED);
  const expected = Buffer.concat([counting(8, 9), gcm.update(counting(21)), gcm.final(), gcm.getAuthTag()]);
  const sealed = cipher.seal({ encryption: key, integrity: new Uint8Array() }, counting(8, 9), COVERED, counting(21));
  expect(toHex(sealed)).toBe(toHex(expected));
});

test('CBC and HMAC: the ICV is over header, IV and ciphertext, RFC 7296 §3.14', () => {
  const cipher = must(ikeCipher('aes128', 'sha256'));
  const keys = keysFor(cipher);
  const cbc = createCipheriv('aes-128-cbc', keys.encryption, counting(16, 9)).setAutoPadding(false);
  const before = Buffer.concat([COVERED, counting(16, 9), cbc.update(counting(32))]);
  const icv = createHmac('sha256', keys.integrity).update(before).digest().subarray(0, 16);
  const sealed = cipher.seal(keys, counting(16, 9), COVERED, counting(32));
  expect(toHex(sealed)).toBe(toHex(Buffer.concat([before.subarray(COVERED.length), icv])));
});

test('what we get wrong is thrown', () => {
  const cipher = must(ikeCipher('aes128', 'sha256'));
  const keys = keysFor(cipher);
  expect(() => cipher.seal(keys, counting(16), COVERED, counting(33))).toThrow(RangeError);
  expect(() => cipher.seal(keys, counting(8), COVERED, counting(32))).toThrow(RangeError);
  expect(() => cipher.seal({ ...keys, integrity: counting(20) }, counting(16), COVERED, counting(32))).toThrow(
    'SK_a of 20 octets instead of 32',
  );
});
