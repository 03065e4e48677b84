import { u32At } from './octets.ts';
import { WireError } from './wire-error.ts';

/** What can be read of an ESP packet without its keys, RFC 4303 §2. */
export interface EspHeader {
  readonly spi: number;
  /** The low 32 bits: with extended sequence numbers the high ones are not sent, §2.2.1. */
  readonly sequence: number;
  /** IV, ciphertext and ICV: a view. */
  readonly rest: Uint8Array;
}

export const ESP_HEADER_OCTETS = 8;

/** Throws `WireError` below 8 octets. */
export function decodeEspHeader(octets: Uint8Array): EspHeader {
  if (octets.length < ESP_HEADER_OCTETS) throw new WireError('ESP header', octets.length, 'cut short');
  return { spi: u32At(octets, 0), sequence: u32At(octets, 4), rest: octets.subarray(ESP_HEADER_OCTETS) };
}
