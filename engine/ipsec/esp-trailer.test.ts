import { describe, expect, test } from 'vitest';
import { appendTrailer, padOctets, removeTrailer } from './esp-trailer.ts';

describe.each([4, 8, 16])('blocks of %d octets', block => {
  test('the plaintext is whole blocks, its padding minimal and 1, 2, 3…', () => {
    for (let length = 0; length < 70; length++) {
      const payload = new Uint8Array(length).fill(0xee);
      const plaintext = appendTrailer(payload, 41, block);
      const padding = plaintext.length - length - 2;
      expect(plaintext.length % block).toBe(0);
      expect(padding).toBeLessThan(block);
      expect(padOctets(length, block)).toBe(padding);
      const expected = [...payload, ...Array.from({ length: padding }, (_, i) => i + 1), padding, 41];
      expect([...plaintext]).toEqual(expected);
      expect(removeTrailer(plaintext)).toEqual({ nextHeader: 41, payload });
    }
  });
});

test('the payload is copied, not changed', () => {
  const payload = Uint8Array.of(1, 2, 3);
  appendTrailer(payload, 4, 16).fill(0);
  expect(payload).toEqual(Uint8Array.of(1, 2, 3));
});

test('TFC padding stands between payload and padding, RFC 4303 §2.7', () => {
  const payload = Uint8Array.of(9, 9, 9);
  const plaintext = appendTrailer(payload, 4, 16, 8);
  expect([...plaintext]).toEqual([9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 3, 4]);
  expect(removeTrailer(plaintext)?.payload).toEqual(Uint8Array.of(9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0));
});

describe('on receipt, RFC 4303 §2.4', () => {
  test('up to 255 octets of padding are taken off', () => {
    for (const padding of [0, 1, 100, 254, 255]) {
      const plaintext = Uint8Array.of(9, 9, ...Array.from({ length: padding }, (_, i) => i + 1), padding, 17);
      expect(removeTrailer(plaintext)).toEqual({ nextHeader: 17, payload: Uint8Array.of(9, 9) });
    }
  });

  test('all padding and no payload is an empty payload', () => {
    expect(removeTrailer(Uint8Array.of(1, 2, 2, 59))).toEqual({ nextHeader: 59, payload: new Uint8Array(0) });
    expect(removeTrailer(Uint8Array.of(0, 59))).toEqual({ nextHeader: 59, payload: new Uint8Array(0) });
  });

  test.each([
    ['zeros', [7, 7, 0, 0, 2, 4]],
    ['counting from 0', [7, 7, 0, 1, 2, 4]],
    ['a wrong octet in the middle', [1, 2, 9, 4, 4, 4]],
    ['a wrong last octet', [1, 2, 3, 5, 4, 4]],
    ['more padding than there is', [1, 2, 3, 4]],
    ['255 of a short packet', [1, 2, 255, 4]],
    ['too short for a trailer', [4]],
    ['nothing', []],
  ])('%s is refused', (_what, plaintext) => {
    expect(removeTrailer(Uint8Array.from(plaintext))).toBeNull();
  });
});
