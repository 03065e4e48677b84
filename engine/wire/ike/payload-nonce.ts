import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { NoncePayload } from './payload.ts';

/** What a nonce may have, RFC 7296 §3.9. */
export const NONCE_OCTETS_MIN = 16;
export const NONCE_OCTETS_MAX = 256;

/** Body of the Nonce payload, RFC 7296 §3.9: nothing but the nonce. Throws `WireError` for one that is too short or too long. */
export function decodeNonce(body: Reader): NoncePayload {
  const octets = body.remaining;
  if (octets < NONCE_OCTETS_MIN || octets > NONCE_OCTETS_MAX) {
    throw body.error('Nonce Data', 0, `${octets} octets, not ${NONCE_OCTETS_MIN} to ${NONCE_OCTETS_MAX}`);
  }
  return { type: 'NONCE', data: body.rest() };
}

export function encodeNonce(nonce: NoncePayload, out: Writer): void {
  out.bytes(nonce.data);
}
