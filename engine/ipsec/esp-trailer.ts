import { freshOctets } from '../wire/fresh-octets.ts';

/**
 * The plaintext of an ESP packet: payload, padding 1, 2, 3…, Pad Length, Next Header; RFC 4303 §2.4 to §2.6.
 */
export interface EspPlaintext {
  readonly nextHeader: number;
  /** A view. With TFC padding behind it, if the sender added any (§2.7): the IP header inside says where it ends. */
  readonly payload: Uint8Array;
}

/** Pad Length and Next Header. */
export const ESP_TRAILER_OCTETS = 2;

/** The least padding that makes a multiple of `blockOctets`. */
export function padOctets(payloadOctets: number, blockOctets: number): number {
  const over = (payloadOctets + ESP_TRAILER_OCTETS) % blockOctets;
  return over === 0 ? 0 : blockOctets - over;
}

/**
 * What is encrypted for `payload`, with the least padding; a copy. `tfcOctets`: how much of TFC padding, zeros, comes
 * between the payload and that (§2.7).
 */
export function appendTrailer(payload: Uint8Array, nextHeader: number, blockOctets: number, tfcOctets = 0): Uint8Array {
  const paddedOctets = payload.length + tfcOctets;
  const padding = padOctets(paddedOctets, blockOctets);
  const plaintext = freshOctets(paddedOctets + padding + ESP_TRAILER_OCTETS);
  plaintext.set(payload);
  if (tfcOctets > 0) plaintext.fill(0, payload.length, paddedOctets);
  for (let i = 1; i <= padding; i++) plaintext[paddedOctets + i - 1] = i;
  plaintext[plaintext.length - 2] = padding;
  plaintext[plaintext.length - 1] = nextHeader;
  return plaintext;
}

/** Takes the trailer off; null when there is more padding than plaintext, or the padding is not 1, 2, 3… (§2.4). */
export function removeTrailer(plaintext: Uint8Array): EspPlaintext | null {
  const padding = plaintext[plaintext.length - 2];
  const nextHeader = plaintext[plaintext.length - 1];
  if (padding === undefined || nextHeader === undefined) return null;
  const payloadOctets = plaintext.length - ESP_TRAILER_OCTETS - padding;
  if (payloadOctets < 0) return null;
  for (let i = 1; i <= padding; i++) {
    if (plaintext[payloadOctets + i - 1] !== i) return null;
  }
  return { nextHeader, payload: new Uint8Array(plaintext.buffer, plaintext.byteOffset, payloadOctets) };
}
