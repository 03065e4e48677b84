import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../wire/testing/must.ts';
import { openAead, sealAead } from './aead.ts';
import { type AeadAlgorithm, espSuite, espSuiteNames } from './esp-suite.ts';
import { gmac } from './gmac.ts';

const NAMES = espSuiteNames().filter(name => espSuite(name)?.encryption.aead === true);

function aead(name: string): AeadAlgorithm {
  const suite = espSuite(name);
  if (suite === null || suite.integrity !== null) throw new Error(`${name} is no AEAD`);
  return suite.encryption;
}

test('RFC 8439 §2.8.2: ChaCha20-Poly1305', () => {
  const plaintext = new TextEncoder().encode(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  );
  const key = createSecretKey(fromHex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f'));
  const nonce = fromHex('070000004041424344454647');
  const aad = fromHex('50515253c0c1c2c3c4c5c6c7');
  const { ciphertext, tag } = sealAead(aead('chacha20poly1305'), key, nonce, aad, plaintext);
  expect(toHex(ciphertext.subarray(0, 16))).toBe('d31a8d34648e60db7b86afbc53ef7ec2');
  expect(toHex(ciphertext.subarray(112))).toBe('6116');
  expect(toHex(tag)).toBe('1ae10b594f09e26a7e902ecbd0600691');
  expect(openAead(aead('chacha20poly1305'), key, nonce, aad, ciphertext, tag)).toEqual(Buffer.from(plaintext));
});

test('the GCM specification, test case 4: AES-128 with AAD', () => {
  const key = createSecretKey(fromHex('feffe9928665731c6d6a8f9467308308'));
  const nonce = fromHex('cafebabefacedbaddecaf888');
  const aad = fromHex('feedfacedeadbeeffeedfacedeadbeefabaddad2');
  const plaintext = fromHex(
    `d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
     1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39`,
  );
  const { ciphertext, tag } = sealAead(aead('aes128gcm16'), key, nonce, aad, plaintext);
  expect(toHex(ciphertext)).toBe(
    '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e' +
      '21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091',
  );
  expect(toHex(tag)).toBe('5bc94fbc3221a5db94fae95ae7121a47');
});

// RFC 4309 has no vectors of its own; those of RFC 3610 have another nonce length, which the mode takes as well.
test.each([
  [
    1,
    '00000003020100a0a1a2a3a4a5',
    '0001020304050607',
    '08090a0b0c0d0e0f101112131415161718191a1b1c1d1e',
    '588c979a61c663d2f066d0c2c0f989806d5f6b61dac384',
    '17e8d12cfdf926e0',
  ],
  [
    2,
    '00000004030201a0a1a2a3a4a5',
    '0001020304050607',
    '08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    '72c91a36e135f8cf291ca894085c87e3cc15c439c9e43a3b',
    'a091d56e10400916',
  ],
])(
  'RFC 3610 §8, packet vector #%d: AES-CCM with 8 octets of ICV',
  (_vector, nonce, aad, plaintext, ciphertext, tag) => {
    const key = createSecretKey(fromHex('c0c1c2c3c4c5c6c7c8c9cacbcccdcecf'));
    const sealed = sealAead(aead('aes128ccm8'), key, fromHex(nonce), fromHex(aad), fromHex(plaintext));
    expect([toHex(sealed.ciphertext), toHex(sealed.tag)]).toEqual([ciphertext, tag]);
    const opened = openAead(aead('aes128ccm8'), key, fromHex(nonce), fromHex(aad), fromHex(ciphertext), fromHex(tag));
    expect(opened && toHex(opened)).toBe(plaintext);
  },
);

test.each(['aes128gcm8', 'aes256gcm12'])('%s: a shorter tag is the first octets of the whole one', name => {
  const [short, whole] = [aead(name), aead(name.replace(/gcm.*/, 'gcm16'))];
  const key = createSecretKey(new Uint8Array(short.keyOctets).fill(7));
  const [nonce, octets] = [new Uint8Array(12), new Uint8Array(20)];
  const { tag } = sealAead(whole, key, nonce, octets, octets);
  expect(sealAead(short, key, nonce, octets, octets).tag).toEqual(tag.subarray(0, short.icvOctets));
});

// RFC 4543 refers to the GCM specification: its test case 1 authenticates nothing, and is GMAC.
test('the GCM specification, test case 1: AES-GMAC of nothing', () => {
  const key = createSecretKey(new Uint8Array(16));
  const nothing = new Uint8Array(0);
  expect(toHex(sealAead(aead('aes128gmac'), key, new Uint8Array(12), nothing, nothing).tag)).toBe(
    '58e2fccefa7e3061367f1d57a4e7455a',
  );
  expect(toHex(gmac({ cipher: 'aes-128-gcm' }, key, new Uint8Array(12)))).toBe('58e2fccefa7e3061367f1d57a4e7455a');
});

describe.each(NAMES)('%s', name => {
  const algorithm = aead(name);
  const key = createSecretKey(new Uint8Array(algorithm.keyOctets).fill(7));
  const nonce = new Uint8Array(algorithm.saltOctets + 8).fill(9);
  const aad = fromHex('0000100000000001');
  const plaintext = fromHex('00112233445566778899aabbccddeeff01020204');
  const { ciphertext, tag } = sealAead(algorithm, key, nonce, aad, plaintext);

  test('the tag is as long as it should be, the ciphertext as long as the plaintext', () => {
    expect(tag).toHaveLength(algorithm.icvOctets);
    expect(ciphertext).toHaveLength(plaintext.length);
  });

  test('any flipped bit of tag, ciphertext or AAD is noticed', () => {
    for (const part of [tag, ciphertext, aad]) {
      for (let bit = 0; bit < part.length * 8; bit++) {
        flip(part, bit);
        expect(openAead(algorithm, key, nonce, aad, ciphertext, tag)).toBeNull();
        flip(part, bit);
      }
    }
    expect(openAead(algorithm, key, nonce, aad, ciphertext, tag)).not.toBeNull();
  });

  test.each([0, 4, 8, 12, 15])('a tag cut to %d octets never verifies', length => {
    if (length >= algorithm.icvOctets) return;
    expect(() => openAead(algorithm, key, nonce, aad, ciphertext, tag.subarray(0, length))).toThrow(/tag/);
  });
});

function flip(octets: Uint8Array, bit: number): void {
  octets[bit >> 3] = (octets[bit >> 3] ?? 0) ^ (1 << (bit & 7));
}
