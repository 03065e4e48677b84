import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { IsakmpAttribute } from './payload.ts';

const HEADER_OCTETS = 4;

/** The AF bit: the value stands in the place of its length. */
const SHORT_FORM = 0x8000;

/** A value of more octets is no number here: none that IKEv1 has needs them. */
const NUMBER_OCTETS_MAX = 6;

/**
 * Attributes up to the end of `body`, RFC 2408 §3.3. More than `most` are refused.
 *     |A|       Attribute Type        |    AF=0  Attribute Length     |
 *     |F|                             |    AF=1  Attribute Value      |
 */
export function decodeAttributes(body: Reader, most: number): IsakmpAttribute[] {
  const attributes: IsakmpAttribute[] = [];
  while (body.remaining > 0) {
    if (attributes.length === most) throw body.error('Data Attributes', body.offset, `more than ${most}`);
    const format = body.u16('Attribute Type');
    const value = body.u16('Attribute Value or Length');
    const type = format & ~SHORT_FORM;
    attributes.push({ type, value: (format & SHORT_FORM) !== 0 ? value : body.bytes(value, 'Attribute Value') });
  }
  return attributes;
}

/** RangeError for a value of more than 65535 octets. */
export function encodeAttributes(attributes: readonly IsakmpAttribute[], out: Writer): void {
  for (const { type, value } of attributes) {
    if (typeof value === 'number') {
      out.u16(SHORT_FORM | type);
      out.u16(value);
      continue;
    }
    if (value.length > 0xffff) throw new RangeError(`an attribute of ${value.length} octets`);
    out.u16(type & ~SHORT_FORM);
    out.u16(value.length);
    out.bytes(value);
  }
}

export function attributesOctets(attributes: readonly IsakmpAttribute[]): number {
  return attributes.reduce((sum, { value }) => sum + HEADER_OCTETS + (typeof value === 'number' ? 0 : value.length), 0);
}

/** A value of either form as a number: lifetimes come in both. null: it has no octets, or more than a number here can have. */
export function numberOf({ value }: IsakmpAttribute): number | null {
  if (typeof value === 'number') return value;
  if (value.length === 0) return null;
  const significant = value.subarray(Math.max(0, value.length - NUMBER_OCTETS_MAX));
  if (value.subarray(0, value.length - significant.length).some(octet => octet !== 0)) return null;
  return significant.reduce((sum, octet) => sum * 256 + octet, 0);
}

/** In the short form where 16 bits are enough, otherwise in 4 octets, as everybody writes lifetimes. RangeError past 32 bits. */
export function attributeOf(type: number, value: number): IsakmpAttribute {
  if (value > 0xffff_ffff || value < 0) throw new RangeError(`${value} is no attribute's value of 32 bits`);
  if (value <= 0xffff) return { type, value };
  return { type, value: Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value) };
}
