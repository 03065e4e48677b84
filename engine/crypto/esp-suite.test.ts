import { createHash, getCipherInfo } from 'node:crypto';
import { expect, test } from 'vitest';
import { espSuite, espSuiteNames, icvOctets } from './esp-suite.ts';

test('the suites', () => {
  expect(espSuiteNames()).toEqual([
    'aes128gcm16',
    'aes192gcm16',
    'aes256gcm16',
    'chacha20poly1305',
    'aes128-sha256',
    'aes192-sha256',
    'aes256-sha256',
    'aes128-sha384',
    'aes192-sha384',
    'aes256-sha384',
    'aes128-sha512',
    'aes192-sha512',
    'aes256-sha512',
  ]);
});

test.each(['', 'AES128GCM16', 'aes128', 'aes128gcm8', 'null', '3des-md5', 'constructor', '__proto__'])(
  '%j is no suite',
  name => {
    expect(espSuite(name)).toBeNull();
  },
);

test.each(espSuiteNames())('%s agrees with what node knows of its algorithms', name => {
  const suite = espSuite(name);
  if (suite === null) throw new Error(name);
  const { encryption, integrity } = suite;
  const info = getCipherInfo(encryption.cipher);
  expect(info?.keyLength).toBe(encryption.keyOctets);
  expect(info?.ivLength).toBe(encryption.saltOctets + encryption.ivOctets);
  // AEADs are stream ciphers: their 4 octets are the alignment of RFC 4303 §2.4.
  expect(encryption.blockOctets).toBe(encryption.aead ? 4 : info?.blockSize);
  // RFC 4868 §2.1.1 and §2.3: the key is a whole hash long, the ICV half of one.
  expect(integrity === null || integrity.keyOctets === createHash(integrity.hash).digest().length).toBe(true);
  expect(icvOctets(suite)).toBe(integrity === null ? 16 : integrity.keyOctets / 2);
});
