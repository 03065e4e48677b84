import { getCipherInfo, getHashes } from 'node:crypto';
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

test.each(espSuiteNames())('%s agrees with what node knows of its cipher', name => {
  const suite = espSuite(name);
  if (suite === null) throw new Error(name);
  const { encryption, integrity } = suite;
  const info = getCipherInfo(encryption.cipher);
  expect(info?.keyLength).toBe(encryption.keyOctets);
  expect(info?.ivLength).toBe(encryption.saltOctets + encryption.ivOctets);
  if (integrity === null) {
    expect(icvOctets(suite)).toBe(16);
  } else {
    expect(info?.blockSize).toBe(encryption.blockOctets);
    expect(getHashes()).toContain(integrity.hash);
    expect(icvOctets(suite)).toBe(integrity.keyOctets / 2); // RFC 4868 §2.1.1, §2.3
  }
});
