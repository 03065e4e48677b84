import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import { decodeAttributes, encodeAttributes } from './attribute.ts';
import type { IsakmpAttributePayload } from './payload.ts';

/** More attributes in one payload are refused. */
export const ISAKMP_CFG_ATTRIBUTES_MAX = 256;

/**
 * Body of the Attribute payload, draft-dukes-ike-mode-cfg-02 §3.2.
 *     |     Type      |   RESERVED    |           Identifier          |
 *     |  Attributes ...
 */
export function decodeAttr(body: Reader): IsakmpAttributePayload {
  const cfgType = body.u8('Type');
  body.skip(1, 'RESERVED');
  const identifier = body.u16('Identifier');
  return { type: 'ATTR', cfgType, identifier, attributes: decodeAttributes(body, ISAKMP_CFG_ATTRIBUTES_MAX) };
}

export function encodeAttr(payload: IsakmpAttributePayload, out: Writer): void {
  out.u8(payload.cfgType);
  out.u8(0); // RESERVED
  out.u16(payload.identifier);
  encodeAttributes(payload.attributes, out);
}
