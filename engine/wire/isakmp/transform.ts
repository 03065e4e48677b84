import { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import { attributesOctets, decodeAttributes, encodeAttributes } from './attribute.ts';
import type { IsakmpTransform } from './payload.ts';

/** More attributes of one transform are refused. */
export const ISAKMP_TRANSFORM_ATTRIBUTES_MAX = 32;

const TRANSFORM_HEADER_OCTETS = 8;

/**
 * A Transform payload, RFC 2408 §3.6, from behind Next Payload.
 *     | Next Payload  |   RESERVED    |         Payload Length        |
 *     |  Transform #  |  Transform-Id |           RESERVED2           |
 *     |  SA Attributes ...
 */
export function decodeTransform(body: Reader): IsakmpTransform {
  const begin = body.offset - 1;
  body.skip(1, 'RESERVED');
  const length = body.u16('Transform Length');
  if (length < TRANSFORM_HEADER_OCTETS) throw body.error('Transform Length', begin + 2, `${length}`);
  const number = body.u8('Transform #');
  const id = body.u8('Transform-Id');
  body.skip(2, 'RESERVED2');
  const at = body.offset;
  const octets = body.bytes(length - TRANSFORM_HEADER_OCTETS, 'Transform Length');
  const attributes = decodeAttributes(new Reader(octets, 'SA', at), ISAKMP_TRANSFORM_ATTRIBUTES_MAX);
  return { number, id, attributes };
}

/** All behind Next Payload. */
export function encodeTransform(transform: IsakmpTransform, out: Writer): void {
  out.u8(0); // RESERVED
  out.u16(transformOctets(transform));
  out.u8(transform.number);
  out.u8(transform.id);
  out.u16(0); // RESERVED2
  encodeAttributes(transform.attributes, out);
}

/** What its Payload Length says: Next Payload included. */
export const transformOctets = ({ attributes }: IsakmpTransform): number =>
  TRANSFORM_HEADER_OCTETS + attributesOctets(attributes);
