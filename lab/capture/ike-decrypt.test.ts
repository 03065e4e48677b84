import { describe, expect, test } from 'vitest';
import { encodeIkeMessage } from '../../engine/wire/ike/codec.ts';
import type { Payload } from '../../engine/wire/ike/payload.ts';
import { Prng } from '../../engine/wire/testing/prng.ts';
import { IkeDecryptor } from './ike-decrypt.ts';
import { ikeHeader, ikeKeysFor, sealedFragments, sealedIke } from './testing/seal-ike.ts';

const payloads: readonly Payload[] = [
  { type: 'IDi', idType: 2, data: Uint8Array.of(97, 98) },
  { type: 'AUTH', method: 2, data: new Uint8Array(32).fill(3) },
  { type: 'N', protocolId: 0, spi: new Uint8Array(0), notifyType: 16384, data: new Uint8Array(0) },
];

const SUITES = [
  ['aes256gcm16', null],
  ['aes128gcm8', null],
  ['aes256ccm12', null],
  ['chacha20poly1305', null],
  ['aes128', 'sha256'],
  ['aes192', 'sha1'],
  ['aes256ctr', 'sha512'],
  ['camellia128', 'sha384'],
  ['3des', 'aesxcbc'],
  ['null', 'aescmac'],
] as const;

describe.each(SUITES)('%s %s', (encryption, integrity) => {
  const sa = ikeKeysFor(encryption, integrity);

  test('both ways, by the keys of the original initiator and of the other', () => {
    const decryptor = new IkeDecryptor(() => [sa]);
    for (const isInitiator of [true, false]) {
      const header = ikeHeader(sa, { isInitiator, isResponse: !isInitiator });
      expect(decryptor.open(sealedIke(sa, header, payloads))).toEqual({ kind: 'ikeOpened', header, payloads });
    }
  });

  test('one octet changed anywhere', () => {
    const decryptor = new IkeDecryptor(() => [sa]);
    const message = sealedIke(sa, ikeHeader(sa), payloads);
    const kinds = Array.from(message, (octet, at) => decryptor.open(message.with(at, octet ^ 1))?.kind ?? 'none');
    // SPIs make another SA of it, version, type and lengths no message; all else is under the ICV.
    expect(new Set(kinds.slice(32))).toEqual(new Set(['ikeRejected']));
    expect(kinds).not.toContain('ikeOpened');
  });
});

test('nothing inside is something: an empty request asks whether the peer lives', () => {
  const sa = ikeKeysFor('aes128gcm16', null);
  const header = ikeHeader(sa, { exchangeType: 37 });
  expect(new IkeDecryptor(() => [sa]).open(sealedIke(sa, header, []))).toEqual({
    kind: 'ikeOpened',
    header,
    payloads: [],
  });
});

test('fragments in any order, RFC 7383', () => {
  const sa = ikeKeysFor('aes256gcm16', null);
  const header = ikeHeader(sa);
  const fragments = sealedFragments(sa, header, payloads, 20);
  expect(fragments.length).toBeGreaterThan(2);
  const decryptor = new IkeDecryptor(() => [sa]);
  const answers = fragments.toReversed().map(fragment => decryptor.open(fragment));
  expect(answers.slice(0, -1).map(answer => answer?.kind)).toEqual(fragments.slice(1).map(() => 'ikeFragment'));
  expect(answers.at(-1)).toEqual({ kind: 'ikeOpened', header, payloads });
});

test('keys that come late, and the newer ones of the same SA', () => {
  const sa = ikeKeysFor('aes128', 'sha256');
  const newer = ikeKeysFor('aes128', 'sha256', { skEi: '77'.repeat(16) });
  const log = [ikeKeysFor('aes128', 'sha256', { responderSpi: '0000000000000001' })];
  const decryptor = new IkeDecryptor(() => log);
  expect(decryptor.open(sealedIke(sa, ikeHeader(sa), payloads))).toMatchObject({ kind: 'ikeUnknownSa' });
  log.push(sa, newer);
  expect(decryptor.open(sealedIke(sa, ikeHeader(sa), payloads))).toMatchObject({ kind: 'ikeOpened' });
  expect(decryptor.open(sealedIke(newer, ikeHeader(sa), payloads))).toMatchObject({ kind: 'ikeOpened' });
});

test('what is in the clear, or no message, is nothing to open', () => {
  const sa = ikeKeysFor('aes128', 'sha256');
  const decryptor = new IkeDecryptor(() => [sa]);
  expect(decryptor.open(encodeIkeMessage({ ...ikeHeader(sa), payloads }))).toBeNull();
  expect(decryptor.open(new Uint8Array(28))).toBeNull();
  const random = new Prng(14);
  const message = sealedIke(sa, ikeHeader(sa), payloads);
  const mutated = Array.from({ length: 500 }, () => decryptor.open(random.mutate(message))?.kind);
  expect(mutated).toContain('ikeRejected');
});
