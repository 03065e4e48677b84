import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { IdPayload } from './payload.ts';

/**
 * Body of the Identification payloads, RFC 7296 §3.5.
 *     |   ID Type     |                 RESERVED                      |
 *     |  Identification Data ...
 */
export function decodeId(type: IdPayload['type'], body: Reader): IdPayload {
  const idType = body.u8('ID Type');
  const reserved = body.bytes(3, 'RESERVED');
  const id: IdPayload = { type, idType, data: body.rest() };
  return reserved.every(octet => octet === 0) ? id : { ...id, reserved };
}

export function encodeId(id: IdPayload, out: Writer): void {
  out.u8(id.idType);
  out.bytes(id.reserved ?? NO_RESERVED);
  out.bytes(id.data);
}

const NO_RESERVED = new Uint8Array(3);
