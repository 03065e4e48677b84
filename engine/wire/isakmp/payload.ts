/**
 * The payloads of IKEv1 as values: RFC 2408 §3, RFC 2407 §4.6, and what RFC 3947, mode config and deployed implementations
 * add. One codec a file beside this one; all numbers big-endian on the wire. Octets of a decoded payload are views of the message.
 */
export type IsakmpPayload =
  | IsakmpSaPayload
  | IsakmpKePayload
  | IsakmpIdPayload
  | IsakmpCertPayload
  | IsakmpCertRequestPayload
  | IsakmpHashPayload
  | IsakmpSignaturePayload
  | IsakmpNoncePayload
  | IsakmpNotifyPayload
  | IsakmpDeletePayload
  | IsakmpVendorIdPayload
  | IsakmpAttributePayload
  | NatDetectionPayload
  | NatOriginalAddressPayload
  | IsakmpFragmentPayload
  | IsakmpUnknownPayload;

export type IsakmpPayloadOf<T extends IsakmpPayload['type']> = Extract<IsakmpPayload, { readonly type: T }>;

/** RFC 2408 §3.4 with the situation of RFC 2407 §4.2. */
export interface IsakmpSaPayload {
  readonly type: 'SA';
  readonly doi: number;
  /** null: of another DOI, whose situations nobody here can read. */
  readonly situation: number | null;
  readonly proposals: readonly IsakmpProposal[];
  /** What stands behind DOI and situation where those are not IPsec's SIT_IDENTITY_ONLY: then there are no proposals. */
  readonly unread?: Uint8Array;
  /** The body as it came, where what is said here would be written otherwise (RESERVED): HASH_I and HASH_R cover it, RFC 2409 §5. */
  readonly octets?: Uint8Array;
}

/** RFC 2408 §3.5. Proposals of one number are one offer: all of it, or nothing (§4.2). */
export interface IsakmpProposal {
  readonly number: number;
  /** 1 ISAKMP, 2 AH, 3 ESP, 4 IPCOMP. */
  readonly protocolId: number;
  /** 4 octets (ESP, AH), 2 (IPCOMP) or 0 to 16 in phase 1, which nobody looks at. */
  readonly spi: Uint8Array;
  readonly transforms: readonly IsakmpTransform[];
}

/** RFC 2408 §3.6. */
export interface IsakmpTransform {
  readonly number: number;
  /** KEY_IKE in phase 1, an ESP, AH or IPCOMP transform in phase 2. */
  readonly id: number;
  readonly attributes: readonly IsakmpAttribute[];
}

/** RFC 2408 §3.3: a number is a value of 16 bits in the short form, octets are of the long form. */
export interface IsakmpAttribute {
  readonly type: number;
  readonly value: number | Uint8Array;
}

/** RFC 2408 §3.7; the group is that of the SA. */
export interface IsakmpKePayload {
  readonly type: 'KE';
  readonly data: Uint8Array;
}

/** RFC 2407 §4.6.2. */
export interface IsakmpIdPayload {
  readonly type: 'ID';
  readonly idType: number;
  /** 0: any. */
  readonly protocol: number;
  readonly port: number;
  readonly data: Uint8Array;
}

/** RFC 2408 §3.9. */
export interface IsakmpCertPayload {
  readonly type: 'CERT';
  readonly encoding: number;
  readonly data: Uint8Array;
}

/** RFC 2408 §3.10; `data` is the name of an authority, or empty for any. */
export interface IsakmpCertRequestPayload {
  readonly type: 'CR';
  readonly encoding: number;
  readonly data: Uint8Array;
}

/** RFC 2408 §3.11. */
export interface IsakmpHashPayload {
  readonly type: 'HASH';
  readonly data: Uint8Array;
}

/** RFC 2408 §3.12. */
export interface IsakmpSignaturePayload {
  readonly type: 'SIG';
  readonly data: Uint8Array;
}

/** RFC 2408 §3.13. */
export interface IsakmpNoncePayload {
  readonly type: 'NONCE';
  readonly data: Uint8Array;
}

/** RFC 2408 §3.14; the SPI of an ISAKMP SA is CKY-I and CKY-R. */
export interface IsakmpNotifyPayload {
  readonly type: 'N';
  readonly doi: number;
  readonly protocolId: number;
  readonly spi: Uint8Array;
  readonly notifyType: number;
  readonly data: Uint8Array;
}

/** RFC 2408 §3.15. */
export interface IsakmpDeletePayload {
  readonly type: 'D';
  readonly doi: number;
  readonly protocolId: number;
  /** All of one length: 4 octets, or 16 (CKY-I and CKY-R) for an ISAKMP SA. */
  readonly spis: readonly Uint8Array[];
}

/** RFC 2408 §3.16. */
export interface IsakmpVendorIdPayload {
  readonly type: 'VID';
  readonly data: Uint8Array;
}

/** draft-dukes-ike-mode-cfg-02 §3.2. */
export interface IsakmpAttributePayload {
  readonly type: 'ATTR';
  /** 1 ISAKMP_CFG_REQUEST, 2 REPLY, 3 SET, 4 ACK. */
  readonly cfgType: number;
  readonly identifier: number;
  readonly attributes: readonly IsakmpAttribute[];
}

/** RFC 3947 §3.2: HASH(CKY-I | CKY-R | IP | Port). */
export interface NatDetectionPayload {
  readonly type: 'NATD';
  readonly data: Uint8Array;
  /** Of a draft before the RFC: payload type 130 instead of 20. */
  readonly isDraft?: true;
}

/** RFC 3947 §5.2. */
export interface NatOriginalAddressPayload {
  readonly type: 'NATOA';
  /** ID_IPV4_ADDR or ID_IPV6_ADDR. */
  readonly idType: number;
  readonly data: Uint8Array;
  /** Of a draft before the RFC: payload type 131 instead of 21. */
  readonly isDraft?: true;
}

/** Payload 132, Cisco's and Microsoft's ([MS-IKEE] §2.2.3.1): all `data` of one id, in order, is a whole message with its header. */
export interface IsakmpFragmentPayload {
  readonly type: 'FRAG';
  readonly fragmentId: number;
  /** From 1. */
  readonly number: number;
  readonly isLast: boolean;
  readonly data: Uint8Array;
}

/** A type that we do not know: RFC 2408 §5.3 has its message refused with INVALID-PAYLOAD-TYPE. */
export interface IsakmpUnknownPayload {
  readonly type: 'UNKNOWN';
  readonly payloadType: number;
  readonly data: Uint8Array;
}
