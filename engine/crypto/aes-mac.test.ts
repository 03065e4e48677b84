import { createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { fromHex, toHex } from '../wire/testing/must.ts';
import { aesMac } from './aes-mac.ts';
import { icv } from './icv.ts';
import { integrityAlgorithm } from './integrity.ts';

function cut96(token: 'aesxcbc' | 'aescmac', key: string, message: Uint8Array): string {
  const algorithm = integrityAlgorithm(token);
  if (algorithm === null) throw new Error(token);
  return toHex(icv(algorithm, createSecretKey(fromHex(key)), message));
}

const counting = (octets: number) => Uint8Array.from({ length: octets }, (_, i) => i);

test.each([
  [0, '75f0251d528ac01c4573dfd584d79f29'],
  [3, '5b376580ae2f19afe7219ceef172756f'],
  [16, 'd2a246fa349b68a79998a4394ff7a263'],
  [20, '47f51b4564966215b8985c63055ed308'],
  [32, 'f54f0ec8d2b9f3d36807734bd5283fd4'],
  [34, 'becbb3bccdb518a30677d5481fb6b4d8'],
])('RFC 3566 §4.6, %d octets', (octets, mac) => {
  const key = '000102030405060708090a0b0c0d0e0f';
  expect(toHex(aesMac('xcbc', createSecretKey(fromHex(key)), [counting(octets)]))).toBe(mac);
  expect(cut96('aesxcbc', key, counting(octets))).toBe(mac.slice(0, 24));
});

test('RFC 3566 §4.6, 1000 octets of zeros', () => {
  const key = '000102030405060708090a0b0c0d0e0f';
  expect(toHex(aesMac('xcbc', createSecretKey(fromHex(key)), [new Uint8Array(1000)]))).toBe(
    'f0dafee895db30253761103b5d84528f',
  );
});

const MESSAGE = fromHex(
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51' +
    '30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
);

// RFC 4493 §4 has the whole 128 bits, RFC 4494 §5 the first 96 of them.
test.each([
  [0, 'bb1d6929e95937287fa37d129b756746', 'bb1d6929e95937287fa37d12'],
  [16, '070a16b46b4d4144f79bdd9dd04a287c', '070a16b46b4d4144f79bdd9d'],
  [40, 'dfa66747de9ae63030ca32611497c827', 'dfa66747de9ae63030ca3261'],
  [64, '51f0bebf7e3b9d92fc49741779363cfe', '51f0bebf7e3b9d92fc497417'],
])('RFC 4493 §4 and RFC 4494 §5, %d octets', (octets, mac, cut) => {
  const key = '2b7e151628aed2a6abf7158809cf4f3c';
  const message = MESSAGE.subarray(0, octets);
  expect(toHex(aesMac('cmac', createSecretKey(fromHex(key)), [message]))).toBe(mac);
  expect(cut96('aescmac', key, message)).toBe(cut);
});

test('parts are one message, wherever they are cut', () => {
  const key = createSecretKey(new Uint8Array(16).fill(3));
  for (const kind of ['xcbc', 'cmac'] as const) {
    for (const octets of [1, 15, 16, 17, 31, 32, 33]) {
      const message = counting(octets);
      const whole = aesMac(kind, key, [message]);
      for (let cut = 0; cut <= octets; cut++) {
        expect(aesMac(kind, key, [message.subarray(0, cut), message.subarray(cut)])).toEqual(whole);
      }
    }
  }
});
