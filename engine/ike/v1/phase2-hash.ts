import type { Prf } from '../../crypto/prf.ts';

/**
 * The HASH payloads of phase 2, RFC 2409 §5.5 and §5.7: the prf under SKEYID_a, over the Message ID (4 octets, big-endian), the
 * nonces without their generic headers, and the payloads that follow the HASH, with their headers and without padding.
 */
export interface Phase2Key {
  readonly prf: Prf;
  readonly skeyidA: Uint8Array;
}

/** HASH(1): of the first message of Quick Mode, of Informational, and of both messages of a Transaction. */
export function hash1({ prf, skeyidA }: Phase2Key, messageId: number, rest: Uint8Array): Uint8Array {
  return prf.compute(skeyidA, Buffer.concat([idOctets(messageId), rest]));
}

/** HASH(2): of the responder's message, and of CONNECTED behind it. The nonce shows that it is an answer. */
export function hash2({ prf, skeyidA }: Phase2Key, messageId: number, ni: Uint8Array, rest: Uint8Array): Uint8Array {
  return prf.compute(skeyidA, Buffer.concat([idOctets(messageId), ni, rest]));
}

/** HASH(3): the initiator's last word. */
export function hash3({ prf, skeyidA }: Phase2Key, messageId: number, ni: Uint8Array, nr: Uint8Array): Uint8Array {
  return prf.compute(skeyidA, Buffer.concat([Uint8Array.of(0), idOctets(messageId), ni, nr]));
}

function idOctets(messageId: number): Uint8Array {
  return Uint8Array.of(messageId >>> 24, messageId >>> 16, messageId >>> 8, messageId);
}
