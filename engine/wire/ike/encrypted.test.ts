import { expect, test } from 'vitest';
import { fromHex, toHex } from '../testing/must.ts';
import { decodeIkeMessage, encodeIkeMessage } from './codec.ts';
import { coveredOf, SK_COVERED_OCTETS, SKF_COVERED_OCTETS, sealedMessage } from './encrypted.ts';
import type { IkeHeader } from './message.ts';

const header: IkeHeader = {
  initiatorSpi: '0123456789abcdef',
  responderSpi: 'fedcba9876543210',
  majorVersion: 2,
  minorVersion: 0,
  exchangeType: 35,
  isInitiator: true,
  isResponse: false,
  higherVersion: false,
  messageId: 1,
};

test('what SK is authenticated with: the message up to the IV, RFC 7296 §3.14 and RFC 5282 §5.1', () => {
  const covered = sealedMessage(header, { firstPayload: 35, bodyOctets: 5, fragment: null });
  expect(toHex(covered)).toBe(
    toHex(fromHex('0123456789abcdef fedcba9876543210 2e 20 23 08 00000001 00000025   23 00 0009')),
  );
  expect(covered).toHaveLength(SK_COVERED_OCTETS);
  const octets = Uint8Array.of(...covered, 1, 2, 3, 4, 5);
  const message = decodeIkeMessage(octets);
  expect(message).toEqual({
    ...header,
    payloads: [{ type: 'SK', firstPayload: 35, body: Uint8Array.of(1, 2, 3, 4, 5) }],
  });
  expect(encodeIkeMessage(message)).toEqual(octets);
  expect(coveredOf(octets, message)).toEqual(covered);
});

test('the same of a fragment, RFC 7383 §2.5', () => {
  const fragment = { number: 2, total: 7 };
  const covered = sealedMessage(header, { firstPayload: 0, bodyOctets: 2, fragment });
  expect(toHex(covered.subarray(28))).toBe('0000000a00020007');
  expect(covered).toHaveLength(SKF_COVERED_OCTETS);
  const octets = Uint8Array.of(...covered, 8, 9);
  const message = decodeIkeMessage(octets);
  expect(message.payloads).toEqual([
    { type: 'SKF', firstPayload: 0, fragmentNumber: 2, totalFragments: 7, body: Uint8Array.of(8, 9) },
  ]);
  expect(coveredOf(octets, message)).toEqual(covered);
});

test('payloads in the clear before SK are covered as well', () => {
  const payloads = [
    { type: 'V', data: Uint8Array.of(1) } as const,
    { type: 'SK', firstPayload: 0, body: Uint8Array.of(7) } as const,
  ];
  const octets = encodeIkeMessage({ ...header, payloads });
  expect(coveredOf(octets, decodeIkeMessage(octets))).toEqual(octets.subarray(0, -1));
});

test('there is a limit, and what is not encrypted has no such part', () => {
  expect(() => sealedMessage(header, { firstPayload: 0, bodyOctets: 65_532, fragment: null })).toThrow(RangeError);
  expect(() => coveredOf(new Uint8Array(28), { ...header, payloads: [] })).toThrow('without SK');
});
