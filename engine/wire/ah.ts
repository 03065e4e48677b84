import { u16At, u32At, u8At } from './octets.ts';
import { WireError } from './wire-error.ts';

/** The Authentication Header, RFC 4302 §2: it hides nothing of what follows. */
export interface AhHeader {
  readonly nextHeader: number;
  readonly spi: number;
  readonly sequence: number;
  readonly icv: Uint8Array;
  /** What is authenticated: a view. */
  readonly rest: Uint8Array;
}

/** Throws `WireError` when the header is cut short or its length cannot be. */
export function decodeAhHeader(octets: Uint8Array): AhHeader {
  if (octets.length < 12) throw new WireError('AH header', octets.length, 'cut short');
  if (u16At(octets, 2) !== 0) throw new WireError('AH RESERVED', 2, 'not 0');
  const length = (u8At(octets, 1) + 2) * 4;
  if (length < 12 || length > octets.length) {
    throw new WireError('AH Payload Len', 1, `${length} octets, present ${octets.length}`);
  }
  return {
    nextHeader: u8At(octets, 0),
    spi: u32At(octets, 4),
    sequence: u32At(octets, 8),
    icv: octets.subarray(12, length),
    rest: octets.subarray(length),
  };
}
