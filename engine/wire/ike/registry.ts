/**
 * Numbers of IKEv2 in the spelling of their registry, https://www.iana.org/assignments/ikev2-parameters: RFC 7296 and the
 * extensions that are named. Algorithms (Transform IDs) are in engine/crypto.
 */
export const ExchangeType = {
  IKE_SA_INIT: 34,
  IKE_AUTH: 35,
  CREATE_CHILD_SA: 36,
  INFORMATIONAL: 37,
  /** RFC 5723. */
  IKE_SESSION_RESUME: 38,
  /** RFC 9242. */
  IKE_INTERMEDIATE: 43,
  /** RFC 9370. */
  IKE_FOLLOWUP_KE: 44,
} as const;

/** RFC 7296 §3.2; 1 to 32 are those of IKEv1 and never used by IKEv2. */
export const PayloadType = {
  /** No Next Payload. */
  NONE: 0,
  SA: 33,
  KE: 34,
  IDi: 35,
  IDr: 36,
  CERT: 37,
  CERTREQ: 38,
  AUTH: 39,
  NONCE: 40,
  N: 41,
  D: 42,
  V: 43,
  TSi: 44,
  TSr: 45,
  SK: 46,
  CP: 47,
  EAP: 48,
  /** RFC 7383. */
  SKF: 53,
  /** RFC 8019. */
  PS: 54,
} as const;

/** RFC 7296 §3.10.1: below 16384 an error, from there on a status. */
export const NotifyType = {
  UNSUPPORTED_CRITICAL_PAYLOAD: 1,
  INVALID_IKE_SPI: 4,
  INVALID_MAJOR_VERSION: 5,
  INVALID_SYNTAX: 7,
  INVALID_MESSAGE_ID: 9,
  INVALID_SPI: 11,
  NO_PROPOSAL_CHOSEN: 14,
  INVALID_KE_PAYLOAD: 17,
  AUTHENTICATION_FAILED: 24,
  SINGLE_PAIR_REQUIRED: 34,
  NO_ADDITIONAL_SAS: 35,
  INTERNAL_ADDRESS_FAILURE: 36,
  FAILED_CP_REQUIRED: 37,
  TS_UNACCEPTABLE: 38,
  INVALID_SELECTORS: 39,
  /** RFC 4555, with the next. */
  UNACCEPTABLE_ADDRESSES: 40,
  UNEXPECTED_NAT_DETECTED: 41,
  /** RFC 7296 §2.25, with the next. */
  TEMPORARY_FAILURE: 43,
  CHILD_SA_NOT_FOUND: 44,
  /** RFC 9370. */
  STATE_NOT_FOUND: 47,

  INITIAL_CONTACT: 16384,
  SET_WINDOW_SIZE: 16385,
  ADDITIONAL_TS_POSSIBLE: 16386,
  IPCOMP_SUPPORTED: 16387,
  NAT_DETECTION_SOURCE_IP: 16388,
  NAT_DETECTION_DESTINATION_IP: 16389,
  COOKIE: 16390,
  USE_TRANSPORT_MODE: 16391,
  HTTP_CERT_LOOKUP_SUPPORTED: 16392,
  REKEY_SA: 16393,
  ESP_TFC_PADDING_NOT_SUPPORTED: 16394,
  NON_FIRST_FRAGMENTS_ALSO: 16395,
  /** RFC 4555, up to NO_NATS_ALLOWED. */
  MOBIKE_SUPPORTED: 16396,
  ADDITIONAL_IP4_ADDRESS: 16397,
  ADDITIONAL_IP6_ADDRESS: 16398,
  NO_ADDITIONAL_ADDRESSES: 16399,
  UPDATE_SA_ADDRESSES: 16400,
  COOKIE2: 16401,
  NO_NATS_ALLOWED: 16402,
  /** RFC 4478. */
  AUTH_LIFETIME: 16403,
  /** RFC 4739, with the next. */
  MULTIPLE_AUTH_SUPPORTED: 16404,
  ANOTHER_AUTH_FOLLOWS: 16405,
  /** RFC 5685, with the next two. */
  REDIRECT_SUPPORTED: 16406,
  REDIRECT: 16407,
  REDIRECTED_FROM: 16408,
  /** RFC 5723, with the next four. */
  TICKET_LT_OPAQUE: 16409,
  TICKET_REQUEST: 16410,
  TICKET_ACK: 16411,
  TICKET_NACK: 16412,
  TICKET_OPAQUE: 16413,
  /** RFC 5998. */
  EAP_ONLY_AUTHENTICATION: 16417,
  /** RFC 6023. */
  CHILDLESS_IKEV2_SUPPORTED: 16418,
  /** RFC 6290. */
  QUICK_CRASH_DETECTION: 16419,
  /** RFC 6311, with the next three. */
  IKEV2_MESSAGE_ID_SYNC_SUPPORTED: 16420,
  IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED: 16421,
  IKEV2_MESSAGE_ID_SYNC: 16422,
  IPSEC_REPLAY_COUNTER_SYNC: 16423,
  /** RFC 7383. */
  IKEV2_FRAGMENTATION_SUPPORTED: 16430,
  /** RFC 7427. */
  SIGNATURE_HASH_ALGORITHMS: 16431,
  /** RFC 7791, with the next. */
  CLONE_IKE_SA_SUPPORTED: 16432,
  CLONE_IKE_SA: 16433,
  /** RFC 8019. */
  PUZZLE: 16434,
  /** RFC 8784, with the next two. */
  USE_PPK: 16435,
  PPK_IDENTITY: 16436,
  NO_PPK_AUTH: 16437,
  /** RFC 9242. */
  INTERMEDIATE_EXCHANGE_SUPPORTED: 16438,
  /** RFC 9370. */
  ADDITIONAL_KEY_EXCHANGE: 16441,
  /** RFC 9593. */
  SUPPORTED_AUTH_METHODS: 16443,
} as const;

/** RFC 7296 §3.3.2, RFC 9370 §4. */
export const TransformType = {
  ENCR: 1,
  PRF: 2,
  INTEG: 3,
  KE: 4,
  ESN: 5,
  ADDKE1: 6,
  ADDKE2: 7,
  ADDKE3: 8,
  ADDKE4: 9,
  ADDKE5: 10,
  ADDKE6: 11,
  ADDKE7: 12,
} as const;

/** RFC 7296 §3.3.5: the one attribute that a transform has. */
export const TransformAttribute = { KEY_LENGTH: 14 } as const;

/** RFC 7296 §3.3.1; NONE is for notifies that are about no SA. */
export const ProtocolId = { NONE: 0, IKE: 1, AH: 2, ESP: 3 } as const;

/** RFC 7296 §3.5; ID_NULL is RFC 7619. */
export const IdType = {
  ID_IPV4_ADDR: 1,
  ID_FQDN: 2,
  ID_RFC822_ADDR: 3,
  ID_IPV6_ADDR: 5,
  ID_DER_ASN1_DN: 9,
  ID_DER_ASN1_GN: 10,
  ID_KEY_ID: 11,
  ID_NULL: 13,
} as const;

/** RFC 7296 §3.8, RFC 4754 (ECDSA), RFC 7619 (NULL), RFC 7427 (DIGITAL_SIGNATURE). */
export const AuthMethod = {
  RSA_DIGITAL_SIGNATURE: 1,
  SHARED_KEY_MESSAGE_INTEGRITY_CODE: 2,
  DSS_DIGITAL_SIGNATURE: 3,
  ECDSA_SHA_256_P256: 9,
  ECDSA_SHA_384_P384: 10,
  ECDSA_SHA_512_P521: 11,
  NULL_AUTHENTICATION: 13,
  DIGITAL_SIGNATURE: 14,
} as const;

/** Values of SIGNATURE_HASH_ALGORITHMS, RFC 7427 §7; IDENTITY is RFC 8420. */
export const SignatureHash = { SHA1: 1, SHA2_256: 2, SHA2_384: 3, SHA2_512: 4, IDENTITY: 5 } as const;

/** RFC 7296 §3.6; OCSP_CONTENT is RFC 4806, RAW_PUBLIC_KEY RFC 7670. */
export const CertEncoding = {
  PKCS7_WRAPPED_X509: 1,
  X509_SIGNATURE: 4,
  CRL: 7,
  ARL: 8,
  HASH_AND_URL_X509: 12,
  HASH_AND_URL_BUNDLE: 13,
  OCSP_CONTENT: 14,
  RAW_PUBLIC_KEY: 15,
} as const;

/** RFC 7296 §3.13.1. */
export const TsType = { TS_IPV4_ADDR_RANGE: 7, TS_IPV6_ADDR_RANGE: 8 } as const;

/** RFC 7296 §3.15. */
export const CfgType = { CFG_REQUEST: 1, CFG_REPLY: 2, CFG_SET: 3, CFG_ACK: 4 } as const;

/** RFC 7296 §3.15.1; INTERNAL_DNS_DOMAIN is RFC 8598. */
export const CfgAttribute = {
  INTERNAL_IP4_ADDRESS: 1,
  INTERNAL_IP4_NETMASK: 2,
  INTERNAL_IP4_DNS: 3,
  INTERNAL_IP4_NBNS: 4,
  INTERNAL_IP4_DHCP: 6,
  APPLICATION_VERSION: 7,
  INTERNAL_IP6_ADDRESS: 8,
  INTERNAL_IP6_DNS: 10,
  INTERNAL_IP6_DHCP: 12,
  INTERNAL_IP4_SUBNET: 13,
  SUPPORTED_ATTRIBUTES: 14,
  INTERNAL_IP6_SUBNET: 15,
  INTERNAL_DNS_DOMAIN: 25,
} as const;

/** GW Ident Type of REDIRECT and REDIRECTED_FROM, RFC 5685 §7.2. */
export const GatewayIdentity = { IPV4: 1, IPV6: 2, FQDN: 3 } as const;

/** The name that a registry above gives to a number; null: it has none here. */
export function nameOf(registry: Readonly<Record<string, number>>, value: number): string | null {
  return Object.keys(registry).find(name => registry[name] === value) ?? null;
}
