import { setU32, u32At } from '../octets.ts';
import { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { IkeHeader, IkeSpi } from './message.ts';

export const IKE_HEADER_OCTETS = 28;

const Flag = { RESPONSE: 0x20, VERSION: 0x10, INITIATOR: 0x08 } as const;

/** The header with what the encoders work out themselves. */
export interface DecodedIkeHeader extends IkeHeader {
  /** The type of the first payload; 0: there is none. */
  readonly nextPayload: number;
  /** Octets of the message, header included. */
  readonly length: number;
}

/**
 * The IKE header, RFC 7296 §3.1, of any version: its shape is older than IKEv2. Bits of Flags that have no name are ignored.
 * Throws `WireError` when octets are missing, or when Length is not their number.
 *     |                   IKE SA Initiator's SPI, 8 octets            |
 *     |                   IKE SA Responder's SPI, 8 octets            |
 *     |  Next Payload | MjVer | MnVer | Exchange Type |     Flags     |
 *     |                          Message ID                           |
 *     |                            Length                             |
 */
export function decodeIkeHeader(octets: Uint8Array): DecodedIkeHeader {
  const body = new Reader(octets, 'IKE');
  const initiatorSpi = ikeSpiOf(body.bytes(8, "IKE SA Initiator's SPI"));
  const responderSpi = ikeSpiOf(body.bytes(8, "IKE SA Responder's SPI"));
  const nextPayload = body.u8('Next Payload');
  const version = body.u8('Version');
  const exchangeType = body.u8('Exchange Type');
  const flags = body.u8('Flags');
  const messageId = body.u32('Message ID');
  const length = body.u32('Length');
  if (length !== octets.length) throw body.error('Length', 24, `${length}, present ${octets.length}`);
  return {
    initiatorSpi,
    responderSpi,
    nextPayload,
    majorVersion: version >>> 4,
    minorVersion: version & 0xf,
    exchangeType,
    isInitiator: (flags & Flag.INITIATOR) !== 0,
    isResponse: (flags & Flag.RESPONSE) !== 0,
    higherVersion: (flags & Flag.VERSION) !== 0,
    messageId,
    length,
  };
}

/** `length` is that of the whole message. */
export function encodeIkeHeader(header: IkeHeader, nextPayload: number, length: number, out: Writer): void {
  out.bytes(ikeSpiOctets(header.initiatorSpi));
  out.bytes(ikeSpiOctets(header.responderSpi));
  out.u8(nextPayload);
  out.u8((header.majorVersion << 4) | (header.minorVersion & 0xf));
  out.u8(header.exchangeType);
  out.u8(
    (header.isResponse ? Flag.RESPONSE : 0) |
      (header.higherVersion ? Flag.VERSION : 0) |
      (header.isInitiator ? Flag.INITIATOR : 0),
  );
  out.u32(header.messageId);
  out.u32(length);
}

/** Of 8 octets. */
export function ikeSpiOf(octets: Uint8Array): IkeSpi {
  return hexadecimal(u32At(octets, 0)) + hexadecimal(u32At(octets, 4));
}

/** 8 octets, as in the header, and in a proposal that rekeys an IKE SA. */
export function ikeSpiOctets(spi: IkeSpi): Uint8Array {
  const octets = new Uint8Array(8);
  setU32(octets, 0, Number.parseInt(spi.slice(0, 8), 16));
  setU32(octets, 4, Number.parseInt(spi.slice(8), 16));
  return octets;
}

const hexadecimal = (value: number): string => value.toString(16).padStart(8, '0');
