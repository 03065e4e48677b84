import { describe, expect, test } from 'vitest';
import { abuse } from '../testing/hostile.ts';
import { fromHex, must, toHex } from '../testing/must.ts';
import { Prng } from '../testing/prng.ts';
import { WireError } from '../wire-error.ts';
import { attributeOf, numberOf } from './attribute.ts';
import {
  decodeIsakmpChain,
  decodeIsakmpMessage,
  decodeIsakmpPayloads,
  encodeIsakmpMessage,
  encodeIsakmpPayloads,
  ISAKMP_PAYLOADS_MAX,
  octetsBehindFirst,
} from './codec.ts';
import type { IsakmpMessage } from './message.ts';
import type { IsakmpPayload } from './payload.ts';
import { isakmpBodyOf } from './payload-body.ts';
import { randomIsakmpMessage, randomIsakmpPayloads } from './testing/random-isakmp.ts';

const COOKIES = '0123456789abcdef fedcba9876543210';

/** A message around a chain of payloads, in hexadecimal. */
function message(first: number, chain: string, flags = '00'): Uint8Array {
  const payloads = fromHex(chain);
  const length = (28 + payloads.length).toString(16).padStart(8, '0');
  const next = first.toString(16).padStart(2, '0');
  return Uint8Array.of(...fromHex(`${COOKIES} ${next} 10 02 ${flags} 00000000 ${length}`), ...payloads);
}

/** AES-128, SHA-1, PSK, group 14, 3600 s: DOI, situation, a proposal, a transform, its attributes. */
const SA_BODY = `00000001 00000001
  00 00 002c 01 01 00 01
    00 00 0024 01 01 0000  80010007 800e0080 80020002 80030001 8004000e 800b0001 800c0e10`;

/** Empty ones. */
const vendorIds = (count: number): string => `${'0d000004'.repeat(count - 1)}00000004`;

const proposals = (count: number): string => {
  const octets = (12 + count * 8).toString(16).padStart(4, '0');
  return `0000${octets} 00000001 00000001 ${'0200000801010000'.repeat(count - 1)}0000000801010000`;
};

const spis = (count: number): string => '00'.repeat(4 * count);

const attributes = (count: number): string =>
  `0000 ${(8 + 4 * count).toString(16).padStart(4, '0')} 01 00 0001 ${'80010001'.repeat(count)}`;

describe('a chain of payloads', () => {
  test('Main Mode, message 1, field by field', () => {
    const octets = message(1, `0d 00 0038 ${SA_BODY} 00 00 0014 4a131c81070358455c5728f20e95452f`);
    const decoded = decodeIsakmpMessage(octets);
    expect(decoded).toEqual({
      initiatorCookie: '0123456789abcdef',
      responderCookie: 'fedcba9876543210',
      majorVersion: 1,
      minorVersion: 0,
      exchangeType: 2,
      isEncrypted: false,
      isCommit: false,
      isAuthenticationOnly: false,
      messageId: 0,
      payloads: [
        {
          type: 'SA',
          doi: 1,
          situation: 1,
          proposals: [
            {
              number: 1,
              protocolId: 1,
              spi: new Uint8Array(0),
              transforms: [
                {
                  number: 1,
                  id: 1,
                  attributes: [
                    { type: 1, value: 7 },
                    { type: 14, value: 128 },
                    { type: 2, value: 2 },
                    { type: 3, value: 1 },
                    { type: 4, value: 14 },
                    { type: 11, value: 1 },
                    { type: 12, value: 3600 },
                  ],
                },
              ],
            },
          ],
        },
        { type: 'VID', data: fromHex('4a131c81070358455c5728f20e95452f') },
      ],
      body: null,
    });
    expect(toHex(encodeIsakmpMessage(decoded))).toBe(toHex(octets));
  });

  test('what is encrypted stays closed, but for a fragment, whatever its E bit says', () => {
    expect(decodeIsakmpMessage(message(5, '0001020304050607', '01'))).toMatchObject({
      isEncrypted: true,
      payloads: [],
      firstPayload: 5,
      body: fromHex('0001020304050607'),
    });
    expect(decodeIsakmpMessage(message(132, '00000009 0001 02 01 aa', '01'))).toMatchObject({
      payloads: [{ type: 'FRAG', fragmentId: 1, number: 2, isLast: true, data: fromHex('aa') }],
      body: null,
    });
    expect(() => decodeIsakmpMessage(message(132, '00000009 0001 00 01 aa'))).toThrow(/Fragment Number/);
  });

  test('padding is behind the last payload of what was encrypted, and HASH covers what is between', () => {
    const chain = decodeIsakmpChain(8, fromHex('0a 00 0006 0102   00 00 0005 07   00000000'));
    expect(chain.payloads).toEqual([
      { type: 'HASH', data: fromHex('0102') },
      { type: 'NONCE', data: fromHex('07') },
    ]);
    expect(toHex(octetsBehindFirst(chain))).toBe('0000000507');
  });

  test('SAi_b is the SA as it came, RESERVED and all', () => {
    const odd = SA_BODY.replace('01 01 0000', '01 01 beef');
    const [plain] = decodeIsakmpMessage(message(1, `00 00 0038 ${SA_BODY}`)).payloads;
    const [reserved] = decodeIsakmpMessage(message(1, `00 00 0038 ${odd}`)).payloads;
    expect(plain).not.toHaveProperty('octets');
    expect(toHex(isakmpBodyOf(must(plain)))).toBe(toHex(fromHex(SA_BODY)));
    expect(toHex(isakmpBodyOf(must(reserved)))).toBe(toHex(fromHex(odd)));
  });

  test('an SA of another DOI or situation is read no further', () => {
    expect(decodeIsakmpPayloads(1, fromHex('0000000a 00000002 abcd'))).toEqual([
      { type: 'SA', doi: 2, situation: null, proposals: [], unread: fromHex('abcd') },
    ]);
    expect(decodeIsakmpPayloads(1, fromHex('0000000e 00000001 00000003 abcd'))).toEqual([
      { type: 'SA', doi: 1, situation: 3, proposals: [], unread: fromHex('abcd') },
    ]);
  });

  test.each([
    ['a payload shorter than its header', 13, '00 00 0003', /Payload Length at octet 30: 3/],
    ['a payload of length 0 that names itself: a loop', 13, '0d 00 0000', /Payload Length at octet 30: 0/],
    ['a payload that leaves the message', 13, '00 00 0006 61', /Payload Length/],
    ['a payload that is announced and missing', 13, '0b 00 0004', /Next Payload/],
    ['octets behind the last payload', 13, '00 00 0004 00', /1 octets behind/],
    ['octets behind no payload', 0, '00', /1 octets behind/],
    ['an SA without proposals', 1, '00 00 000c 00000001 00000001', /SA Next Payload at octet 40/],
    ['a proposal longer than its parts', 1, '00000014 00000001 00000001 00000009 01010000', /Proposal Length/],
    [
      'a transform shorter than its header',
      1,
      '0000001c 00000001 00000001 00000010 01010001 00000007 01010000',
      /Transform Length/,
    ],
    ['an SPI Size of 0 with SPIs', 12, '0000000c 00000001 03 00 0005', /SPI Size/],
    ['SPIs that are not there', 12, '0000000c 00000001 03 04 0001', /# of SPIs/],
  ])('%s', (_, first, chain, why) => {
    expect(() => decodeIsakmpMessage(message(first, chain))).toThrow(why);
    expect(() => decodeIsakmpMessage(message(first, chain))).toThrow(WireError);
  });

  test('padding at the end makes a message a multiple of four octets, RFC 2408 §3.6', () => {
    const [padded, plain] = ['00 00 0005 61 000000', '00 00 0005 61'].map(chain => message(13, chain));
    expect(decodeIsakmpMessage(padded ?? new Uint8Array(0))).toEqual(decodeIsakmpMessage(plain ?? new Uint8Array(0)));
    expect(() => decodeIsakmpMessage(message(13, '00 00 0005 61 0000'))).toThrow(/2 octets behind/);
    expect(() => decodeIsakmpMessage(message(13, '00 00 0004 00000000'))).toThrow(/4 octets behind/);
  });

  test('too many of anything are refused, as many as may be are read', () => {
    expect(decodeIsakmpMessage(message(13, vendorIds(ISAKMP_PAYLOADS_MAX))).payloads).toHaveLength(128);
    expect(() => decodeIsakmpMessage(message(13, vendorIds(ISAKMP_PAYLOADS_MAX + 1)))).toThrow(/more than 128/);
    expect(decodeIsakmpMessage(message(1, proposals(128))).payloads).toHaveLength(1);
    expect(() => decodeIsakmpMessage(message(1, proposals(129)))).toThrow(/SA Proposals/);
    expect(() => decodeIsakmpMessage(message(12, `0000 1010 00000001 03 04 0401 ${spis(1025)}`))).toThrow(/# of SPIs/);
    expect(decodeIsakmpMessage(message(14, attributes(256))).payloads).toHaveLength(1);
    expect(() => decodeIsakmpMessage(message(14, attributes(257)))).toThrow(/Data Attributes/);
  });
});

test('of another major version only the header is known', () => {
  const octets = message(13, '00 00 0004');
  expect(() => decodeIsakmpMessage(octets.with(17, 0x20))).toThrow(/Version at octet 17: 2/);
  expect(decodeIsakmpMessage(octets.with(17, 0x1f))).toMatchObject({ majorVersion: 1, minorVersion: 15 });
});

test('what does not fit is not written', () => {
  expect(() => encodeIsakmpPayloads([{ type: 'VID', data: new Uint8Array(65_532) }])).toThrow(RangeError);
  expect(encodeIsakmpPayloads([{ type: 'VID', data: new Uint8Array(65_531) }]).octets).toHaveLength(65_535);
  expect(() =>
    encodeIsakmpPayloads([{ type: 'D', doi: 1, protocolId: 3, spis: [new Uint8Array(4), new Uint8Array(3)] }]),
  ).toThrow(RangeError);
});

test('numbers come in both forms of an attribute', () => {
  expect(attributeOf(12, 28_800)).toEqual({ type: 12, value: 28_800 });
  expect(attributeOf(12, 86_400)).toEqual({ type: 12, value: fromHex('00015180') });
  expect(numberOf({ type: 12, value: fromHex('00015180') })).toBe(86_400);
  expect(numberOf({ type: 12, value: fromHex('0000000000015180') })).toBe(86_400);
  expect(numberOf({ type: 12, value: fromHex('01000000000000') })).toBeNull();
  expect(numberOf({ type: 12, value: new Uint8Array(0) })).toBeNull();
});

test('what was written is read, whatever it is', () => {
  const random = new Prng(2408);
  for (let i = 0; i < 2000; i++) {
    const value = randomIsakmpMessage(random);
    expect(decodeIsakmpMessage(encodeIsakmpMessage(value))).toEqual(value);
    const inside = randomIsakmpPayloads(random);
    const encoded = encodeIsakmpPayloads(inside);
    const padding = random.bytes(random.below(16));
    expect(decodeIsakmpPayloads(encoded.first, new Uint8Array(Buffer.concat([encoded.octets, padding])))).toEqual(
      inside,
    );
  }
});

test('what is read is written so that it reads the same', () => {
  const random = new Prng(2409);
  const readings = Array.from({ length: 3000 }, () =>
    read(random.mutate(encodeIsakmpMessage(randomIsakmpMessage(random)))),
  );
  const legal = readings.filter(one => one !== null);
  expect(legal.length).toBeGreaterThan(300);
  for (const one of legal) expect(decodeIsakmpMessage(encodeIsakmpMessage(one))).toEqual(withoutReserved(one));
});

test('nothing but a WireError comes of any truncation or mutation', () => {
  const random = new Prng(2407);
  for (let i = 0; i < 60; i++) {
    const octets = encodeIsakmpMessage(randomIsakmpMessage(random));
    expect(abuse(decodeIsakmpMessage, octets, random, 200)).toEqual([]);
    // The same without the header's Length in the way.
    expect(abuse(payloads => decodeIsakmpPayloads(octets[16] ?? 0, payloads), octets.slice(28), random, 200)).toEqual(
      [],
    );
  }
});

function withoutReserved(one: IsakmpMessage): IsakmpMessage {
  if (one.body !== null) return one;
  const payloads = one.payloads.map((payload): IsakmpPayload => {
    if (payload.type !== 'SA') return payload;
    const { octets: _, ...sa } = payload;
    return sa;
  });
  return { ...one, payloads };
}

/** null: it cannot be read. */
function read(octets: Uint8Array): IsakmpMessage | null {
  try {
    return decodeIsakmpMessage(octets);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}
