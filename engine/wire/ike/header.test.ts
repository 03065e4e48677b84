import { expect, test } from 'vitest';
import { fromHex } from '../testing/must.ts';
import { WireError } from '../wire-error.ts';
import { Writer } from '../writer.ts';
import { decodeIkeHeader, encodeIkeHeader, IKE_HEADER_OCTETS, ikeSpiOctets, ikeSpiOf } from './header.ts';

const HEADER = fromHex('0123456789abcdef fedcba9876543210 2e 20 24 28 00000102 0000001c');

test('the header field by field, RFC 7296 §3.1', () => {
  expect(decodeIkeHeader(HEADER)).toEqual({
    initiatorSpi: '0123456789abcdef',
    responderSpi: 'fedcba9876543210',
    nextPayload: 46,
    majorVersion: 2,
    minorVersion: 0,
    exchangeType: 36,
    isInitiator: true,
    isResponse: true,
    higherVersion: false,
    messageId: 258,
    length: 28,
  });
  const out = new Writer();
  encodeIkeHeader(decodeIkeHeader(HEADER), 46, 28, out);
  expect(out.finish()).toEqual(HEADER);
});

test.each([
  ['the Initiator bit', 0x08, { isInitiator: true, isResponse: false, higherVersion: false }],
  ['the Version bit', 0x10, { isInitiator: false, isResponse: false, higherVersion: true }],
  ['the Response bit', 0x20, { isInitiator: false, isResponse: true, higherVersion: false }],
  ['bits that must be ignored', 0xc7, { isInitiator: false, isResponse: false, higherVersion: false }],
])('%s', (_, flags, expected) => {
  expect(decodeIkeHeader(HEADER.with(19, flags))).toMatchObject(expected);
});

test('other versions have the same header', () => {
  expect(decodeIkeHeader(HEADER.with(17, 0x10))).toMatchObject({ majorVersion: 1, minorVersion: 0 });
  expect(decodeIkeHeader(HEADER.with(17, 0x3f))).toMatchObject({ majorVersion: 3, minorVersion: 15 });
});

test('a header that is cut short, or says another length than there is', () => {
  for (let length = 0; length < IKE_HEADER_OCTETS; length++) {
    expect(() => decodeIkeHeader(HEADER.subarray(0, length))).toThrow(WireError);
  }
  expect(() => decodeIkeHeader(HEADER.with(27, 27))).toThrow(/IKE Length at octet 24: 27, present 28/);
  expect(() => decodeIkeHeader(HEADER.with(24, 0xff))).toThrow(WireError);
  expect(() => decodeIkeHeader(Uint8Array.of(...HEADER, 0))).toThrow(/28, present 29/);
});

test('SPIs as text and as octets', () => {
  const octets = fromHex('00000000 80000001');
  expect(ikeSpiOf(octets)).toBe('0000000080000001');
  expect(ikeSpiOctets('0000000080000001')).toEqual(octets);
  expect(ikeSpiOctets('ffffffffffffffff')).toEqual(new Uint8Array(8).fill(0xff));
});
