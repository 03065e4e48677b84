import { expect, test } from 'vitest';
import { NotifyType } from '../../wire/ike/registry.ts';
import { addressOf, fromHex, toHex } from '../../wire/testing/must.ts';
import { notifyPayload } from './notify.ts';
import { canBeRedirected, echoesNonce, readRedirect, redirectedFromNotify, redirectNotify } from './redirect.ts';

const NONCE = fromHex('00112233445566778899aabbccddeeff');

test('REDIRECT names a gateway, and echoes the nonce in IKE_SA_INIT', () => {
  const notify = redirectNotify('192.0.2.9', NONCE);

  expect(toHex(notify.data)).toBe(`0104c0000209${toHex(NONCE)}`);
  const redirection = readRedirect([notify]);
  expect(redirection).toEqual({ to: '192.0.2.9', nonce: NONCE });
  expect(redirection !== null && echoesNonce(redirection, NONCE)).toBe(true);
  expect(redirection !== null && echoesNonce(redirection, fromHex(''))).toBe(false);
  expect(readRedirect([redirectNotify('2001:db8::9', null)])).toEqual({ to: '2001:db8::9', nonce: fromHex('') });
});

test.each([
  ['nothing', ''],
  ['no length', '01'],
  ['an address that is cut off', '0104c00002'],
  ['an IPv4 address of 16 octets', `0110${'00'.repeat(16)}`],
  ['a name', '0303612e62'],
])('a REDIRECT with %s is none', (_, data) => {
  expect(readRedirect([notifyPayload(NotifyType.REDIRECT, fromHex(data))])).toBeNull();
});

test('who was redirected can be again', () => {
  expect(canBeRedirected([redirectedFromNotify(addressOf('192.0.2.1'))])).toBe(true);
  expect(canBeRedirected([notifyPayload(NotifyType.REDIRECT_SUPPORTED)])).toBe(true);
  expect(canBeRedirected([])).toBe(false);
});
