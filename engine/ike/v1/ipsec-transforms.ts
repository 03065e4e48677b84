import { combineEsp } from '../../crypto/esp-suite.ts';
import { type EncryptionAlgorithm, encryptionAlgorithm, encryptionAlgorithms } from '../../crypto/encryption.ts';
import { integrityAlgorithm } from '../../crypto/integrity.ts';
import { keyExchange, keyExchangeNumbered } from '../../crypto/key-exchange-table.ts';
import type { SecurityProtocol } from '../../ipsec/sa.ts';
import { IsakmpProtocol } from '../../wire/isakmp/registry.ts';
import { EspTransform, IpsecAuthentication } from '../../wire/isakmp/registry-attributes.ts';

/**
 * The algorithms of ESP and AH by the numbers of the IPSEC DOI: RFC 2407 §4.4.3, §4.4.4 and §4.5, and what IANA's registry "Magic
 * Numbers for ISAKMP Protocol" has added. They are not those of IKEv2, although most ciphers have the same.
 */

export const protocolNumber = (protocol: SecurityProtocol): number =>
  protocol === 'ah' ? IsakmpProtocol.AH : IsakmpProtocol.ESP;

/** An ESP Transform Identifier, with the Key Length attribute where it needs one; null: IKEv1 has no number for it. */
export function espTransform(token: string): { readonly id: number; readonly keyBits: number | null } | null {
  const algorithm = encryptionAlgorithm(token);
  const id = algorithm === null ? null : espIdOf(algorithm);
  if (algorithm === null || id === null) return null;
  return { id, keyBits: FIXED_LENGTH.has(id) ? null : algorithm.keyOctets * 8 };
}

/** The token of a transform; null: not known, or without the Key Length that it needs, or with one that it must not have. */
export function espToken(id: number, keyBits: number | null): string | null {
  if (FIXED_LENGTH.has(id) && keyBits !== null) return null;
  const bits = keyBits ?? DEFAULT_BITS.get(id) ?? null;
  const isIt = (one: EncryptionAlgorithm) =>
    espIdOf(one) === id && (FIXED_LENGTH.has(id) || (bits !== null && one.keyOctets * 8 === bits));
  return encryptionAlgorithms().find(isIt)?.token ?? null;
}

/** The Authentication Algorithm attribute; null: IKEv1 has no number for it. */
export function authenticationNumber(token: string): number | null {
  const algorithm = integrityAlgorithm(token);
  return algorithm === null ? null : (AUTHENTICATION.get(algorithm.token) ?? null);
}

export function authenticationToken(value: number): string | null {
  for (const [token, number] of AUTHENTICATION) if (number === value) return token;
  return null;
}

/** The AH Transform Identifier that goes with an Authentication Algorithm, RFC 2407 §4.4.3; null: there is none. */
export function ahTransform(token: string): number | null {
  const value = authenticationNumber(token);
  // AH_MD5 and AH_SHA are 2 and 3, HMAC-MD5 and HMAC-SHA 1 and 2; from HMAC-SHA2-256 on they are the same.
  return value === null ? null : value <= IpsecAuthentication.HMAC_SHA ? value + 1 : value;
}

/** Group Description, RFC 2409 §6 and what followed; null: not one of IKEv1. */
export function groupNumber(token: string): number | null {
  const method = keyExchange(token);
  return method !== null && isOakley(method.ianaId) ? method.ianaId : null;
}

export function groupToken(value: number): string | null {
  return isOakley(value) ? (keyExchangeNumbered(value)?.token ?? null) : null;
}

/** Whether these make an SA of ESP; integrity is never left out but with authenticated ciphers. */
export function isEspPair(encryption: string, integrity: string | null): boolean {
  const cipher = encryptionAlgorithm(encryption);
  const mac = integrity === null ? null : integrityAlgorithm(integrity);
  if (cipher === null || (integrity !== null && mac === null)) return false;
  return combineEsp(cipher, mac).kind === 'suite';
}

/** IKEv2's number, but for the two that differ, and those that came after IKEv1. */
function espIdOf(algorithm: EncryptionAlgorithm): number | null {
  const { ianaId } = algorithm;
  if (algorithm.aead && algorithm.implicitIv) return null;
  if (ianaId === 21) return EspTransform.ESP_NULL_AUTH_AES_GMAC; // RFC 4543 §9
  if (ianaId === 23) return EspTransform.ESP_CAMELLIA; // RFC 4312 §4
  return ianaId !== null && ianaId <= EspTransform.ESP_AES_GCM_16 ? ianaId : null;
}

/** Up to the Brainpool curves of RFC 6932. */
const isOakley = (value: number): boolean => value >= 1 && value <= 30;

/** DES, triple DES, NULL: no Key Length, RFC 2407 §4.5. */
const FIXED_LENGTH: ReadonlySet<number> = new Set([EspTransform.ESP_DES, EspTransform.ESP_3DES, EspTransform.ESP_NULL]);
/** CAST and Blowfish where nothing is said, RFC 2451 §2.2; of AES it has to be said, RFC 3602 §5.3. */
const DEFAULT_BITS: ReadonlyMap<number, number> = new Map([
  [EspTransform.ESP_CAST, 128],
  [EspTransform.ESP_BLOWFISH, 128],
]);

const AUTHENTICATION: ReadonlyMap<string, number> = new Map([
  ['md5', IpsecAuthentication.HMAC_MD5],
  ['sha1', IpsecAuthentication.HMAC_SHA],
  ['sha256', IpsecAuthentication.HMAC_SHA2_256],
  ['sha384', IpsecAuthentication.HMAC_SHA2_384],
  ['sha512', IpsecAuthentication.HMAC_SHA2_512],
  ['aesxcbc', IpsecAuthentication.AES_XCBC_MAC],
  ['aes128gmac', IpsecAuthentication.AES_128_GMAC],
  ['aes192gmac', IpsecAuthentication.AES_192_GMAC],
  ['aes256gmac', IpsecAuthentication.AES_256_GMAC],
]);
