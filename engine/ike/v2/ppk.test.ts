import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { prf } from '../../crypto/prf-table.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import { must } from '../../wire/testing/must.ts';
import type { Credentials } from '../credentials.ts';
import type { IkeKeys } from './ike-sa.ts';
import { notifyPayload } from './notify.ts';
import { choosePpk, ppkIdentityNotify, ppkToOffer, withPpk } from './ppk.ts';

const key = (octet: number, octets = 32) => new Uint8Array(octets).fill(octet);
const KEYS: IkeKeys = {
  skD: key(1),
  skAi: key(2),
  skAr: key(3),
  skEi: key(4),
  skEr: key(5),
  skPi: key(6),
  skPr: key(7),
};
const PPK = key(9, 40);
const CREDENTIALS = { ppks: new Map([['ppk1', PPK]]) } as unknown as Credentials;
const connection = (ids: readonly string[], isRequired: boolean) => ({ ppk: { ids, isRequired } });

test('a PPK changes SK_d, SK_pi and SK_pr by prf+, and nothing else', () => {
  const mixed = (old: Uint8Array) =>
    new Uint8Array(
      createHmac('sha256', PPK)
        .update(Buffer.concat([old, Uint8Array.of(1)]))
        .digest(),
    );

  expect(withPpk(must(prf('prfsha256')), PPK, KEYS)).toEqual({
    ...KEYS,
    skD: mixed(KEYS.skD),
    skPi: mixed(KEYS.skPi),
    skPr: mixed(KEYS.skPr),
  });
});

test('the initiator offers the first PPK that it has', () => {
  expect(ppkToOffer(connection(['other', 'ppk1'], false), CREDENTIALS)).toEqual({ id: 'ppk1', key: PPK });
  expect(ppkToOffer(connection(['other'], false), CREDENTIALS)).toBeNull();
  expect(ppkToOffer({ ppk: null }, CREDENTIALS)).toBeNull();
  expect(Buffer.from(ppkIdentityNotify({ id: 'ppk1', key: PPK }).data)).toEqual(Buffer.from('\u0002ppk1'));
});

/** RFC 8784 §3, table 1. */
const IDENTITY = ppkIdentityNotify({ id: 'ppk1', key: PPK });
const WITHOUT = notifyPayload(NotifyType.NO_PPK_AUTH, key(8));
test.each([
  ['nothing agreed, none configured', false, [], null, 'without'],
  ['nothing agreed, optional', false, [], connection(['ppk1'], false), 'without'],
  ['nothing agreed, required', false, [], connection(['ppk1'], true), 'refuse'],
  ['not known, no way without', true, [IDENTITY], connection(['ppk2'], false), 'refuse'],
  ['not known, a way without, required', true, [IDENTITY, WITHOUT], connection(['ppk2'], true), 'refuse'],
  ['not known, a way without, optional', true, [IDENTITY, WITHOUT], connection(['ppk2'], false), 'without'],
  ['known, required', true, [IDENTITY], connection(['ppk1'], true), 'use'],
  ['known, a way without', true, [IDENTITY, WITHOUT], connection(['ppk1'], false), 'use'],
  ['agreed, and then not used', true, [], connection(['ppk1'], true), 'refuse'],
] as const)('%s', (_, isAgreed, request, configured, kind) => {
  const choice = choosePpk(configured ?? { ppk: null }, CREDENTIALS, isAgreed, request);

  expect(choice.kind).toBe(kind);
});

test('AUTH without the PPK is in NO_PPK_AUTH', () => {
  const choice = choosePpk(connection(['ppk2'], false), CREDENTIALS, true, [IDENTITY, WITHOUT]);

  expect(choice).toEqual({ kind: 'without', authData: WITHOUT.data });
});

test('an identity of another type is of nobody', () => {
  const opaque = { ...IDENTITY, data: Buffer.from('\u0001ppk1') };

  expect(choosePpk(connection(['ppk1'], false), CREDENTIALS, true, [opaque]).kind).toBe('refuse');
});
