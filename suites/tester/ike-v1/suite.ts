import { keyExchange, type TesterKeyExchange } from '../ike/key-exchange.ts';
import { type CbcCipher, cbcCipher } from './cbc.ts';

/** What an ISAKMP SA is protected with, as the tester knows it, with numbers of its own: RFC 2409 Appendix A, RFC 3602, RFC 4868. */
export interface IsakmpSuite {
  readonly name: string;
  readonly cipher: CbcCipher;
  /** A hash of node:crypto; its HMAC is the prf. */
  readonly hash: string;
  readonly exchange: TesterKeyExchange;
  /** Encryption, hash, group, and key length where there is one; without method and lifetime. */
  readonly attributes: readonly Attribute[];
}

/** A data attribute: type and value; a number goes in two octets after the type, RFC 2408 §3.3. */
export type Attribute = readonly [type: number, value: number | Uint8Array];

/** Of phase 1. */
export const OAKLEY = {
  encryption: 1,
  hash: 2,
  method: 3,
  group: 4,
  lifeType: 11,
  lifeDuration: 12,
  keyLength: 14,
} as const;
/** Of phase 2, RFC 2407 §4.5. */
export const IPSEC = { lifeType: 1, lifeDuration: 2, group: 3, mode: 4, authentication: 5, keyLength: 6 } as const;
export const METHOD = {
  psk: 1,
  rsa: 3,
  rsaEncryption: 4,
  revisedRsaEncryption: 5,
  xauthPsk: 65_001,
  xauthRsa: 65_005,
} as const;
export const SECONDS = 1;
export const KILOBYTES = 2;

/** `aes128-sha1-modp2048`; throws for what the tester does not have. */
export function isakmpSuite(name: string): IsakmpSuite {
  const [encryption = '', hash = '', group = ''] = name.split('-');
  const cipher = cbcCipher(encryption);
  const number = ENCRYPTIONS[encryption.replace(/\d{3}$/, '')];
  const hashNumber = HASHES[hash];
  if (cipher === null || number === undefined || hashNumber === undefined) {
    throw new Error(`the tester has no suite ${name}`);
  }
  const bits = /^(?:aes|camellia)(\d{3})$/.exec(encryption)?.[1];
  const exchange = keyExchange(group);
  return {
    name,
    cipher,
    hash,
    exchange,
    attributes: [
      [OAKLEY.encryption, number],
      [OAKLEY.hash, hashNumber],
      [OAKLEY.group, exchange.group],
      ...(bits === undefined ? [] : [[OAKLEY.keyLength, Number(bits)] as const]),
    ],
  };
}

/** What a Child SA offers: the transform of ESP (or of AH), and its attributes without lifetimes, mode and group. */
export interface ChildTransform {
  readonly id: number;
  readonly attributes: readonly Attribute[];
}

/** `aes128-sha1`, `aes256gcm16`, `3des-md5`, `null-sha256`. */
export function espTransformOf(name: string): ChildTransform {
  const [encryption = '', integrity] = name.split('-');
  const [, family = '', bits, icv = ''] = /^([a-z]+|3des)(128|192|256)?((?:gcm|ccm|ctr)\d*)?$/.exec(encryption) ?? [];
  const id = ESP_TRANSFORMS[`${family}${icv}`];
  const authentication = integrity === undefined ? null : AUTHENTICATIONS[integrity];
  if (id === undefined || authentication === undefined) throw new Error(`the tester has no numbers for ${name}`);
  return {
    id,
    attributes: [
      ...(authentication === null ? [] : [[IPSEC.authentication, authentication] as const]),
      ...(bits === undefined ? [] : [[IPSEC.keyLength, Number(bits)] as const]),
    ],
  };
}

/** The same of AH, by its integrity: `sha256`. RFC 2407 §4.4.3, RFC 4868 §3.1. */
export function ahTransformOf(integrity: string): ChildTransform {
  const authentication = AUTHENTICATIONS[integrity];
  if (authentication === undefined) throw new Error(`the tester has no numbers for AH with ${integrity}`);
  return { id: AH_TRANSFORMS[integrity] ?? authentication, attributes: [[IPSEC.authentication, authentication]] };
}

/** Those whose number is not that of the Authentication Algorithm. */
const AH_TRANSFORMS: Readonly<Record<string, number>> = { md5: 2, sha1: 3 };

const ENCRYPTIONS: Readonly<Record<string, number>> = { des: 1, '3des': 5, aes: 7, camellia: 8 };
const HASHES: Readonly<Record<string, number>> = { md5: 1, sha1: 2, sha256: 4, sha384: 5, sha512: 6 };

/** RFC 2407 §4.4.4, RFC 3602, 3686, 4106, 4309. */
const ESP_TRANSFORMS: Readonly<Record<string, number>> = {
  des: 2,
  '3des': 3,
  null: 11,
  aes: 12,
  aesctr: 13,
  aesccm8: 14,
  aesccm12: 15,
  aesccm16: 16,
  aesgcm8: 18,
  aesgcm12: 19,
  aesgcm16: 20,
};

/** RFC 2407 §4.5, RFC 4868 §3.1. */
const AUTHENTICATIONS: Readonly<Record<string, number>> = { md5: 1, sha1: 2, sha256: 5, sha384: 6, sha512: 7 };
