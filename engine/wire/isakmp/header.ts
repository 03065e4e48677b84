import { ikeSpiOctets, ikeSpiOf } from '../ike/header.ts';
import { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { Cookie, IsakmpHeader } from './message.ts';

export const ISAKMP_HEADER_OCTETS = 28;

const Flag = { ENCRYPTION: 0x01, COMMIT: 0x02, AUTHENTICATION_ONLY: 0x04 } as const;

/** The header with what the encoders work out themselves. */
export interface DecodedIsakmpHeader extends IsakmpHeader {
  /** The type of the first payload; 0: there is none. */
  readonly nextPayload: number;
  /** Octets of the message, header included. */
  readonly length: number;
}

/**
 * The ISAKMP header, RFC 2408 §3.1, of any version. Bits of Flags that have no name are ignored
 * (RFC 2408 leaves them to nobody). Throws `WireError` when octets are missing, or when Length is not their number.
 *     |                   Initiator Cookie, 8 octets                  |
 *     |                   Responder Cookie, 8 octets                  |
 *     |  Next Payload | MjVer | MnVer | Exchange Type |     Flags     |
 *     |                          Message ID                           |
 *     |                            Length                             |
 */
export function decodeIsakmpHeader(octets: Uint8Array): DecodedIsakmpHeader {
  const body = new Reader(octets, 'ISAKMP');
  const initiatorCookie = ikeSpiOf(body.bytes(8, 'Initiator Cookie'));
  const responderCookie = ikeSpiOf(body.bytes(8, 'Responder Cookie'));
  const nextPayload = body.u8('Next Payload');
  const version = body.u8('Version');
  const exchangeType = body.u8('Exchange Type');
  const flags = body.u8('Flags');
  const messageId = body.u32('Message ID');
  const length = body.u32('Length');
  if (length !== octets.length) throw body.error('Length', 24, `${length}, present ${octets.length}`);
  return {
    initiatorCookie,
    responderCookie,
    nextPayload,
    majorVersion: version >>> 4,
    minorVersion: version & 0xf,
    exchangeType,
    isEncrypted: (flags & Flag.ENCRYPTION) !== 0,
    isCommit: (flags & Flag.COMMIT) !== 0,
    isAuthenticationOnly: (flags & Flag.AUTHENTICATION_ONLY) !== 0,
    messageId,
    length,
  };
}

/** `length` is that of the whole message. */
export function encodeIsakmpHeader(header: IsakmpHeader, nextPayload: number, length: number, out: Writer): void {
  out.bytes(cookieOctets(header.initiatorCookie));
  out.bytes(cookieOctets(header.responderCookie));
  out.u8(nextPayload);
  out.u8((header.majorVersion << 4) | (header.minorVersion & 0xf));
  out.u8(header.exchangeType);
  out.u8(
    (header.isEncrypted ? Flag.ENCRYPTION : 0) |
      (header.isCommit ? Flag.COMMIT : 0) |
      (header.isAuthenticationOnly ? Flag.AUTHENTICATION_ONLY : 0),
  );
  out.u32(header.messageId);
  out.u32(length);
}

/** Of 8 octets. */
export const cookieOf = (octets: Uint8Array): Cookie => ikeSpiOf(octets);

/** 8 octets, as in the header, in what SKEYID_d is computed over, and twice in the SPI of an ISAKMP SA. */
export const cookieOctets = (cookie: Cookie): Uint8Array => ikeSpiOctets(cookie);
