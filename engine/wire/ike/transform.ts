import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { TransformSubstructure } from './payload.ts';
import { TransformAttribute } from './registry.ts';

/** More attributes of one transform are refused. */
export const TRANSFORM_ATTRIBUTES_MAX = 16;

const TRANSFORM_HEADER_OCTETS = 8;
const ATTRIBUTE_HEADER_OCTETS = 4;

/** The AF bit, §3.3.5: the value stands in the place of its length. */
const SHORT_FORM = 0x8000;

type Attribute = TransformSubstructure['otherAttributes'][number];

/**
 * A Transform Substructure, RFC 7296 §3.3.2, from behind Last Substruc. A Key Length that comes a second time, or with a
 * length of its own, counts among the other attributes: nobody may take such a transform.
 *     | Last Substruc |   RESERVED    |        Transform Length       |
 *     |Transform Type |   RESERVED    |          Transform ID         |
 *     |  Transform Attributes ...
 */
export function decodeTransform(body: Reader): TransformSubstructure {
  const begin = body.offset - 1;
  body.skip(1, 'RESERVED');
  const length = body.u16('Transform Length');
  const type = body.u8('Transform Type');
  body.skip(1, 'RESERVED');
  const id = body.u16('Transform ID');
  const end = begin + length;
  let keyBits: number | null = null;
  const otherAttributes: Attribute[] = [];
  while (body.offset < end) {
    const { type: attribute, value } = decodeAttribute(body);
    const isFirst = attribute === TransformAttribute.KEY_LENGTH && keyBits === null;
    if (isFirst && typeof value === 'number') keyBits = value;
    else otherAttributes.push({ type: attribute, value });
    if (otherAttributes.length > TRANSFORM_ATTRIBUTES_MAX) {
      throw body.error('Transform Attributes', body.offset, `more than ${TRANSFORM_ATTRIBUTES_MAX}`);
    }
  }
  if (body.offset !== end) {
    throw body.error('Transform Length', begin + 2, `${length}, ${body.offset - begin} octets in its parts`);
  }
  return { type, id, keyBits, otherAttributes };
}

/** All behind Last Substruc. */
export function encodeTransform(transform: TransformSubstructure, out: Writer): void {
  out.u8(0); // RESERVED
  out.u16(transformOctets(transform));
  out.u8(transform.type);
  out.u8(0); // RESERVED
  out.u16(transform.id);
  if (transform.keyBits !== null)
    encodeAttribute({ type: TransformAttribute.KEY_LENGTH, value: transform.keyBits }, out);
  for (const attribute of transform.otherAttributes) encodeAttribute(attribute, out);
}

/** What Transform Length says: Last Substruc included. */
export function transformOctets({ keyBits, otherAttributes }: TransformSubstructure): number {
  const start = TRANSFORM_HEADER_OCTETS + (keyBits === null ? 0 : ATTRIBUTE_HEADER_OCTETS);
  return otherAttributes.reduce((sum, { value }) => {
    return sum + ATTRIBUTE_HEADER_OCTETS + (typeof value === 'number' ? 0 : value.length);
  }, start);
}

/**
 * §3.3.5.
 *     |A|       Attribute Type        |    AF=0  Attribute Length     |
 *     |F|                             |    AF=1  Attribute Value      |
 */
function decodeAttribute(body: Reader): Attribute {
  const format = body.u16('Attribute Type');
  const value = body.u16('Attribute Value or Length');
  const type = format & ~SHORT_FORM;
  return { type, value: (format & SHORT_FORM) !== 0 ? value : body.bytes(value, 'Attribute Value') };
}

function encodeAttribute({ type, value }: Attribute, out: Writer): void {
  if (typeof value === 'number') {
    out.u16(SHORT_FORM | type);
    out.u16(value);
    return;
  }
  out.u16(type);
  out.u16(value.length);
  out.bytes(value);
}
