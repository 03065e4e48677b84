import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../wire/testing/must.ts';
import { icv, icvsEqual } from './icv.ts';
import { type IntegrityAlgorithm, integrityAlgorithm } from './integrity.ts';

const ascii = (text: string) => Buffer.from(text, 'ascii').toString('hex');

function integrity(token: string): IntegrityAlgorithm {
  const algorithm = integrityAlgorithm(token);
  if (algorithm === null) throw new Error(token);
  return algorithm;
}

function hmac(token: string, icvOctets: number, key: string, data: string): string {
  const algorithm: IntegrityAlgorithm = { ...integrity(token), icvOctets };
  return toHex(icv(algorithm, createSecretKey(fromHex(key)), fromHex(data)));
}

const RFC_2202 = [
  ['md5', 1, '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b', ascii('Hi There'), '9294727a3638bb1c13f48ef8158bfc9d'],
  ['md5', 2, ascii('Jefe'), ascii('what do ya want for nothing?'), '750c783e6ab0b503eaa86e310a5db738'],
  ['md5', 3, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'dd'.repeat(50), '56be34521d144c88dbb8c733f0e8b3f6'],
  ['md5', 4, '0102030405060708090a0b0c0d0e0f10111213141516171819', 'cd'.repeat(50), '697eaf0aca3a3aea3a75164746ffaa79'],
  ['md5', 5, '0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c', ascii('Test With Truncation'), '56461ef2342edc00f9bab995690efd4c'],
  [
    'md5',
    6,
    'aa'.repeat(80),
    ascii('Test Using Larger Than Block-Size Key - Hash Key First'),
    '6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd',
  ],
  [
    'md5',
    7,
    'aa'.repeat(80),
    ascii('Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data'),
    '6f630fad67cda0ee1fb1f562db3aa53e',
  ],
  [
    'sha1',
    1,
    '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b',
    ascii('Hi There'),
    'b617318655057264e28bc0b6fb378c8ef146be00',
  ],
  ['sha1', 2, ascii('Jefe'), ascii('what do ya want for nothing?'), 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
  ['sha1', 3, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'dd'.repeat(50), '125d7342b9ac11cd91a39af48aa17b4f63f175d3'],
  [
    'sha1',
    4,
    '0102030405060708090a0b0c0d0e0f10111213141516171819',
    'cd'.repeat(50),
    '4c9007f4026250c6bc8414f9bf50c86c2d7235da',
  ],
  [
    'sha1',
    5,
    '0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c',
    ascii('Test With Truncation'),
    '4c1a03424b55e07fe7f27be1d58bb9324a9a5a04',
  ],
  [
    'sha1',
    6,
    'aa'.repeat(80),
    ascii('Test Using Larger Than Block-Size Key - Hash Key First'),
    'aa4ae5e15272d00e95705637ce8a3b55ed402112',
  ],
  [
    'sha1',
    7,
    'aa'.repeat(80),
    ascii('Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data'),
    'e8e99d0f45237d786d6bbaa7965c7808bbff1a91',
  ],
] as const;

const RFC_4231 = [
  [
    1,
    '0b'.repeat(20),
    ascii('Hi There'),
    [
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
      'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6',
      '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
    ],
  ],
  [
    2,
    '4a656665',
    ascii('what do ya want for nothing?'),
    [
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
      'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
    ],
  ],
  [
    3,
    'aa'.repeat(20),
    'dd'.repeat(50),
    [
      '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
      '88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27',
      'fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb',
    ],
  ],
  [
    4,
    '0102030405060708090a0b0c0d0e0f10111213141516171819',
    'cd'.repeat(50),
    [
      '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
      '3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb',
      'b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd',
    ],
  ],
  [
    5,
    '0c'.repeat(20),
    ascii('Test With Truncation'),
    ['a3b6167473100ee06e0c796c2955552b', '3abf34c3503b2a23a46efc619baef897', '415fad6271580a531d4179bc891d87a6'],
  ],
  [
    6,
    'aa'.repeat(131),
    ascii('Test Using Larger Than Block-Size Key - Hash Key First'),
    [
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
      '4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952',
      '80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598',
    ],
  ],
  [
    7,
    'aa'.repeat(131),
    ascii(
      'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    [
      '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
      '6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e',
      'e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58',
    ],
  ],
] as const;

test.each(RFC_2202)('RFC 2202 %s, case %d, whole and cut to 96 bits', (hash, _case, key, data, digest) => {
  expect(hmac(hash, digest.length / 2, key, data)).toBe(digest);
  expect(hmac(hash, integrity(hash).icvOctets, key, data)).toBe(digest.slice(0, 24));
});

describe.each(RFC_4231)('RFC 4231 case %d', (_case, key, data, digests) => {
  test.each(['sha256', 'sha384', 'sha512'])('%s', hash => {
    const digest = digests[['sha256', 'sha384', 'sha512'].indexOf(hash)] ?? '';
    expect(hmac(hash, digest.length / 2, key, data)).toBe(digest);
  });
});

const HI_THERE = '4869205468657265';
const WHAT_DO_YA_WANT = '7768617420646f2079612077616e7420666f72206e6f7468696e673f';
const DD = 'dd'.repeat(50);
const CD = 'cd'.repeat(50);
const COUNT_32 = '0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20';

// RFC 4868 §2.7.2, the test cases AUTH256, AUTH384 and AUTH512.
test.each([
  ['sha256', '0b'.repeat(32), HI_THERE, '198a607eb44bfbc69903a0f1cf2bbdc5'],
  ['sha256', '4a656665'.repeat(8), WHAT_DO_YA_WANT, '167f928588c5cc2eef8e3093caa0e87c'],
  ['sha256', 'aa'.repeat(32), DD, 'cdcb1220d1ecccea91e53aba3092f962'],
  ['sha256', COUNT_32, CD, '372efcf9b40b35c2115b1346903d2ef4'],
  ['sha384', '0b'.repeat(48), HI_THERE, 'b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee973'],
  ['sha384', '4a656665'.repeat(12), WHAT_DO_YA_WANT, '2c7353974f1842fd66d53c452ca42122b28c0b594cfb184d'],
  ['sha384', 'aa'.repeat(48), DD, '809f439be00274321d4a538652164b53554a508184a0c316'],
  ['sha384', `${COUNT_32}0a0b0c0d0e0f10111213141516171819`, CD, '5b540085c6e6358096532b2493609ed1cb298f774f87bb5c'],
  ['sha512', '0b'.repeat(64), HI_THERE, '637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8'],
  [
    'sha512',
    '4a656665'.repeat(16),
    WHAT_DO_YA_WANT,
    'cb370917ae8a7ce28cfd1d8f4705d6141c173b2a9362c15df235dfb251b15454',
  ],
  ['sha512', 'aa'.repeat(64), DD, '2ee7acd783624ca9398710f3ee05ae41b9f9b0510c87e49e586cc9bf961733d8'],
  [
    'sha512',
    // The RFC prints 80 octets and says 64: its answer is that of the last 64.
    `${COUNT_32}2122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f40`,
    CD,
    '5e6688e5a3daec826ca32eaea224eff5e700628947470e13ad01302561bab108',
  ],
])('RFC 4868 §2.7.2 %s, key %.16s…', (hash, key, data, expected) => {
  const computed = icv(integrity(hash), createSecretKey(fromHex(key)), fromHex(data));
  expect(Buffer.from(computed).toString('hex')).toBe(expected);
});

test('parts are one message', () => {
  const key = createSecretKey(fromHex('0b'.repeat(32)));
  const algorithm = integrity('sha256');
  expect(icv(algorithm, key, fromHex('48692054'), fromHex(''), fromHex('68657265'))).toEqual(
    icv(algorithm, key, fromHex(HI_THERE)),
  );
});

test('ICVs are equal only when they are equally long', () => {
  expect(icvsEqual(fromHex('0102'), fromHex('0102'))).toBe(true);
  expect(icvsEqual(fromHex('0102'), fromHex('0103'))).toBe(false);
  expect(icvsEqual(fromHex('0102'), fromHex('01'))).toBe(false);
  expect(icvsEqual(fromHex('01'), fromHex('0102'))).toBe(false);
});
