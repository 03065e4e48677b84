import { describe, expect, test } from 'vitest';
import type { Dialect } from './algorithm-entry.ts';
import { encryptionNamed, encryptionNumbered, integrityNamed, integrityNumbered, nameIn, namesIn } from './dialects.ts';
import { encryptionAlgorithm, encryptionAlgorithms } from './encryption.ts';
import { integrityAlgorithm, integrityAlgorithms } from './integrity.ts';

const tokens = (found: readonly { readonly token: string }[]) => found.map(({ token }) => token).join(' ');

describe('encryption', () => {
  test.each<[Dialect, string, string]>([
    ['solaris', 'aes', 'aes128 aes192 aes256'],
    ['solaris', 'aes-cbc', 'aes128 aes192 aes256'],
    ['solaris', '3des', '3des'],
    ['solaris', 'des-cbc', 'des'],
    ['solaris', 'blowfish', 'blowfish blowfish192 blowfish256 blowfish448'],
    ['solaris', 'null', 'null'],
    ['solaris', 'aes-gcm', 'aes128gcm16 aes192gcm16 aes256gcm16'],
    ['solaris', 'rijndael-cbc', ''],
    ['kame', 'rijndael-cbc', 'aes128 aes192 aes256'],
    ['kame', 'aes-ctr', 'aes128ctr aes192ctr aes256ctr'],
    ['kame', 'aes-gcm-16', 'aes128gcm16 aes192gcm16 aes256gcm16'],
    ['kame', 'cast128-cbc', 'cast'],
    ['kame', 'camellia-cbc', 'camellia128 camellia192 camellia256'],
    ['kame', 'null', 'null'],
    ['strongswan', 'aes128', 'aes128'],
    ['strongswan', 'aes', 'aes128'],
    ['strongswan', 'aes256gcm128', 'aes256gcm16'],
    ['strongswan', 'aes192ccm64', 'aes192ccm8'],
    ['strongswan', 'chacha20poly1305', 'chacha20poly1305'],
    ['strongswan', 'camellia256', 'camellia256'],
    ['wireshark', 'AES-CBC [RFC3602]', 'aes128 aes192 aes256'],
    ['wireshark', 'AES-GCM with 12 octet ICV [RFC4106]', 'aes128gcm12 aes192gcm12 aes256gcm12'],
    ['scapy', '3DES', '3des'],
  ])('%s calls it %s', (dialect, name, expected) => {
    expect(tokens(encryptionNamed(dialect, name))).toBe(expected);
  });

  test.each<[number, number | null, string | undefined]>([
    [2, null, 'des'],
    [3, null, '3des'],
    [11, null, 'null'],
    [12, null, undefined],
    [12, 32, 'aes256'],
    [13, 16, 'aes128ctr'],
    [14, 16, 'aes128ccm8'],
    [15, 16, 'aes128ccm12'],
    [16, 24, 'aes192ccm16'],
    [18, 16, 'aes128gcm8'],
    [19, 32, 'aes256gcm12'],
    [20, 16, 'aes128gcm16'],
    [21, 16, 'aes128gmac'],
    [23, 32, 'camellia256'],
    [28, null, 'chacha20poly1305'],
    [29, 16, 'aes128ccm8iiv'],
    [30, 32, 'aes256gcm16iiv'],
    [31, null, 'chacha20poly1305iiv'],
    [22, null, undefined],
  ])('IANA %d with a key of %s octets', (id, keyOctets, token) => {
    expect(encryptionNumbered(id, keyOctets)?.token).toBe(token);
  });
});

describe('integrity', () => {
  test.each<[Dialect, string, string]>([
    ['solaris', 'md5', 'md5'],
    ['solaris', 'sha', 'sha1'],
    ['solaris', 'hmac-sha-1', 'sha1'],
    ['solaris', 'sha512', 'sha512'],
    ['solaris', 'hmac-sha256', 'sha256'],
    ['kame', 'hmac-sha1', 'sha1'],
    ['kame', 'hmac-sha2-512', 'sha512'],
    ['kame', 'aes-xcbc-mac', 'aesxcbc'],
    ['strongswan', 'sha256_96', 'sha256_96'],
    ['strongswan', 'sha2_384', 'sha384'],
    ['wireshark', 'HMAC-SHA-512-256 [RFC4868]', 'sha512'],
    ['scapy', 'AES-CMAC-96', 'aescmac'],
  ])('%s calls it %s', (dialect, name, expected) => {
    expect(tokens(integrityNamed(dialect, name))).toBe(expected);
  });

  test.each([
    [1, 'md5'],
    [2, 'sha1'],
    [5, 'aesxcbc'],
    [6, 'md5_128'],
    [7, 'sha1_160'],
    [8, 'aescmac'],
    [9, 'aes128gmac'],
    [10, 'aes192gmac'],
    [11, 'aes256gmac'],
    [12, 'sha256'],
    [13, 'sha384'],
    [14, 'sha512'],
  ])('IANA %d', (id, token) => {
    expect(integrityNumbered(id)?.token).toBe(token);
  });
});

test('each dialect has a name that it prints, or none', () => {
  const aes = encryptionAlgorithm('aes256');
  const sha = integrityAlgorithm('sha512');
  const gmac = integrityAlgorithm('aes128gmac');
  if (aes === null || sha === null || gmac === null) throw new Error('the table');
  expect([nameIn('solaris', aes), nameIn('kame', aes), nameIn('strongswan', aes)]).toEqual([
    'aes-cbc',
    'rijndael-cbc',
    'aes256',
  ]);
  expect(nameIn('solaris', sha)).toBe('hmac-sha512');
  expect(nameIn('wireshark', gmac)).toBeNull();
});

test('a name means one algorithm, but for its key length', () => {
  for (const dialect of ['solaris', 'kame', 'strongswan', 'scapy'] as const) {
    for (const name of namesIn(dialect, encryptionAlgorithms())) {
      if (name === 'AES-CCM') continue; // scapy has the ICV's length beside the name
      expect(new Set(encryptionNamed(dialect, name).map(one => one.name)).size).toBe(1);
    }
    for (const name of namesIn(dialect, integrityAlgorithms())) {
      expect(integrityNamed(dialect, name)).toHaveLength(1);
    }
  }
});
