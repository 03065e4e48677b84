import { createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { decrypt, encrypt } from './cipher.ts';
import { espSuite, type SeparateAlgorithm } from './esp-suite.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const NO_SALT = new Uint8Array(0);
const ascii = (text: string) => new TextEncoder().encode(text);

function cbc(name: string): SeparateAlgorithm {
  const suite = espSuite(name);
  if (suite === null || suite.integrity === null) throw new Error(`${name} is an AEAD`);
  return suite.encryption;
}

// RFC 3602 §4.
const CASES = [
  {
    key: '06a9214036b8a15b512e03d534120006',
    iv: '3dafba429d9eb430b422da802c9fac41',
    plaintext: ascii('Single block msg'),
    ciphertext: 'e353779c1079aeb82708942dbe77181a',
  },
  {
    key: 'c286696d887c9aa0611bbb3e2025a45a',
    iv: '562e17996d093d28ddb3ba695a2e6f58',
    plaintext: hex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'),
    ciphertext: 'd296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1',
  },
  {
    key: '6c3ea0477630ce21a2ce334aa746c2cd',
    iv: 'c782dc4c098c66cbd9cd27d825682c81',
    plaintext: ascii('This is a 48-byte message (exactly 3 AES blocks)'),
    ciphertext: 'd0a02b3836451753d493665d33f0e8862dea54cdb293abc7506939276772f8d5021c19216bad525c8579695d83ba2684',
  },
  {
    key: '56e47a38c5598974bc46903dba290349',
    iv: '8ce82eefbea0da3c44699ed7db51b7d9',
    plaintext: hex(
      'a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf' +
        'c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf',
    ),
    ciphertext:
      'c30e32ffedc0774e6aff6af0869f71aa0f3af07a9a31a9c684db207eb0ef8e4e' +
      '35907aa632c3ffdf868bb7b29d3d46ad83ce9f9a102ee99d49a53e87f4c3da55',
  },
];

test.each(CASES)('RFC 3602 §4, $ciphertext', ({ key, iv, plaintext, ciphertext }) => {
  const secret = createSecretKey(hex(key));
  const encrypted = encrypt(cbc('aes128-sha256'), secret, NO_SALT, hex(iv), plaintext);
  expect(Buffer.from(encrypted).toString('hex')).toBe(ciphertext);
  expect(decrypt(cbc('aes128-sha256'), secret, NO_SALT, hex(iv), hex(ciphertext))).toEqual(Buffer.from(plaintext));
});

// NIST SP 800-38A F.2.3 and F.2.5, first blocks.
test.each([
  [
    'aes192-sha384',
    '8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b',
    '4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a',
  ],
  [
    'aes256-sha512',
    '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
    'f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d',
  ],
])('SP 800-38A, %s', (suite, key, ciphertext) => {
  const plaintext = hex('6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51');
  const iv = hex('000102030405060708090a0b0c0d0e0f');
  const secret = createSecretKey(hex(key));
  expect(Buffer.from(encrypt(cbc(suite), secret, NO_SALT, iv, plaintext)).toString('hex')).toBe(ciphertext);
  expect(decrypt(cbc(suite), secret, NO_SALT, iv, hex(ciphertext))).toEqual(Buffer.from(plaintext));
});
