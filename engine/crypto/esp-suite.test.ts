import { createHash, getCipherInfo, getCiphers } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  allEspSuiteNames,
  espSuite,
  espSuiteNames,
  findEspSuite,
  icvOctets,
  isLegacy,
  legacyReason,
} from './esp-suite.ts';

test('suites: AEADs first, nothing legacy unless it is asked for', () => {
  const names = espSuiteNames();
  expect(names.slice(0, 3)).toEqual(['aes128gcm16', 'aes192gcm16', 'aes256gcm16']);
  expect(names).toEqual(
    expect.arrayContaining([
      'aes128gcm8',
      'aes256gcm12',
      'aes192ccm8',
      'chacha20poly1305',
      'aes256gmac',
      'aes128gcm16iiv',
      'aes256ccm8iiv',
      'chacha20poly1305iiv',
      'aes128-sha1',
      'aes256ctr-sha512',
      'camellia192-sha384',
      'null-sha256',
      'aes128-aesxcbc',
      'aes128-aescmac',
      'aes128-sha256_96',
    ]),
  );
  expect(names.filter(name => /3des|^des|blowfish|cast|md5|sha1_160/.test(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
  expect(allEspSuiteNames()).toEqual(expect.arrayContaining(['3des-sha1', 'des-md5', 'blowfish-sha1', 'cast-md5_128']));
});

test.each(['', 'AES128GCM16', 'aes512-sha256', 'aes128gcm7', 'sha256', 'aes128-sha256-x', 'constructor', '__proto__'])(
  '%j is no suite',
  name => {
    expect(espSuite(name)).toBeNull();
    expect(findEspSuite(name)).toEqual({ kind: 'unknown' });
  },
);

describe('refused with the reason', () => {
  test.each([
    ['aes128', /RFC 8221 §4/, 'aes128-sha256'],
    ['aes128-none', /RFC 8221 §4/, 'aes128-sha256'],
    ['aes256ctr-null', /RFC 8221 §4/, 'aes256ctr-sha256'],
    ['3des', /RFC 8221 §4/, '3des-sha256'],
    ['null', /RFC 8221 §6/, 'null-sha256'],
    ['null-none', /RFC 8221 §6/, 'null-sha256'],
    ['aes256gcm16-sha256', /its own integrity/, 'aes256gcm16'],
    ['aes128gmac-sha1', /its own integrity/, 'aes128gmac'],
    ['null-aes128gmac', /RFC 4543 §5.3/, 'aes128gmac'],
    ['aes128-aes256gmac', /RFC 4543 §5.3/, 'aes128-sha256'],
  ])('%s', (name, why, instead) => {
    expect(espSuite(name)).toBeNull();
    expect(findEspSuite(name)).toEqual({ kind: 'refused', why: expect.stringMatching(why), instead });
    expect(espSuite(instead)?.name).toBe(instead);
  });
});

describe('legacy, RFC 8221 §5 and §6', () => {
  test.each([
    ['3des-sha1', 'RFC 8221 §5: ENCR_3DES SHOULD NOT be used'],
    ['des-md5', 'RFC 8221 §5: ENCR_DES MUST NOT be used; RFC 8221 §6: AUTH_HMAC_MD5_96 MUST NOT be used'],
    ['null-md5', 'RFC 8221 §6: AUTH_HMAC_MD5_96 MUST NOT be used'],
    ['aes128-sha1_160', 'RFC 9395: AUTH_HMAC_SHA1_160 MUST NOT be used'],
  ])('%s', (name, reason) => {
    const suite = espSuite(name);
    if (suite === null) throw new Error(name);
    expect(isLegacy(suite)).toBe(true);
    expect(legacyReason(suite)).toBe(reason);
  });

  test.each(['aes128-sha1', 'null-sha256', 'aes256gcm16'])('%s is not', name => {
    const suite = espSuite(name);
    if (suite === null) throw new Error(name);
    expect(isLegacy(suite)).toBe(false);
    expect(legacyReason(suite)).toBeNull();
  });

  test.each(['blowfish-sha1', 'blowfish256-sha1', 'cast-sha1'])('%s is usable, whatever OpenSSL has', name => {
    expect(findEspSuite(name)).toMatchObject({ kind: 'suite' });
    expect(espSuite(name)).not.toBeNull();
  });
});

describe('what node knows of the algorithms', () => {
  const available = allEspSuiteNames().flatMap(name => espSuite(name) ?? []);

  test('an HMAC key is a whole hash long: RFC 2403, RFC 2404, RFC 4868 §2.1.1', () => {
    const hmacs = available.flatMap(({ integrity }) => (integrity?.kind === 'hmac' ? [integrity] : []));
    expect(hmacs.map(({ keyOctets }) => keyOctets)).toEqual(hmacs.map(({ hash }) => createHash(hash).digest().length));
    expect(hmacs.every(({ keyOctets, icvOctets: octets }) => octets <= keyOctets)).toBe(true);
  });

  test('ciphers have the keys, blocks and IVs of the table', () => {
    for (const { encryption } of available) {
      if (encryption.cipher === null || !getCiphers().includes(encryption.cipher)) continue;
      const info = getCipherInfo(encryption.cipher);
      expect(info?.keyLength).toBe(encryption.name === 'ENCR_DES' ? 24 : encryption.keyOctets);
      // Stream ciphers have the alignment of RFC 4303 §2.4 alone; the others are CBC.
      const cbc = { blockOctets: info?.blockSize, ivOctets: info?.ivLength };
      expect(encryption).toMatchObject(encryption.kind === 'cbc' ? cbc : { blockOctets: 4 });
    }
  });

  test('the ICV is that of the AEAD, or of the integrity algorithm', () => {
    for (const suite of available) {
      expect(icvOctets(suite)).toBe((suite.integrity ?? suite.encryption).icvOctets);
    }
  });
});
