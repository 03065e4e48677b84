import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { ConfigurationPayload } from './payload.ts';

/** More attributes in one payload are refused. */
export const CFG_ATTRIBUTES_MAX = 256;

/**
 * Body of the Configuration payload, RFC 7296 §3.15. How long a value may be is for whoever knows the attribute.
 *     |   CFG Type    |                 RESERVED                      |
 *     |R|     Attribute Type          |            Length             |  Value ...
 */
export function decodeCp(body: Reader): ConfigurationPayload {
  const cfgType = body.u8('CFG Type');
  body.skip(3, 'RESERVED');
  const attributes: { type: number; value: Uint8Array }[] = [];
  while (body.remaining > 0) {
    if (attributes.length === CFG_ATTRIBUTES_MAX) {
      throw body.error('Configuration Attributes', body.offset, `more than ${CFG_ATTRIBUTES_MAX}`);
    }
    const type = body.u16('Attribute Type') & 0x7fff; // the R bit is ignored on receipt, §3.15.1
    const length = body.u16('Attribute Length');
    attributes.push({ type, value: body.bytes(length, 'Attribute Value') });
  }
  return { type: 'CP', cfgType, attributes };
}

export function encodeCp(payload: ConfigurationPayload, out: Writer): void {
  out.u8(payload.cfgType);
  out.u8(0); // RESERVED
  out.u16(0);
  for (const { type, value } of payload.attributes) {
    out.u16(type & 0x7fff);
    out.u16(value.length);
    out.bytes(value);
  }
}
