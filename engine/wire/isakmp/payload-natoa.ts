import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { NatOriginalAddressPayload } from './payload.ts';

/**
 * Body of the NAT-OA payload, RFC 3947 §5.2. Whether `data` is as long as an address of its kind is for whoever uses it.
 *     |   ID Type     |                 RESERVED                      |
 *     |  IPv4 (4 octets) or IPv6 address (16 octets)
 */
export function decodeNatOa(body: Reader): NatOriginalAddressPayload {
  const idType = body.u8('ID Type');
  body.skip(3, 'RESERVED');
  return { type: 'NATOA', idType, data: body.rest() };
}

export function encodeNatOa(payload: NatOriginalAddressPayload, out: Writer): void {
  out.u8(payload.idType);
  out.u8(0); // RESERVED
  out.u16(0);
  out.bytes(payload.data);
}
