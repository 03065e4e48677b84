import { describe, expect, test } from 'vitest';
import { WireError } from './wire-error.ts';
import { DerReader, formatOid, Tag } from './der-reader.ts';
import { formatTime, parseTime, readableTime } from './der-time.ts';
import { der, derInteger, derOid, isOid } from './der-writer.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const reader = (text: string) => new DerReader(hex(text), 'test');
const text = (octets: Uint8Array) => Buffer.from(octets).toString('hex');

/** Null where it is refused. */
function orRefused<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

describe('lengths, X.690 §10.1', () => {
  test.each([
    ['0400', ''],
    ['0403616263', '616263'],
    [`04817f${'00'.repeat(127)}`, null],
    [`048180${'00'.repeat(128)}`, '00'.repeat(128)],
    [`04820080${'00'.repeat(128)}`, null],
    ['0480', null],
    ['0401', null],
    ['04', null],
    ['1f0100', null],
    ['0485000000000100', null],
  ])('%s', (encoded, content) => {
    expect(orRefused(() => text(reader(encoded).any('value').content))).toBe(content);
  });

  test.each([0, 127, 128, 255, 256, 65_535, 65_536])('%i octets are written as they are read', length => {
    const octets = der(Tag.OCTET_STRING, new Uint8Array(length));
    expect(new DerReader(octets, 'test').octetString('value')).toHaveLength(length);
  });
});

describe('values', () => {
  test.each([
    ['020100', 0],
    ['02017f', 127],
    ['02020080', 128],
    ['02047fffffff', 0x7fff_ffff],
    ['0201ff', null],
    ['0202007f', null],
    ['0200', null],
    ['02050080000000', null],
  ])('integer %s', (encoded, value) => {
    expect(orRefused(() => reader(encoded).smallInteger('value'))).toBe(value);
    expect(value === null ? encoded : text(derInteger(value))).toBe(encoded);
  });

  test.each([
    ['0.0', '00'],
    ['1.2.840.113549', '2a864886f70d'],
    ['2.5.29.17', '551d11'],
    ['2.999.3', '883703'],
    ['1.39.4294967295', '4f8fffffff7f'],
  ])('object identifier %s', (oid, content) => {
    expect(formatOid(hex(content))).toBe(oid);
    expect(text(derOid(oid))).toBe(`06${(content.length / 2).toString(16).padStart(2, '0')}${content}`);
  });

  test.each(['', '80', '8001', '5580', '2a90808080808000', 'ff'.repeat(40)])('%s is no object identifier', content => {
    expect(formatOid(hex(content))).toBeNull();
  });

  test.each(['', '1', '3.1', '1.40', '1.2.', '1.02', '1.2.4294967296', '-1.2', 'a.b'])('nor is %j', oid => {
    expect(isOid(oid)).toBe(false);
    expect(() => derOid(oid)).toThrow(RangeError);
  });

  test('booleans and bits are as DER has them', () => {
    expect([reader('0101ff').boolean('b'), reader('010100').boolean('b')]).toEqual([true, false]);
    expect(() => reader('010101').boolean('b')).toThrow(WireError);
    expect([...reader('03020780').namedBits('b')]).toEqual([0]);
    expect([...reader('0303070680').namedBits('b')]).toEqual([5, 6, 8]);
    for (const bad of ['0300', '030108', '030109', '030a00000000000000000001']) {
      expect(() => reader(bad).namedBits('b')).toThrow(WireError);
    }
  });

  test('what is left over is said with its field', () => {
    const fields = reader('3003020101').sequence('outer');
    expect(() => fields.end('outer')).toThrow('test outer at octet 0: has more in it than it should');
  });
});

describe('times, RFC 5280 §4.1.2.5', () => {
  const UTC = 0x17;
  const GENERALIZED = 0x18;
  test.each([
    [UTC, '700101000000Z', 0],
    [UTC, '500101000000Z', -631_152_000],
    [UTC, '491231235959Z', 2_524_607_999],
    [GENERALIZED, '20500101000000Z', 2_524_608_000],
    [GENERALIZED, '20240229120000Z', 1_709_208_000],
    [GENERALIZED, '99991231235959Z', 253_402_300_799],
    [GENERALIZED, '00000101000000Z', -62_167_219_200],
  ])('%i %s', (tag, value, seconds) => {
    expect(parseTime(tag, Buffer.from(value))).toBe(seconds);
    expect(formatTime(seconds).slice(tag === UTC ? 2 : 0)).toBe(value);
  });

  test.each([
    [UTC, '7001010000Z'],
    [UTC, '700101000000+0100'],
    [UTC, '701301000000Z'],
    [UTC, '700132000000Z'],
    [UTC, '700230000000Z'],
    [UTC, '700101240000Z'],
    [UTC, '700101000060Z'],
    [GENERALIZED, '20230229000000Z'],
    [GENERALIZED, '19000229000000Z'],
    [GENERALIZED, '20240101000000.5Z'],
    [GENERALIZED, '20240101000000'],
    [0x16, '700101000000Z'],
  ])('%i %s is none', (tag, value) => {
    expect(parseTime(tag, Buffer.from(value))).toBeNull();
  });

  test('are what the calendar of the platform says', () => {
    for (let seconds = -60_000_000_000; seconds < 250_000_000_000; seconds += 98_765_432_1) {
      const iso = new Date(seconds * 1000).toISOString();
      expect(readableTime(seconds)).toBe(`${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`);
    }
  });
});
