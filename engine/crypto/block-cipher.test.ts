import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { blowfish } from './blowfish.ts';
import { type BlockCipher64, decryptCbc64, encryptCbc64 } from './block-cipher.ts';
import { cast128 } from './cast.ts';

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const counting = (length: number, from: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (37 * i + from) & 255);

/** One block, in electronic code book mode. */
const block = (cipher: BlockCipher64, text: string): string =>
  hex(encryptCbc64(cipher, new Uint8Array(8), octets(text)));

test('CAST-128, the example of RFC 2144 Appendix B.1', () => {
  expect(block(cast128(octets('0123456712345678 234567893456789A')), '0123456789abcdef')).toBe('238b4fe5847e44b2');
});

test('the published test vectors of Blowfish', () => {
  const vectors = [
    ['0000000000000000', '0000000000000000', '4ef997456198dd78'],
    ['ffffffffffffffff', 'ffffffffffffffff', '51866fd5b85ecb8a'],
    ['0123456789abcdef', '1111111111111111', '61f9c3802281b096'],
    ['fedcba9876543210', '0123456789abcdef', '0aceab0fc6a0a28d'],
  ] as const;
  for (const [key, clear, cipher] of vectors) expect(block(blowfish(octets(key)), clear)).toBe(cipher);
});

const openssl = (cipher: string, key: Uint8Array, iv: Uint8Array, input: Uint8Array) =>
  spawnSync(
    'openssl',
    ['enc', `-${cipher}`, '-provider', 'legacy', '-provider', 'default', '-nopad', '-K', hex(key), '-iv', hex(iv)],
    { input },
  );
const hasLegacy = openssl('bf-cbc', new Uint8Array(16), new Uint8Array(8), new Uint8Array(8)).status === 0;

test.skipIf(!hasLegacy)('CBC as openssl has it, both ways (needs the legacy provider: apt-get install openssl)', () => {
  // openssl's command has no other length for either.
  const ciphers = [
    ['bf-cbc', blowfish],
    ['cast5-cbc', cast128],
  ] as const;
  for (const [name, make] of ciphers) {
    for (let i = 0; i < 8; i++) {
      const [key, iv, text] = [counting(16, i), counting(8, 11 * i), counting(8 * (1 + 9 * i), 3 * i)];
      const cipher = make(key);
      const sealed = encryptCbc64(cipher, iv, text);
      expect(hex(sealed)).toBe(hex(openssl(name, key, iv, text).stdout));
      expect(hex(decryptCbc64(cipher, iv, sealed))).toBe(hex(text));
    }
  }
});

const python = ['python3', '/usr/bin/python3'].find(
  program => spawnSync(program, ['-c', 'import cryptography']).status === 0,
);

test.skipIf(python === undefined)('Blowfish with longer keys (needs python3-cryptography: apt-get install it)', () => {
  const script = `
import sys, json, warnings
warnings.simplefilter('ignore')
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
keys = [bytes.fromhex(k) for k in json.load(sys.stdin)]
print(json.dumps([Cipher(algorithms.Blowfish(k), modes.ECB()).encryptor().update(b'plain' * 8).hex() for k in keys]))`;
  const keys = [5, 16, 24, 32, 56].map(length => counting(length, length));
  const run = spawnSync(python ?? '', ['-c', script], { input: JSON.stringify(keys.map(hex)), encoding: 'utf8' });
  const text = new TextEncoder().encode('plain'.repeat(8));
  const own = keys.map(key => {
    const cipher = blowfish(key);
    return [0, 8, 16, 24, 32].map(at => block(cipher, hex(text.subarray(at, at + 8)))).join('');
  });
  expect(own).toEqual(JSON.parse(run.stdout));
});

test('keys and texts of other lengths are ours to avoid', () => {
  expect(() => cast128(new Uint8Array(15))).toThrow(RangeError);
  expect(() => blowfish(new Uint8Array(3))).toThrow(RangeError);
  expect(() => blowfish(new Uint8Array(57))).toThrow(RangeError);
  expect(() => encryptCbc64(cast128(new Uint8Array(16)), new Uint8Array(8), new Uint8Array(9))).toThrow(RangeError);
});
