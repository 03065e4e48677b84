import type { Payload } from './payload.ts';

/** Eight octets as 16 lower-case hexadecimal digits; `0000000000000000` where there is none yet. */
export type IkeSpi = string;

export const NO_SPI: IkeSpi = '0000000000000000';

/** The IKE header, RFC 7296 §3.1, without Next Payload and Length: those follow from what comes behind it. */
export interface IkeHeader {
  readonly initiatorSpi: IkeSpi;
  readonly responderSpi: IkeSpi;
  readonly majorVersion: number;
  readonly minorVersion: number;
  readonly exchangeType: number;
  /** The original initiator of the IKE SA sends it. */
  readonly isInitiator: boolean;
  readonly isResponse: boolean;
  /** The V bit: the sender could speak a higher major version. */
  readonly higherVersion: boolean;
  readonly messageId: number;
}

/** One message with all that is in the clear: payloads inside of SK or SKF are another matter. */
export interface IkeMessage extends IkeHeader {
  readonly payloads: readonly Payload[];
}
