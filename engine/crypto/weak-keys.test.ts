import { createCipheriv } from 'node:crypto';
import { expect, test } from 'vitest';
import { fromHex } from '../wire/testing/must.ts';
import { encryptionAlgorithm } from './encryption.ts';
import { weakKeyReason } from './weak-keys.ts';

const encrypt = (key: string, octets: Uint8Array) =>
  createCipheriv('des-ede3-cbc', fromHex(key.repeat(3)), new Uint8Array(8))
    .setAutoPadding(false)
    .update(octets);

function reason(token: string, key: string): string | null {
  const algorithm = encryptionAlgorithm(token);
  if (algorithm === null) throw new Error(token);
  return weakKeyReason(algorithm, fromHex(key));
}

// Of each pair, the second undoes the first; the four weak keys undo themselves. That is what makes them weak.
test.each([
  ['0101010101010101', '0101010101010101'],
  ['fefefefefefefefe', 'fefefefefefefefe'],
  ['e0e0e0e0f1f1f1f1', 'e0e0e0e0f1f1f1f1'],
  ['1f1f1f1f0e0e0e0e', '1f1f1f1f0e0e0e0e'],
  ['011f011f010e010e', '1f011f010e010e01'],
  ['01e001e001f101f1', 'e001e001f101f101'],
  ['01fe01fe01fe01fe', 'fe01fe01fe01fe01'],
  ['1fe01fe00ef10ef1', 'e01fe01ff10ef10e'],
  ['1ffe1ffe0efe0efe', 'fe1ffe1ffe0efe0e'],
  ['e0fee0fef1fef1fe', 'fee0fee0fef1fef1'],
])('DES: %s and %s are weak, whatever their parity', (first, second) => {
  const block = fromHex('0123456789abcdef');
  expect(new Uint8Array(encrypt(second, encrypt(first, block)))).toEqual(block);
  for (const key of [first, second]) {
    expect(reason('des', key)).toMatch(/RFC 2405/);
    expect(reason('des', Buffer.from(fromHex(key).map(octet => octet ^ 1)).toString('hex'))).toMatch(/RFC 2405/);
  }
});

test('triple DES with two equal keys in a row is single DES', () => {
  const [a, b] = ['0123456789abcdef', 'fedcba9876543210'];
  expect(reason('3des', a + a + b)).toMatch(/RFC 2451/);
  expect(reason('3des', a + b + b)).toMatch(/RFC 2451/);
  expect(reason('3des', `0123456789abcd00${a}${b}`)).toBeNull();
  expect(reason('3des', `0022446688aaccee${a}${b}`)).toMatch(/RFC 2451/);
  expect(reason('3des', a + b + a)).toBeNull();
});

test('no other algorithm has weak keys here', () => {
  expect(reason('des', '0123456789abcdef')).toBeNull();
  expect(reason('aes128', '00'.repeat(16))).toBeNull();
});
