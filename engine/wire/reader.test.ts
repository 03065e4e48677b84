import { expect, test } from 'vitest';
import { Reader } from './reader.ts';
import { WireError } from './wire-error.ts';
import { Writer } from './writer.ts';

test('a reader gives back what a writer wrote', () => {
  const out = new Writer(1);
  out.u8(0x1ff);
  out.u16(0xbeef);
  out.u32(0xdeadbeef);
  out.u64(0xfedc_ba98_7654_3210n);
  out.bytes(Uint8Array.of(1, 2, 3));
  out.u8(9);
  expect(out.length).toBe(19);
  const octets = out.finish();
  const reader = new Reader(octets);
  expect(reader.u8('a')).toBe(0xff);
  expect(reader.u16('b')).toBe(0xbeef);
  expect(reader.u32('c')).toBe(0xdeadbeef);
  expect(reader.u64('d')).toBe(0xfedc_ba98_7654_3210n);
  expect(reader.bytes(2, 'e')).toEqual(Uint8Array.of(1, 2));
  expect([reader.offset, reader.remaining]).toEqual([17, 2]);
  reader.skip(1, 'f');
  expect(reader.rest()).toEqual(Uint8Array.of(9));
  expect(reader.rest()).toEqual(new Uint8Array(0));
});

test('what is read is a view', () => {
  const octets = Uint8Array.of(1, 2, 3);
  const view = new Reader(octets).bytes(2, 'x');
  octets[0] = 7;
  expect(view).toEqual(Uint8Array.of(7, 2));
});

test('an error names the field, the octet and what is missing, and nothing was consumed', () => {
  const reader = new Reader(Uint8Array.of(1, 2, 3), 'ICMP');
  reader.u8('Type');
  let failure: unknown = null;
  try {
    reader.u32('Checksum');
  } catch (error) {
    failure = error;
  }
  expect(failure).toBeInstanceOf(WireError);
  expect(failure).toMatchObject({
    field: 'ICMP Checksum',
    offset: 1,
    message: 'ICMP Checksum at octet 1: needs 4 octets, 2 are left',
  });
  expect(reader.u16('again')).toBe(0x0203);
});
