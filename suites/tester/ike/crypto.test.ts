import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { IkeHeader } from '../../../engine/wire/ike/message.ts';
import type { Payload } from '../../../engine/wire/ike/payload.ts';
import { IkeDecryptor } from '../../../lab/capture/ike-decrypt.ts';
import { keyExchange } from './key-exchange.ts';
import { ikeKeys, prfPlus } from './key-schedule.ts';
import { openIke, sealIke } from './protection.ts';
import { ikeSuite } from './suite.ts';

/** The tester's own cryptography, against what is published, and against what the judges of a capture have. */

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
const secretOf = (first: number): Uint8Array => Uint8Array.from({ length: 64 }, (_, i) => (first + i * 7) & 255);

describe('key exchange', () => {
  test.each([
    'modp2048',
    'modp3072',
    'modp4096',
    'ecp256',
    'ecp384',
    'ecp521',
    'ecp256bp',
    'ecp384bp',
    'x25519',
    'mlkem768',
  ])('%s: both sides come to the same', token => {
    const method = keyExchange(token);
    const begun = method.begin(secretOf(1));
    const answer = method.respond(begun.data, secretOf(2));
    expect(hex(begun.finish(answer.data))).toBe(hex(answer.shared));
    expect(hex(method.begin(secretOf(1)).data)).toBe(hex(begun.data));
  });

  test.each([
    [
      'x25519', // RFC 7748 §6.1
      '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
      '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
      'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
      '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
    ],
    [
      'ecp256', // RFC 5903 §8.1
      'c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433',
      'dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3',
      'd12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab',
      'd6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de',
    ],
  ])('%s as published', (token, secret, own, peer, shared) => {
    const begun = keyExchange(token).begin(Buffer.from(secret, 'hex'));
    expect(hex(begun.data)).toBe(own);
    expect(hex(begun.finish(Buffer.from(peer, 'hex')))).toBe(shared);
  });
});

test('prf+ is T1 | T2 | …, RFC 7296 §2.13', () => {
  const [key, seed] = [Buffer.from('key'), Buffer.from('seed')];
  const mac = (...parts: Uint8Array[]) => createHmac('sha256', key).update(Buffer.concat(parts)).digest();
  const t1 = mac(seed, Uint8Array.of(1));
  const t2 = mac(t1, seed, Uint8Array.of(2));
  expect(hex(prfPlus('sha256', key, seed, 50))).toBe(hex(Buffer.concat([t1, t2]).subarray(0, 50)));
});

const SUITES = [
  'aes256gcm16-prfsha384-x25519',
  'aes128-sha256-prfsha256-modp2048',
  'aes256ctr-sha512-prfsha512-ecp256',
  '3des-sha1-prfsha1-modp2048',
  'aes128ccm12-prfsha256-ecp384',
  'chacha20poly1305-prfsha256-x25519',
];

describe.each(SUITES)('SK with %s', text => {
  const suite = ikeSuite(text);
  const [initiatorSpi, responderSpi] = ['0102030405060708', '1112131415161718'];
  const [nonceI, nonceR, shared] = [secretOf(3), secretOf(4), secretOf(5)];
  const keys = ikeKeys(suite, { nonceI, nonceR, shared, initiatorSpi, responderSpi });
  const header = (isInitiator: boolean): IkeHeader => ({
    initiatorSpi,
    responderSpi,
    majorVersion: 2,
    minorVersion: 0,
    exchangeType: 35,
    isInitiator,
    isResponse: !isInitiator,
    higherVersion: false,
    messageId: 1,
  });
  const payloads: readonly Payload[] = [
    { type: 'IDi', idType: 2, data: Uint8Array.from(Buffer.from('bob.lab')) },
    { type: 'AUTH', method: 2, data: secretOf(9) },
  ];

  test.each([true, false])(
    'is opened again, and by the judges of a capture; sent by the initiator: %s',
    isInitiator => {
      const [octets = new Uint8Array(0)] = sealIke(suite, keys, header(isInitiator), payloads, { serial: 1 });
      expect(openIke(octets, suite, keys)).toMatchObject({ kind: 'opened', payloads });
      expect(openIke(octets.with(40, (octets[40] ?? 0) ^ 1), suite, keys)).toMatchObject({ kind: 'sealed' });
      const [encryption = '', integrity] = suite.protection.split('-');
      const log = {
        version: 2,
        initiatorSpi,
        responderSpi,
        encryption,
        integrity: integrity ?? null,
        skEi: hex(keys.ei),
        skEr: hex(keys.er),
        skAi: hex(keys.ai),
        skAr: hex(keys.ar),
      } as const;
      expect(new IkeDecryptor(() => [log]).open(octets)).toMatchObject({ kind: 'ikeOpened', payloads });
    },
  );
});
