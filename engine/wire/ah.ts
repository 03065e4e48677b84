import { setU16, setU32, u16At, u32At, u8At } from './octets.ts';
import { WireError } from './wire-error.ts';

/**
 * The Authentication Header, RFC 4302 §2: it hides nothing of what follows. Big-endian.
 *     |  Next Header  |  Payload Len  |           RESERVED            |
 *     |               Security Parameters Index (SPI)                 |
 *     |               Sequence Number (low half with ESN)             |
 *     |  Integrity Check Value, and padding ...
 */
export interface AhHeader {
  readonly nextHeader: number;
  /** 0 from who keeps to §2.3; the receiver takes any value, which the ICV covers. */
  readonly reserved: number;
  readonly spi: number;
  /** The low 32 bits: with extended sequence numbers the high ones are not sent, §2.5.1. */
  readonly sequence: number;
  /** With the padding behind it: only the SA knows where it ends. A view. */
  readonly icv: Uint8Array;
  /** What is authenticated: a view. */
  readonly rest: Uint8Array;
}

/** Octets before the ICV. */
export const AH_FIXED_OCTETS = 12;

/** Throws `WireError` when the header is cut short or its length cannot be. */
export function decodeAhHeader(octets: Uint8Array): AhHeader {
  if (octets.length < AH_FIXED_OCTETS) throw new WireError('AH header', octets.length, 'cut short');
  const length = ahLengthAt(octets, 0);
  if (length < AH_FIXED_OCTETS || length > octets.length) {
    throw new WireError('AH Payload Len', 1, `${length} octets, present ${octets.length}`);
  }
  return {
    nextHeader: u8At(octets, 0),
    reserved: u16At(octets, 2),
    spi: u32At(octets, 4),
    sequence: u32At(octets, 8),
    icv: octets.subarray(AH_FIXED_OCTETS, length),
    rest: octets.subarray(length),
  };
}

/** The header alone; `icv` with its padding, a multiple of 4 octets. RangeError above 1016: Payload Len has 8 bits. */
export function encodeAhHeader(header: Pick<AhHeader, 'nextHeader' | 'spi' | 'sequence' | 'icv'>): Uint8Array {
  const length = AH_FIXED_OCTETS + header.icv.length;
  if (length % 4 !== 0 || length / 4 - 2 > 0xff) throw new RangeError(`an ICV of ${header.icv.length} octets`);
  const octets = new Uint8Array(length);
  octets[0] = header.nextHeader;
  octets[1] = length / 4 - 2;
  setU16(octets, 2, 0);
  setU32(octets, 4, header.spi);
  setU32(octets, 8, header.sequence);
  octets.set(header.icv, AH_FIXED_OCTETS);
  return octets;
}

/** Octets of the header that begins at `at`, as its Payload Len has it: 32-bit words, minus 2 (§2.2). */
export function ahLengthAt(octets: Uint8Array, at: number): number {
  return (u8At(octets, at + 1) + 2) * 4;
}

/** Octets of a header with an ICV of `icvOctets`: padded to 32 bits in IPv4 and to 64 bits in IPv6, §2.6. */
export function ahOctets(icvOctets: number, version: 4 | 6): number {
  const alignment = version === 4 ? 4 : 8;
  return Math.ceil((AH_FIXED_OCTETS + icvOctets) / alignment) * alignment;
}
