import { describe, expect, test } from 'vitest';
import { abuse } from '../testing/hostile.ts';
import { fromHex, toHex } from '../testing/must.ts';
import { Prng } from '../testing/prng.ts';
import { WireError } from '../wire-error.ts';
import { decodeIkeMessage, decodePayloads, encodeIkeMessage, encodePayloads, PAYLOADS_MAX } from './codec.ts';
import type { IkeMessage } from './message.ts';
import type { Payload } from './payload.ts';
import { randomMessage, randomPayload } from './testing/random-message.ts';

const HEADER = '0123456789abcdef 0000000000000000';

/** A message around a chain of payloads, in hexadecimal. */
function message(first: number, chain: string): Uint8Array {
  const payloads = fromHex(chain);
  const length = (28 + payloads.length).toString(16).padStart(8, '0');
  const next = first.toString(16).padStart(2, '0');
  return Uint8Array.of(...fromHex(`${HEADER} ${next} 20 22 08 00000000 ${length}`), ...payloads);
}

/** Empty ones. */
const vendorIds = (count: number): string => `${'2b000004'.repeat(count - 1)}00000004`;

/** An SA payload of so many proposals without transforms. */
function sa(count: number): string {
  const proposals = `${'0200000801010000'.repeat(count - 1)}0000000801010000`;
  return `0000${(4 + count * 8).toString(16).padStart(4, '0')}${proposals}`;
}

describe('a chain of payloads', () => {
  test('each says what the next is, RFC 7296 §3.2', () => {
    const octets = message(0x2b, '29 00 0006 6162   00 00 000a 00 00 4004 aabb');
    const payloads: Payload[] = [
      { type: 'V', data: fromHex('6162') },
      { type: 'N', protocolId: 0, spi: new Uint8Array(0), notifyType: 16388, data: fromHex('aabb') },
    ];
    const decoded = decodeIkeMessage(octets);
    expect(decoded).toMatchObject({ initiatorSpi: '0123456789abcdef', exchangeType: 34, messageId: 0, payloads });
    expect(toHex(encodeIkeMessage(decoded))).toBe(toHex(octets));
  });

  test('a message without payloads', () => {
    expect(decodeIkeMessage(message(0, '')).payloads).toEqual([]);
    expect(encodePayloads([])).toEqual({ first: 0, octets: new Uint8Array(0) });
    expect(decodePayloads(0, new Uint8Array(0))).toEqual([]);
  });

  test('the Critical bit is kept, and the bits beside it are not looked at', () => {
    expect(decodeIkeMessage(message(200, '00 ff 0005 01')).payloads).toEqual([
      { type: 'unknown', payloadType: 200, data: Uint8Array.of(1), critical: true },
    ]);
    expect(decodeIkeMessage(message(200, '00 7f 0005 01')).payloads).toEqual([
      { type: 'unknown', payloadType: 200, data: Uint8Array.of(1) },
    ]);
  });

  test('ends with SK, whose Next Payload is of what is inside, §3.14', () => {
    const octets = message(43, '2e 00 0004   23 00 0007 010203');
    expect(decodeIkeMessage(octets).payloads).toEqual([
      { type: 'V', data: new Uint8Array(0) },
      { type: 'SK', firstPayload: 35, body: Uint8Array.of(1, 2, 3) },
    ]);
    expect(() => decodeIkeMessage(message(46, '23 00 0007 010203 00 00 0004'))).toThrow(/behind the last payload/);
    expect(() =>
      encodePayloads([
        { type: 'SK', firstPayload: 0, body: new Uint8Array(0) },
        { type: 'V', data: new Uint8Array(0) },
      ]),
    ).toThrow(/always the last/);
  });

  test('SK and SKF are not inside of another', () => {
    expect(() => decodePayloads(46, fromHex('23 00 0007 010203'))).toThrow(WireError);
    expect(() => decodePayloads(53, fromHex('23 00 0009 0001 0001 03'))).toThrow(WireError);
  });

  test.each([
    ['a payload shorter than its header', 43, '00 00 0003', /Payload Length at octet 30: 3/],
    ['a payload of length 0 that names itself: a loop', 43, '2b 00 0000', /Payload Length at octet 30: 0/],
    ['a payload that leaves the message', 43, '00 00 0006 61', /Payload Length/],
    ['a payload that is announced and missing', 43, '29 00 0004', /Next Payload/],
    ['octets behind the last payload', 43, '00 00 0004 00', /1 octets behind/],
    ['octets behind no payload', 0, '00', /1 octets behind/],
  ])('%s', (_, first, chain, why) => {
    expect(() => decodeIkeMessage(message(first, chain))).toThrow(why);
    expect(() => decodeIkeMessage(message(first, chain))).toThrow(WireError);
  });

  test('too many payloads are refused, as many as may be are read', () => {
    expect(decodeIkeMessage(message(43, vendorIds(PAYLOADS_MAX))).payloads).toHaveLength(PAYLOADS_MAX);
    expect(() => decodeIkeMessage(message(43, vendorIds(PAYLOADS_MAX + 1)))).toThrow(/more than 128/);
    expect(() => decodePayloads(43, fromHex(vendorIds(16_000)))).toThrow(/more than 128/);
  });

  test('too many proposals are refused', () => {
    expect(decodeIkeMessage(message(33, sa(128))).payloads).toHaveLength(1);
    expect(() => decodeIkeMessage(message(33, sa(129)))).toThrow(/SA Proposals/);
  });
});

test('of another major version only the header is known', () => {
  const octets = message(43, '00 00 0004');
  expect(() => decodeIkeMessage(octets.with(17, 0x30))).toThrow(/Major Version at octet 17: 3/);
  expect(() => decodeIkeMessage(octets.with(17, 0x10))).toThrow(WireError);
  expect(decodeIkeMessage(octets.with(17, 0x2f))).toMatchObject({ majorVersion: 2, minorVersion: 15 });
});

test('a payload that is too long is not written', () => {
  expect(() => encodePayloads([{ type: 'V', data: new Uint8Array(65_532) }])).toThrow(RangeError);
  expect(encodePayloads([{ type: 'V', data: new Uint8Array(65_531) }]).octets).toHaveLength(65_535);
});

test('what was written is read, whatever it is', () => {
  const random = new Prng(7296);
  for (let i = 0; i < 2000; i++) {
    const value = randomMessage(random);
    const octets = encodeIkeMessage(value);
    expect(decodeIkeMessage(octets)).toEqual(value);
    const inside = Array.from({ length: random.below(5) }, () => randomPayload(random));
    const encoded = encodePayloads(inside);
    expect(decodePayloads(encoded.first, encoded.octets)).toEqual(inside);
  }
});

test('what is read is written as it was, but for bits that must be ignored', () => {
  const random = new Prng(7297);
  const readings = Array.from({ length: 3000 }, () => read(random.mutate(encodeIkeMessage(randomMessage(random)))));
  const legal = readings.filter(message => message !== null);
  expect(legal.length).toBeGreaterThan(300);
  expect(legal.map(message => decodeIkeMessage(encodeIkeMessage(message)))).toEqual(legal);
});

test('nothing but a WireError comes of any truncation or mutation', () => {
  const random = new Prng(7383);
  for (let i = 0; i < 60; i++) {
    const octets = encodeIkeMessage(randomMessage(random));
    expect(abuse(decodeIkeMessage, octets, random, 200)).toEqual([]);
    // The same without the header's Length in the way.
    expect(abuse(payloads => decodePayloads(octets[16] ?? 0, payloads), octets.slice(28), random, 200)).toEqual([]);
  }
});

/** null: it cannot be read. */
function read(octets: Uint8Array): IkeMessage | null {
  try {
    return decodeIkeMessage(octets);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}
