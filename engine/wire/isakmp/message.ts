import type { IsakmpPayload } from './payload.ts';

/** CKY-I or CKY-R: eight octets as 16 lower-case hexadecimal digits; `0000000000000000` where there is none yet. */
export type Cookie = string;

export const NO_COOKIE: Cookie = '0000000000000000';

/** The ISAKMP header, RFC 2408 §3.1, without Next Payload and Length: those follow from what comes behind it. */
export interface IsakmpHeader {
  readonly initiatorCookie: Cookie;
  readonly responderCookie: Cookie;
  readonly majorVersion: number;
  readonly minorVersion: number;
  readonly exchangeType: number;
  /** The E bit: all behind the header is encrypted. A fragment (payload 132) never is, whatever its E bit says. */
  readonly isEncrypted: boolean;
  /** The C bit: the other end shall wait for CONNECTED. */
  readonly isCommit: boolean;
  /** The A bit: authenticated and not encrypted. */
  readonly isAuthenticationOnly: boolean;
  /** 0 in phase 1. */
  readonly messageId: number;
}

/** One message of IKEv1. */
export type IsakmpMessage = ClearIsakmpMessage | SealedIsakmpMessage;

/** A message whose payloads can be read. */
export interface ClearIsakmpMessage extends IsakmpHeader {
  readonly payloads: readonly IsakmpPayload[];
  readonly body: null;
}

/** A message that is encrypted: what `body` decrypts to is for `decodeIsakmpPayloads`, with `firstPayload`. */
export interface SealedIsakmpMessage extends IsakmpHeader {
  /** None. */
  readonly payloads: readonly IsakmpPayload[];
  /** The type of the first payload inside. */
  readonly firstPayload: number;
  /** All behind the header: whole blocks of ciphertext if its sender did right. */
  readonly body: Uint8Array;
}
