import { expect, test } from 'vitest';
import { internetChecksum, partialSum, pseudoHeaderSum, updateChecksum } from './checksum.ts';
import { addressOf } from './testing/must.ts';
import { Prng } from './testing/prng.ts';

/** The definition, in unbounded integers: a sum modulo 2^16 - 1 whose zero is written as all ones when anything was added. */
function definition(octets: Uint8Array): number {
  let sum = 0n;
  for (let i = 0; i < octets.length; i += 2) sum += BigInt(((octets[i] ?? 0) << 8) | (octets[i + 1] ?? 0));
  const folded = sum === 0n ? 0n : ((sum - 1n) % 0xffffn) + 1n;
  return Number(~folded & 0xffffn);
}

test('the example of RFC 1071 §3', () => {
  const octets = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
  expect(internetChecksum(octets)).toBe(~0xddf2 & 0xffff);
});

test('the example of RFC 1624 §4, which RFC 1141 gets wrong', () => {
  expect(updateChecksum(0xdd2f, 0x5555, 0x3285)).toBe(0x0000);
});

test('it is what the definition says, at every length, alignment and worst case', () => {
  const random = new Prng(5);
  for (let length = 0; length < 200; length++) {
    const buffer = random.bytes(length + 8);
    for (let at = 0; at < 8; at++) {
      const octets = buffer.subarray(at, at + length);
      expect(internetChecksum(octets)).toBe(definition(octets));
    }
  }
  for (const length of [1399, 1400, 1401, 32767, 32768, 32769, 65534, 65535, 70001]) {
    for (const octets of [random.bytes(length), new Uint8Array(length).fill(255), new Uint8Array(length)]) {
      expect(internetChecksum(octets)).toBe(definition(octets));
      expect(internetChecksum(octets.subarray(1))).toBe(definition(octets.subarray(1)));
    }
  }
});

test('pieces add up to the whole, from any initial sum', () => {
  const random = new Prng(6);
  for (let i = 0; i < 2_000; i++) {
    const octets = random.bytes(random.below(3000));
    const cut = random.below(octets.length / 2 + 1) * 2;
    const sum = partialSum(octets.subarray(cut), partialSum(octets.subarray(0, cut)));
    expect(internetChecksum(new Uint8Array(0), sum)).toBe(definition(octets));
  }
  expect(internetChecksum(new Uint8Array(0), 0xffff_ffff)).toBe(0);
});

test('after a changed word the update is the checksum from scratch', () => {
  const random = new Prng(7);
  for (let i = 0; i < 10_000; i++) {
    const octets = random.bytes(40);
    const before = internetChecksum(octets);
    const [at, word] = [random.below(20) * 2, random.pick([0, 0xffff, random.below(65536)])];
    const old = ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
    octets.set([word >> 8, word & 255], at);
    expect(updateChecksum(before, old, word)).toBe(internetChecksum(octets));
  }
});

test('pseudo-headers: the words of both addresses, the protocol, the length', () => {
  const four = Uint8Array.of(10, 0, 0, 1, 10, 0, 0, 2, 0, 17, 0x12, 0x34);
  expect(
    internetChecksum(new Uint8Array(0), pseudoHeaderSum(addressOf('10.0.0.1'), addressOf('10.0.0.2'), 17, 0x1234)),
  ).toBe(definition(four));
  const six = Uint8Array.of(...addressOf('2001:db8::1'), ...addressOf('fe80::2'), 0, 1, 0x12, 0x34, 0, 0, 0, 58);
  expect(
    internetChecksum(new Uint8Array(0), pseudoHeaderSum(addressOf('2001:db8::1'), addressOf('fe80::2'), 58, 0x11234)),
  ).toBe(definition(six));
});
