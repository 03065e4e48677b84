import { createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { fromHex } from '../wire/testing/must.ts';
import { cipherKey, decrypt, encrypt } from './cipher.ts';
import { espSuite, type SeparateAlgorithm } from './esp-suite.ts';

const NO_SALT = new Uint8Array(0);
const ascii = (text: string) => new TextEncoder().encode(text);

function separate(name: string): SeparateAlgorithm {
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
    plaintext: fromHex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'),
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
    plaintext: fromHex(
      'a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf' +
        'c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf',
    ),
    ciphertext:
      'c30e32ffedc0774e6aff6af0869f71aa0f3af07a9a31a9c684db207eb0ef8e4e' +
      '35907aa632c3ffdf868bb7b29d3d46ad83ce9f9a102ee99d49a53e87f4c3da55',
  },
];

test.each(CASES)('RFC 3602 §4, $ciphertext', ({ key, iv, plaintext, ciphertext }) => {
  const secret = createSecretKey(fromHex(key));
  const encrypted = encrypt(separate('aes128-sha256'), secret, NO_SALT, fromHex(iv), plaintext);
  expect(Buffer.from(encrypted).toString('hex')).toBe(ciphertext);
  expect(decrypt(separate('aes128-sha256'), secret, NO_SALT, fromHex(iv), fromHex(ciphertext))).toEqual(
    Buffer.from(plaintext),
  );
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
  const plaintext = fromHex('6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51');
  const iv = fromHex('000102030405060708090a0b0c0d0e0f');
  const secret = createSecretKey(fromHex(key));
  expect(Buffer.from(encrypt(separate(suite), secret, NO_SALT, iv, plaintext)).toString('hex')).toBe(ciphertext);
  expect(decrypt(separate(suite), secret, NO_SALT, iv, fromHex(ciphertext))).toEqual(Buffer.from(plaintext));
});

// Key, nonce, IV, plaintext, ciphertext.
const RFC_3686 = [
  [
    'ae6852f8121067cc4bf7a5765577f39e',
    '00000030',
    '0000000000000000',
    '53696e676c6520626c6f636b206d7367',
    'e4095d4fb7a7b3792d6175a3261311b8',
  ],
  [
    '7e24067817fae0d743d6ce1f32539163',
    '006cb6db',
    'c0543b59da48d90b',
    '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    '5104a106168a72d9790d41ee8edad388eb2e1efc46da57c8fce630df9141be28',
  ],
  [
    '7691be035e5020a8ac6e618529f9a0dc',
    '00e0017b',
    '27777f3f4a1786f0',
    '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223',
    'c1cf48a89f2ffdd9cf4652e9efdb72d74540a42bde6d7836d59a5ceaaef3105325b2072f',
  ],
  [
    '16af5b145fc9f579c175f93e3bfb0eed863d06ccfdb78515',
    '00000048',
    '36733c147d6d93cb',
    '53696e676c6520626c6f636b206d7367',
    '4b55384fe259c9c84e7935a003cbe928',
  ],
  [
    '7c5cb2401b3dc33c19e7340819e0f69c678c3db8e6f6a91a',
    '0096b03b',
    '020c6eadc2cb500d',
    '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    '453243fc609b23327edfaafa7131cd9f8490701c5ad4a79cfc1fe0ff42f4fb00',
  ],
  [
    '02bf391ee8ecb159b959617b0965279bf59b60a786d3e0fe',
    '0007bdfd',
    '5cbd60278dcc0912',
    '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223',
    '96893fc55e5c722f540b7dd1ddf7e758d288bc95c69165884536c811662f2188abee0935',
  ],
  [
    '776beff2851db06f4c8a0542c8696f6c6a81af1eec96b4d37fc1d689e6c1c104',
    '00000060',
    'db5672c97aa8f0b2',
    '53696e676c6520626c6f636b206d7367',
    '145ad01dbf824ec7560863dc71e3e0c0',
  ],
  [
    'f6d66d6bd52d59bb0796365879eff886c66dd51a5b6a99744b50590c87a23884',
    '00faac24',
    'c1585ef15a43d875',
    '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    'f05e231b3894612c49ee000b804eb2a9b8306b508f839d6a5530831d9344af1c',
  ],
  [
    'ff7a617ce69148e4f1726e2f43581de2aa62d9f805532edff1eed687fb54153d',
    '001cc5b7',
    '51a51d70a1c11148',
    '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223',
    'eb6c52821d0bbbf7ce7594462aca4faab407df866569fd07f48cc0b583d6071f1ec0e6b8',
  ],
] as const;

test.each(RFC_3686)('RFC 3686 §6, AES-CTR, key %s', (key, nonce, iv, plaintext, ciphertext) => {
  const algorithm = separate(`aes${key.length * 4}ctr-sha256`);
  const secret = createSecretKey(fromHex(key));
  expect(Buffer.from(encrypt(algorithm, secret, fromHex(nonce), fromHex(iv), fromHex(plaintext))).toString('hex')).toBe(
    ciphertext,
  );
  expect(
    Buffer.from(decrypt(algorithm, secret, fromHex(nonce), fromHex(iv), fromHex(ciphertext))).toString('hex'),
  ).toBe(plaintext);
});

// RFC 4312 has no vectors of CBC; one block under a zero IV is the block cipher itself: RFC 3713 appendix A.
test.each([
  ['0123456789abcdeffedcba9876543210', '67673138549669730857065648eabe43'],
  ['0123456789abcdeffedcba98765432100011223344556677', 'b4993401b3e996f84ee5cee7d79b09b9'],
  ['0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff', '9acc237dff16d76c20ef7c919e3a7509'],
])('RFC 3713 appendix A, Camellia, key %s', (key, ciphertext) => {
  const algorithm = separate(`camellia${key.length * 4}-sha256`);
  const plaintext = fromHex('0123456789abcdeffedcba9876543210');
  const secret = createSecretKey(fromHex(key));
  const encrypted = encrypt(algorithm, secret, NO_SALT, new Uint8Array(16), plaintext);
  expect(Buffer.from(encrypted).toString('hex')).toBe(ciphertext);
  // The second block of CBC is the first one's with the plaintext masked away.
  const twice = Uint8Array.from([...plaintext, ...encrypted.map((octet, i) => octet ^ (plaintext[i] ?? 0))]);
  const chained = encrypt(algorithm, secret, NO_SALT, new Uint8Array(16), twice);
  expect(Buffer.from(chained).toString('hex')).toBe(ciphertext + ciphertext);
});

test('FIPS 81 table C1: DES in CBC mode, which is triple DES with one key', () => {
  const algorithm = separate('des-md5');
  const secret = cipherKey(algorithm, fromHex('0123456789abcdef'));
  const plaintext = ascii('Now is the time for all ');
  const iv = fromHex('1234567890abcdef');
  const encrypted = encrypt(algorithm, secret, NO_SALT, iv, plaintext);
  expect(Buffer.from(encrypted).toString('hex')).toBe('e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6');
  expect(new Uint8Array(decrypt(algorithm, secret, NO_SALT, iv, encrypted))).toEqual(plaintext);
});

test('NULL is the identity, RFC 2410', () => {
  const algorithm = separate('null-sha256');
  const secret = cipherKey(algorithm, new Uint8Array(0));
  const octets = fromHex('00112233');
  expect(encrypt(algorithm, secret, NO_SALT, NO_SALT, octets)).toEqual(octets);
  const decrypted = decrypt(algorithm, secret, NO_SALT, NO_SALT, octets);
  expect(decrypted).toEqual(octets);
  expect(decrypted).not.toBe(octets);
});
