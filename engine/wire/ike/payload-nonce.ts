import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { NoncePayload } from './payload.ts';

/** Body of the Nonce payload, RFC 7296 §3.9: nothing but the nonce. How long it has to be depends on the PRF (§2.10): for the caller. */
export function decodeNonce(body: Reader): NoncePayload {
  return { type: 'NONCE', data: body.rest() };
}

export function encodeNonce(nonce: NoncePayload, out: Writer): void {
  out.bytes(nonce.data);
}
