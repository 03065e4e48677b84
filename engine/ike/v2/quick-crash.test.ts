import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { crashToken, crashTokenNotify, provesCrash, readCrashToken } from './quick-crash.ts';

const SECRET = new Uint8Array(32).fill(3);
const TOKEN = crashToken(SECRET, '1111111111111111', '2222222222222222');

test('a token follows from the secret and the SPIs', () => {
  const spis = Buffer.from('11111111111111112222222222222222', 'hex');

  expect(Buffer.from(TOKEN)).toEqual(createHmac('sha256', SECRET).update(spis).digest());
  expect(crashTokenNotify(TOKEN)).toMatchObject({ protocolId: 1, notifyType: 16419 });
});

test('the same token in the clear proves that the peer has forgotten; another does not', () => {
  const known = readCrashToken([crashTokenNotify(TOKEN)]);
  const other = crashTokenNotify(crashToken(SECRET, '2222222222222222', '1111111111111111'));

  expect(provesCrash([other, other, other, crashTokenNotify(TOKEN)], known)).toBe(true);
  expect(provesCrash([other], known)).toBe(false);
  expect(provesCrash([], known)).toBe(false);
  expect(provesCrash([crashTokenNotify(TOKEN)], null)).toBe(false);
  // No more than four are looked at.
  expect(provesCrash([other, other, other, other, crashTokenNotify(TOKEN)], known)).toBe(false);
});

test('a token that is too short or too long is none', () => {
  expect(readCrashToken([crashTokenNotify(new Uint8Array(15))])).toBeNull();
  expect(readCrashToken([crashTokenNotify(new Uint8Array(129))])).toBeNull();
  expect(provesCrash([crashTokenNotify(new Uint8Array(0))], new Uint8Array(0))).toBe(false);
});
