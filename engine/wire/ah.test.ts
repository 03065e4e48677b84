import { describe, expect, test } from 'vitest';
import { ahOctets, decodeAhHeader, encodeAhHeader } from './ah.ts';
import { WireError } from './wire-error.ts';

// RFC 4302 §2.2: a 96-bit ICV makes a header of six words, so Payload Len is 4.
const HEADER = Uint8Array.of(6, 4, 0, 0, 0, 0, 1, 0x2c, 0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
const ICV = HEADER.subarray(12);

describe('the Authentication Header', () => {
  test('field by field', () => {
    const octets = Uint8Array.of(...HEADER, 0xaa, 0xbb);
    expect(decodeAhHeader(octets)).toEqual({
      nextHeader: 6,
      reserved: 0,
      spi: 300,
      sequence: 7,
      icv: ICV,
      rest: Uint8Array.of(0xaa, 0xbb),
    });
    expect(encodeAhHeader({ nextHeader: 6, spi: 300, sequence: 7, icv: ICV })).toEqual(HEADER);
  });

  test('RESERVED is not looked at, §2.3', () => {
    expect(decodeAhHeader(HEADER.with(2, 0x12).with(3, 0x34))).toMatchObject({ reserved: 0x1234, spi: 300 });
  });

  test('what is cut short or says a length that cannot be is refused', () => {
    for (let length = 0; length < HEADER.length; length++) {
      expect(() => decodeAhHeader(HEADER.subarray(0, length))).toThrow(WireError);
    }
    expect(() => decodeAhHeader(HEADER.with(1, 0))).toThrow(/8 octets, present 24/);
    expect(() => decodeAhHeader(HEADER.with(1, 5))).toThrow(/28 octets, present 24/);
    expect(() => encodeAhHeader({ nextHeader: 6, spi: 300, sequence: 7, icv: new Uint8Array(11) })).toThrow(RangeError);
    expect(() => encodeAhHeader({ nextHeader: 6, spi: 300, sequence: 7, icv: new Uint8Array(1020) })).toThrow(
      RangeError,
    );
  });

  test.each([
    [12, 24, 24],
    [16, 28, 32],
    [24, 36, 40],
    [32, 44, 48],
    [20, 32, 32],
  ])('an ICV of %d octets: %d in IPv4, %d in IPv6 (§2.6)', (icvOctets, version4, version6) => {
    expect(ahOctets(icvOctets, 4)).toBe(version4);
    expect(ahOctets(icvOctets, 6)).toBe(version6);
  });
});
