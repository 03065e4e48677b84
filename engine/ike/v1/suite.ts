/** What an ISAKMP SA was agreed to use, RFC 2409 App. A; tokens of engine/crypto. */
export interface IsakmpSuite {
  readonly encryption: string;
  /** `sha1`, `md5`, `sha256` …: its HMAC is the prf. */
  readonly hash: string;
  readonly keyExchange: string;
  readonly method: AuthenticationMethod;
  /** The number of `method` in the SA payload: XAuth has its own. */
  readonly methodNumber: number;
  /** As agreed; null: the default of RFC 2407 §4.5, 8 hours, and no limit. */
  readonly lifeSeconds: number | null;
  readonly lifeKilobytes: number | null;
}

export type AuthenticationMethod = 'psk' | 'signature';

/** RFC 2409 §5 and App. B. */
export interface IsakmpKeys {
  /** SKEYID_d, of which keys of phase 2 come. */
  readonly skeyidD: Uint8Array;
  /** SKEYID_a, the key of the HASH payloads. */
  readonly skeyidA: Uint8Array;
  /** SKEYID, the key of HASH_I and HASH_R. */
  readonly skeyid: Uint8Array;
  /** Of the cipher, cut out of SKEYID_e or made longer from it. */
  readonly cipherKey: Uint8Array;
}

/** `aes256-sha256-modp2048`. */
export const isakmpSuiteName = ({ encryption, hash, keyExchange }: IsakmpSuite): string =>
  `${encryption}-${hash}-${keyExchange}`;
