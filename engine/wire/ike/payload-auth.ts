import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { AuthPayload } from './payload.ts';

/**
 * Body of the Authentication payload, RFC 7296 §3.8. With DIGITAL_SIGNATURE the data begin with the length of an
 * AlgorithmIdentifier and that itself, RFC 7427 §3.
 *     | Auth Method   |                 RESERVED                      |
 *     |  Authentication Data ...
 */
export function decodeAuth(body: Reader): AuthPayload {
  const method = body.u8('Auth Method');
  body.skip(3, 'RESERVED');
  return { type: 'AUTH', method, data: body.rest() };
}

export function encodeAuth(auth: AuthPayload, out: Writer): void {
  out.u8(auth.method);
  out.u8(0); // RESERVED
  out.u16(0);
  out.bytes(auth.data);
}
