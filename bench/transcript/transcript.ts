/**
 * All of an exchange of IKEv2, for whoever wants to check another implementation against it: what each end has drawn, what
 * was on the wire, what was inside, and all that was derived. Octets are hexadecimal, numbers big-endian as on the wire.
 */
export interface Transcript {
  readonly name: string;
  readonly title: string;
  /** The seed that all random octets come from: the same seed, the same file. */
  readonly seed: string;
  /** How both ends authenticate: what goes into AUTH besides what is in the messages. */
  readonly authentication: TranscribedAuthentication;
  readonly ikeSas: readonly TranscribedIkeSa[];
  readonly childSas: readonly TranscribedChildSa[];
  readonly messages: readonly TranscribedMessage[];
}

export type TranscribedAuthentication =
  | { readonly method: 'psk'; readonly secret: string }
  /** PKCS#8 of both ends. */
  | { readonly method: 'signature'; readonly initiatorKey: string; readonly responderKey: string };

/** One UDP datagram, without the non-ESP marker. */
export interface TranscribedMessage {
  readonly from: 'initiator' | 'responder';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly exchange: string;
  readonly messageId: number;
  readonly isResponse: boolean;
  /** Types of the payloads, those inside of SK too (of fragments with the last one of a message): `SK IDi AUTH SA TSi TSr`. */
  readonly payloads: string;
  readonly octets: string;
  /** What was inside of SK or SKF, from the first payload to the last, without padding; null: nothing was encrypted. */
  readonly inside: string | null;
}

export interface TranscribedKeyExchange {
  /** `x25519`, `mlkem768`. */
  readonly method: string;
  /** Random octets of each end: its private key; of elliptic curves (that mod (order - 1)) + 1, of ML-KEM d and z, and m. */
  readonly initiatorRandom: string;
  readonly responderRandom: string;
  readonly initiatorData: string;
  readonly responderData: string;
  /** g^ir, or the secret of the KEM. */
  readonly secret: string;
}

/** Keys of an IKE SA; again, with the same SPIs, for each additional key exchange of RFC 9370. */
export interface TranscribedIkeSa {
  readonly madeBy: string;
  readonly initiatorSpi: string;
  readonly responderSpi: string;
  readonly encryption: string;
  readonly integrity: string | null;
  readonly prf: string;
  readonly initiatorNonce: string;
  readonly responderNonce: string;
  readonly keyExchange: TranscribedKeyExchange;
  readonly skeyseed: string;
  readonly skD: string;
  readonly skAi: string;
  readonly skAr: string;
  readonly skEi: string;
  readonly skEr: string;
  readonly skPi: string;
  readonly skPr: string;
}

/** A pair of SAs. `initiator` here is who began the exchange that made it. */
export interface TranscribedChildSa {
  readonly madeBy: string;
  readonly begunBy: 'initiator' | 'responder';
  /** Of what each end receives. */
  readonly initiatorSpi: string;
  readonly responderSpi: string;
  readonly suite: string;
  readonly keyExchange: TranscribedKeyExchange | null;
  /** Of the SA from the initiator to the responder, RFC 7296 §2.17. */
  readonly initiatorEncryption: string;
  readonly initiatorIntegrity: string;
  readonly responderEncryption: string;
  readonly responderIntegrity: string;
}
