/**
 * The payloads of IKEv2 as values, RFC 7296 §3. One codec a file beside this one; all numbers big-endian on the wire. Octets
 * of a decoded payload are views of the message.
 */
export type Payload =
  | SaPayload
  | KePayload
  | IdPayload
  | CertPayload
  | CertreqPayload
  | AuthPayload
  | NoncePayload
  | NotifyPayload
  | DeletePayload
  | VendorIdPayload
  | TsPayload
  | EncryptedPayload
  | EncryptedFragmentPayload
  | ConfigurationPayload
  | EapPayload
  | PuzzleSolutionPayload
  | UnknownPayload;

interface AnyPayload {
  /** The C bit of the generic header, §3.2; senders of this project set it on nothing that RFC 7296 defines. */
  readonly critical?: boolean;
}

/** §3.3. */
export interface SaPayload extends AnyPayload {
  readonly type: 'SA';
  readonly proposals: readonly ProposalSubstructure[];
}

/** §3.3.1. */
export interface ProposalSubstructure {
  readonly number: number;
  /** 1 IKE, 2 AH, 3 ESP. */
  readonly protocolId: number;
  /** None (in IKE_SA_INIT), 4 octets (ESP, AH) or 8 (rekeying an IKE SA). */
  readonly spi: Uint8Array;
  readonly transforms: readonly TransformSubstructure[];
}

/** §3.3.2; `keyBits` is the Key Length attribute of §3.3.5. */
export interface TransformSubstructure {
  /** 1 ENCR, 2 PRF, 3 INTEG, 4 KE, 5 ESN, 6 to 12 ADDKE1 to ADDKE7 (RFC 9370). */
  readonly type: number;
  readonly id: number;
  readonly keyBits: number | null;
  /** Those other than Key Length: RFC 7296 §3.3.6 has a transform with one that is not understood refused. */
  readonly otherAttributes: readonly { readonly type: number; readonly value: number | Uint8Array }[];
}

/** §3.4. */
export interface KePayload extends AnyPayload {
  readonly type: 'KE';
  /** Transform Type 4 identifier. */
  readonly group: number;
  readonly data: Uint8Array;
}

/** §3.5. */
export interface IdPayload extends AnyPayload {
  readonly type: 'IDi' | 'IDr';
  readonly idType: number;
  readonly data: Uint8Array;
  /** The three RESERVED octets as they came, where they are not zero: what AUTH is computed over has them, §2.15. */
  readonly reserved?: Uint8Array;
}

/** §3.6. */
export interface CertPayload extends AnyPayload {
  readonly type: 'CERT';
  readonly encoding: number;
  readonly data: Uint8Array;
}

/** §3.7. */
export interface CertreqPayload extends AnyPayload {
  readonly type: 'CERTREQ';
  readonly encoding: number;
  readonly data: Uint8Array;
}

/** §3.8. */
export interface AuthPayload extends AnyPayload {
  readonly type: 'AUTH';
  readonly method: number;
  readonly data: Uint8Array;
}

/** §3.9: Ni or Nr. */
export interface NoncePayload extends AnyPayload {
  readonly type: 'NONCE';
  readonly data: Uint8Array;
}

/** §3.10. */
export interface NotifyPayload extends AnyPayload {
  readonly type: 'N';
  readonly protocolId: number;
  readonly spi: Uint8Array;
  readonly notifyType: number;
  readonly data: Uint8Array;
}

/** §3.11. */
export interface DeletePayload extends AnyPayload {
  readonly type: 'D';
  readonly protocolId: number;
  /** Of 4 octets each; none for an IKE SA. */
  readonly spis: readonly number[];
}

/** §3.12. */
export interface VendorIdPayload extends AnyPayload {
  readonly type: 'V';
  readonly data: Uint8Array;
}

/** §3.13. */
export interface TsPayload extends AnyPayload {
  readonly type: 'TSi' | 'TSr';
  readonly selectors: readonly TrafficSelector[];
}

/** §3.13.1; addresses of 4 or 16 octets, both inclusive. */
export interface TrafficSelector {
  /** 7: IPv4, 8: IPv6. Another: `start` and `end` are empty and the rest of the selector is in `unknown`. */
  readonly tsType: number;
  /** 0: any. */
  readonly protocol: number;
  /** For ICMP type * 256 + code. 65535 to 0: OPAQUE. */
  readonly startPort: number;
  readonly endPort: number;
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  readonly unknown?: Uint8Array;
}

/** §3.14: always the last payload. */
export interface EncryptedPayload extends AnyPayload {
  readonly type: 'SK';
  /** The type of the first payload inside. */
  readonly firstPayload: number;
  /** IV, ciphertext and ICV. */
  readonly body: Uint8Array;
}

/** RFC 7383 §2.5. */
export interface EncryptedFragmentPayload extends AnyPayload {
  readonly type: 'SKF';
  readonly firstPayload: number;
  readonly fragmentNumber: number;
  readonly totalFragments: number;
  readonly body: Uint8Array;
}

/** §3.15. */
export interface ConfigurationPayload extends AnyPayload {
  readonly type: 'CP';
  /** 1 CFG_REQUEST, 2 CFG_REPLY, 3 CFG_SET, 4 CFG_ACK. */
  readonly cfgType: number;
  readonly attributes: readonly { readonly type: number; readonly value: Uint8Array }[];
}

/** §3.16; kept as it came: this project negotiates no EAP. */
export interface EapPayload extends AnyPayload {
  readonly type: 'EAP';
  readonly data: Uint8Array;
}

/** RFC 8019 §8.2. */
export interface PuzzleSolutionPayload extends AnyPayload {
  readonly type: 'PS';
  readonly data: Uint8Array;
}

/** A type that we do not know: the caller applies §2.5. */
export interface UnknownPayload extends AnyPayload {
  readonly type: 'unknown';
  readonly payloadType: number;
  readonly data: Uint8Array;
}
