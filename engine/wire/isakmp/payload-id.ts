import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { IsakmpIdPayload } from './payload.ts';

/**
 * Body of the Identification payload, RFC 2407 §4.6.2.
 *     |   ID Type     |  Protocol ID  |             Port              |
 *     |  Identification Data ...
 */
export function decodeId(body: Reader): IsakmpIdPayload {
  const idType = body.u8('Identification Type');
  const protocol = body.u8('Protocol ID');
  const port = body.u16('Port');
  return { type: 'ID', idType, protocol, port, data: body.rest() };
}

export function encodeId(id: IsakmpIdPayload, out: Writer): void {
  out.u8(id.idType);
  out.u8(id.protocol);
  out.u16(id.port);
  out.bytes(id.data);
}
