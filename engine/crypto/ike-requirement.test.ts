import { expect, test } from 'vitest';
import { must } from '../wire/testing/must.ts';
import { encryptionAlgorithm } from './encryption.ts';
import { ikeRequirement, isLegacyInIke } from './ike-requirement.ts';
import { integrityAlgorithm } from './integrity.ts';
import { keyExchange } from './key-exchange-table.ts';
import { prf } from './prf-table.ts';

test.each([
  ['aes128', 'MUST'],
  ['aes192', 'MAY'],
  ['aes256gcm16', 'SHOULD'],
  ['aes128ccm8', 'SHOULD'],
  ['aes256ccm8', 'MAY'],
  ['3des', 'MAY'], // SHOULD NOT in ESP
  ['null', 'MUST NOT'], // MUST in ESP
  ['des', 'MUST NOT'],
  ['blowfish', 'MUST NOT'],
  ['aes128ctr', undefined],
])('RFC 8247 §2.1: %s %s', (token, level) => {
  expect(ikeRequirement(must(encryptionAlgorithm(token)))?.level).toBe(level);
});

test('what is legacy in ESP and in IKE differs', () => {
  const tripleDes = must(encryptionAlgorithm('3des'));
  expect([tripleDes.legacy, isLegacyInIke(tripleDes)]).toEqual([true, false]);
  const none = must(encryptionAlgorithm('null'));
  expect([none.legacy, isLegacyInIke(none)]).toEqual([false, true]);
  expect(isLegacyInIke(must(integrityAlgorithm('md5')))).toBe(true);
  expect(isLegacyInIke(must(integrityAlgorithm('sha1')))).toBe(false);
  expect(isLegacyInIke(must(prf('prfmd5')))).toBe(true);
  expect(isLegacyInIke(must(keyExchange('modp1024')))).toBe(true);
});
