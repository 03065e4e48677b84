import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { fromHex, must, toHex } from '../wire/testing/must.ts';
import { prf, prfNumbered, prfPlus, prfs, skeyseedKey } from './prf-table.ts';

const compute = (token: string, key: Uint8Array, data: Uint8Array) => toHex(must(prf(token)).compute(key, data));
const text = (value: string) => Uint8Array.from(Buffer.from(value));
const filled = (octets: number, value: number) => new Uint8Array(octets).fill(value);

test.each([
  ['prfmd5', filled(16, 0x0b), 'Hi There', '9294727a3638bb1c13f48ef8158bfc9d'],
  ['prfmd5', text('Jefe'), 'what do ya want for nothing?', '750c783e6ab0b503eaa86e310a5db738'],
  ['prfsha1', filled(20, 0x0b), 'Hi There', 'b617318655057264e28bc0b6fb378c8ef146be00'],
  ['prfsha1', text('Jefe'), 'what do ya want for nothing?', 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
])('RFC 2202: %s', (token, key, data, output) => {
  expect(compute(token, key, text(data))).toBe(output);
});

const RFC4231_2 = {
  prfsha256: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  prfsha384: 'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
  prfsha512:
    '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554' +
    '9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
};

test.each(Object.entries(RFC4231_2))('RFC 4231 §4.3: %s', (token, output) => {
  expect(compute(token, text('Jefe'), text('what do ya want for nothing?'))).toBe(output);
});

test('RFC 4231 §4.7, a key longer than the block of the hash', () => {
  const data = text('Test Using Larger Than Block-Size Key - Hash Key First');
  expect(compute('prfsha256', filled(131, 0xaa), data)).toBe(
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  );
});

const MESSAGE = fromHex('000102030405060708090a0b0c0d0e0f10111213');

test.each([
  ['000102030405060708090a0b0c0d0e0f', '47f51b4564966215b8985c63055ed308'],
  ['00010203040506070809', '0fa087af7d866e7653434e602fdde835'],
  ['000102030405060708090a0b0c0d0e0fedcb', '8cd3c93ae598a9803006ffb67c40e9e4'],
])('RFC 4434 §2: AES-XCBC-PRF-128 with the key %s', (key, output) => {
  expect(compute('prfaesxcbc', fromHex(key), MESSAGE)).toBe(output);
});

test.each([
  ['000102030405060708090a0b0c0d0e0fedcb', '84a348a4a45d235babfffc0d2b4da09a'],
  ['000102030405060708090a0b0c0d0e0f', '980ae87b5f4c9c5214f5b6a8455e4c2d'],
  ['00010203040506070809', '290d9e112edb09ee141fcf64c0b72f3d'],
])('RFC 4615 §4: AES-CMAC-PRF-128 with the key %s', (key, output) => {
  expect(compute('prfaescmac', fromHex(key), MESSAGE)).toBe(output);
});

test('numbers, outputs and what is legacy', () => {
  expect(prfs().map(({ ianaId, outputOctets, legacy }) => [ianaId, outputOctets, legacy])).toEqual([
    [5, 32, false],
    [6, 48, false],
    [7, 64, false],
    [4, 16, false],
    [8, 16, false],
    [2, 20, false],
    [1, 16, true],
  ]);
  expect(prfNumbered(7)?.token).toBe('prfsha512');
  expect(prfNumbered(3)).toBeNull(); // Tiger
  expect(prf('sha256')).toBeNull();
});

test('prf+ is T1 | T2 | …, each of the one before, the seed and a count', () => {
  const sha256 = must(prf('prfsha256'));
  const [key, seed] = [text('key'), text('seed')];
  const mac = (data: Uint8Array) => createHmac('sha256', key).update(data).digest();
  const t1 = mac(Buffer.concat([seed, Uint8Array.of(1)]));
  const t2 = mac(Buffer.concat([t1, seed, Uint8Array.of(2)]));
  const t3 = mac(Buffer.concat([t2, seed, Uint8Array.of(3)]));
  expect(toHex(prfPlus(sha256, key, seed, 70))).toBe(toHex(Buffer.concat([t1, t2, t3]).subarray(0, 70)));
  expect(prfPlus(sha256, key, seed, 0)).toHaveLength(0);
});

test('prf+ ends with its count of one octet', () => {
  const xcbc = must(prf('prfaesxcbc'));
  expect(prfPlus(xcbc, text('key'), text('seed'), 255 * 16)).toHaveLength(4080);
  expect(() => prfPlus(xcbc, text('key'), text('seed'), 255 * 16 + 1)).toThrow(RangeError);
});

test('PRFs of AES take 64 bits of each nonce for SKEYSEED, RFC 7296 §2.14', () => {
  const [ni, nr] = [filled(32, 1), filled(24, 2)];
  expect(toHex(skeyseedKey(must(prf('prfsha256')), ni, nr))).toBe('01'.repeat(32) + '02'.repeat(24));
  for (const token of ['prfaesxcbc', 'prfaescmac']) {
    expect(toHex(skeyseedKey(must(prf(token)), ni, nr))).toBe('01'.repeat(8) + '02'.repeat(8));
  }
});
