/**
 * Numbers of ISAKMP and IKEv1 in the spelling of their documents: RFC 2408, RFC 2407 (IPsec's DOI), RFC 3947 and RFC 3706. Those of
 * the attributes of an SA are in registry-attributes.ts.
 */
export const IsakmpExchange = {
  /** RFC 2408 §4.4. */
  BASE: 1,
  /** Main Mode. */
  IDENTITY_PROTECTION: 2,
  AUTHENTICATION_ONLY: 3,
  AGGRESSIVE: 4,
  INFORMATIONAL: 5,
  /** draft-dukes-ike-mode-cfg-02 §3.1. */
  TRANSACTION: 6,
  /** RFC 2409 §5.5. */
  QUICK_MODE: 32,
  NEW_GROUP_MODE: 33,
} as const;

/** RFC 2408 §3.1. */
export const IsakmpPayloadType = {
  NONE: 0,
  SA: 1,
  /** Inside of SA only, with the next. */
  P: 2,
  T: 3,
  KE: 4,
  ID: 5,
  CERT: 6,
  CR: 7,
  HASH: 8,
  SIG: 9,
  NONCE: 10,
  N: 11,
  D: 12,
  VID: 13,
  /** draft-dukes-ike-mode-cfg-02. */
  ATTR: 14,
  /** RFC 3947, with the next. */
  NATD: 20,
  NATOA: 21,
  /** draft-ietf-ipsec-nat-t-ike-00 to -03, with the next. */
  NATD_DRAFT: 130,
  NATOA_DRAFT: 131,
  /** [MS-IKEE] §2.2.3.1. */
  FRAG: 132,
} as const;

/** Domain of interpretation: RFC 2408 §3.4, RFC 2407 §4.1. */
export const Doi = { ISAKMP: 0, IPSEC: 1 } as const;

/** Bits, RFC 2407 §4.2. */
export const Situation = { SIT_IDENTITY_ONLY: 1, SIT_SECRECY: 2, SIT_INTEGRITY: 4 } as const;

/** RFC 2407 §4.4.1. */
export const IsakmpProtocol = { ISAKMP: 1, AH: 2, ESP: 3, IPCOMP: 4 } as const;

/** RFC 2408 §3.14.1, RFC 2407 §4.6.3, RFC 3706 §5.3: below 16384 an error, from there on a status. */
export const IsakmpNotify = {
  'INVALID-PAYLOAD-TYPE': 1,
  'DOI-NOT-SUPPORTED': 2,
  'SITUATION-NOT-SUPPORTED': 3,
  'INVALID-COOKIE': 4,
  'INVALID-MAJOR-VERSION': 5,
  'INVALID-MINOR-VERSION': 6,
  'INVALID-EXCHANGE-TYPE': 7,
  'INVALID-FLAGS': 8,
  'INVALID-MESSAGE-ID': 9,
  'INVALID-PROTOCOL-ID': 10,
  'INVALID-SPI': 11,
  'INVALID-TRANSFORM-ID': 12,
  'ATTRIBUTES-NOT-SUPPORTED': 13,
  'NO-PROPOSAL-CHOSEN': 14,
  'BAD-PROPOSAL-SYNTAX': 15,
  'PAYLOAD-MALFORMED': 16,
  'INVALID-KEY-INFORMATION': 17,
  'INVALID-ID-INFORMATION': 18,
  'INVALID-CERT-ENCODING': 19,
  'INVALID-CERTIFICATE': 20,
  'CERT-TYPE-UNSUPPORTED': 21,
  'INVALID-CERT-AUTHORITY': 22,
  'INVALID-HASH-INFORMATION': 23,
  'AUTHENTICATION-FAILED': 24,
  'INVALID-SIGNATURE': 25,
  'ADDRESS-NOTIFICATION': 26,
  'NOTIFY-SA-LIFETIME': 27,
  'CERTIFICATE-UNAVAILABLE': 28,
  'UNSUPPORTED-EXCHANGE-TYPE': 29,
  'UNEQUAL-PAYLOAD-LENGTHS': 30,

  CONNECTED: 16384,
  'RESPONDER-LIFETIME': 24576,
  'REPLAY-STATUS': 24577,
  'INITIAL-CONTACT': 24578,
  'R-U-THERE': 36136,
  'R-U-THERE-ACK': 36137,
} as const;

/** RFC 2407 §4.6.2.1. */
export const IsakmpIdType = {
  ID_IPV4_ADDR: 1,
  ID_FQDN: 2,
  ID_USER_FQDN: 3,
  ID_IPV4_ADDR_SUBNET: 4,
  ID_IPV6_ADDR: 5,
  ID_IPV6_ADDR_SUBNET: 6,
  ID_IPV4_ADDR_RANGE: 7,
  ID_IPV6_ADDR_RANGE: 8,
  ID_DER_ASN1_DN: 9,
  ID_DER_ASN1_GN: 10,
  ID_KEY_ID: 11,
} as const;

/** RFC 2408 §3.9. */
export const IsakmpCertEncoding = {
  PKCS7_WRAPPED_X509: 1,
  PGP: 2,
  DNS_SIGNED_KEY: 3,
  X509_SIGNATURE: 4,
  X509_KEY_EXCHANGE: 5,
  KERBEROS_TOKENS: 6,
  CRL: 7,
  ARL: 8,
  SPKI: 9,
  X509_ATTRIBUTE: 10,
} as const;

/** draft-dukes-ike-mode-cfg-02 §3.2. */
export const IsakmpCfgType = { REQUEST: 1, REPLY: 2, SET: 3, ACK: 4 } as const;
