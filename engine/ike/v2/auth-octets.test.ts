import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { prf } from '../../crypto/prf-table.ts';
import { fromHex, toHex } from '../../wire/testing/must.ts';
import { idPayloadBody, intermediateAuth, sharedKeyMac, signedOctets } from './auth-octets.ts';

const PRF = prf('prfsha256');
const SK_P = fromHex('0102030405060708');
const ID = { type: 'IDi', idType: 2, data: new TextEncoder().encode('a.lab') } as const;
const hmac = (key: Uint8Array, data: string) => createHmac('sha256', key).update(fromHex(data)).digest('hex');

function found() {
  if (PRF === null) throw new Error('no prfsha256');
  return PRF;
}

test('what is signed is the message, the other nonce, and the prf of the identity', () => {
  const parts = { message: fromHex('aabb'), nonce: fromHex('cc'), skP: SK_P, id: ID, intermediate: null };

  expect(toHex(signedOctets(found(), parts))).toBe(`aabbcc${hmac(SK_P, '02000000612e6c6162')}`);
});

test('reserved octets of the identity are signed as they came', () => {
  expect(toHex(idPayloadBody({ ...ID, reserved: fromHex('010203') }))).toBe('02010203612e6c6162');
});

test('RFC 9242: what came between is behind it, with the Message ID of IKE_AUTH', () => {
  const intermediate = { initiator: fromHex('11'), responder: fromHex('22'), authMessageId: 3 };
  const parts = { message: fromHex('aa'), nonce: fromHex('cc'), skP: SK_P, id: ID, intermediate };

  expect(toHex(signedOctets(found(), parts))).toBe(`aacc${hmac(SK_P, '02000000612e6c6162')}112200000003`);
});

test('RFC 9242: lengths are those of a message without IV, padding and ICV', () => {
  const header = '1111111111111111222222222222222235202b0800000001';
  const associated = fromHex(`${header}000000ee280000da`);
  const first = intermediateAuth(found(), SK_P, null, { associated, inner: fromHex('aabbcc') });

  expect(toHex(first)).toBe(hmac(SK_P, `${header}0000002328000007aabbcc`));
  const second = intermediateAuth(found(), SK_P, first, { associated, inner: fromHex('') });
  expect(toHex(second)).toBe(hmac(SK_P, `${toHex(first)}${header}0000002028000004`));
});

test('a shared secret is padded first', () => {
  const inner = createHmac('sha256', 'x').update('Key Pad for IKEv2').digest();

  expect(toHex(sharedKeyMac(found(), fromHex('78'), fromHex('aa')))).toBe(hmac(inner, 'aa'));
});
