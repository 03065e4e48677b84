import { createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { espSuite, type IntegrityAlgorithm } from './esp-suite.ts';
import { hmacIcv, icvsEqual } from './hmac.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

function integrity(hash: string): IntegrityAlgorithm {
  const algorithm = espSuite(`aes128-${hash}`)?.integrity;
  if (!algorithm) throw new Error(hash);
  return algorithm;
}

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
])('RFC 4868 §2.7.2 %s, key %.16s…', (hash, key, data, icv) => {
  const computed = hmacIcv(integrity(hash), createSecretKey(hex(key)), hex(data));
  expect(Buffer.from(computed).toString('hex')).toBe(icv);
});

test('parts are one message', () => {
  const key = createSecretKey(hex('0b'.repeat(32)));
  const algorithm = integrity('sha256');
  expect(hmacIcv(algorithm, key, hex('48692054'), hex(''), hex('68657265'))).toEqual(
    hmacIcv(algorithm, key, hex(HI_THERE)),
  );
});

test('ICVs are equal only when they are equally long', () => {
  expect(icvsEqual(hex('0102'), hex('0102'))).toBe(true);
  expect(icvsEqual(hex('0102'), hex('0103'))).toBe(false);
  expect(icvsEqual(hex('0102'), hex('01'))).toBe(false);
  expect(icvsEqual(hex('01'), hex('0102'))).toBe(false);
});
