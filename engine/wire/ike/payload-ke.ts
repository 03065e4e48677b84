import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { KePayload } from './payload.ts';

/**
 * Body of the Key Exchange payload, RFC 7296 §3.4.
 *     |  Key Exchange Method Num      |           RESERVED            |
 *     |  Key Exchange Data ...
 */
export function decodeKe(body: Reader): KePayload {
  const group = body.u16('Diffie-Hellman Group Num');
  body.skip(2, 'RESERVED'); // ignored on receipt, §2.5
  return { type: 'KE', group, data: body.rest() };
}

export function encodeKe(ke: KePayload, out: Writer): void {
  out.u16(ke.group);
  out.u16(0); // RESERVED
  out.bytes(ke.data);
}
