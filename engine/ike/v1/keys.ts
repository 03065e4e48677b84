import { createHash } from 'node:crypto';
import { encryptionAlgorithm, type SeparateAlgorithm } from '../../crypto/encryption.ts';
import { keyExchange } from '../../crypto/key-exchange-table.ts';
import type { KeyExchangeMethod } from '../../crypto/key-exchange.ts';
import { prf } from '../../crypto/prf-table.ts';
import type { Prf } from '../../crypto/prf.ts';
import { weakKeyReason } from '../../crypto/weak-keys.ts';
import { cookieOctets } from '../../wire/isakmp/header.ts';
import type { Cookie } from '../../wire/isakmp/message.ts';
import type { IsakmpKeys, IsakmpSuite } from './suite.ts';

/** What the keys of an ISAKMP SA come of, RFC 2409 §5. */
export interface KeySource {
  /** g^xy, big-endian and padded to the modulus; of elliptic curves the x coordinate, RFC 5903 §9. */
  readonly shared: Uint8Array;
  readonly initiatorCookie: Cookie;
  readonly responderCookie: Cookie;
  /** Ni_b and Nr_b. */
  readonly initiatorNonce: Uint8Array;
  readonly responderNonce: Uint8Array;
  /** null: both ends sign. */
  readonly secret: Uint8Array | null;
}

/** SKEYID and what comes of it; null: the cipher would get a weak key (DES), and there is no other. */
export function isakmpKeys(suite: IsakmpSuite, source: KeySource): IsakmpKeys | null {
  const algorithm = prfOf(suite);
  const { shared, initiatorCookie, responderCookie, initiatorNonce, responderNonce, secret } = source;
  const nonces = Buffer.concat([initiatorNonce, responderNonce]);
  const skeyid = secret === null ? algorithm.compute(nonces, shared) : algorithm.compute(secret, nonces);
  const tail = Buffer.concat([shared, cookieOctets(initiatorCookie), cookieOctets(responderCookie)]);
  const derived = (previous: Uint8Array, number: number) =>
    algorithm.compute(skeyid, Buffer.concat([previous, tail, Uint8Array.of(number)]));
  const skeyidD = derived(new Uint8Array(0), 0);
  const skeyidA = derived(skeyidD, 1);
  const skeyidE = derived(skeyidA, 2);
  const cipherKey = cipherKeyOf(cipherOf(suite), algorithm, skeyidE);
  return cipherKey === null ? null : { skeyid, skeyidD, skeyidA, cipherKey };
}

/**
 * Appendix B: the first octets of SKEYID_e, or of Ka = K1 | K2 | ... where that has not enough: K1 = prf(SKEYID_e, 0), and of each
 * the next. DES takes the first 8 octets that are no weak key.
 */
export function cipherKeyOf(cipher: SeparateAlgorithm, algorithm: Prf, skeyidE: Uint8Array): Uint8Array | null {
  if (cipher.name === 'ENCR_DES') {
    for (let at = 0; at + cipher.keyOctets <= skeyidE.length; at += cipher.keyOctets) {
      const key = skeyidE.slice(at, at + cipher.keyOctets);
      if (weakKeyReason(cipher, key) === null) return key;
    }
    return null;
  }
  const key = cipher.keyOctets <= skeyidE.length ? skeyidE : expanded(algorithm, skeyidE, cipher.keyOctets);
  const cut = key.slice(0, cipher.keyOctets);
  return weakKeyReason(cipher, cut) === null ? cut : null;
}

function expanded(algorithm: Prf, skeyidE: Uint8Array, octets: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  let block = algorithm.compute(skeyidE, Uint8Array.of(0));
  for (let have = 0; have < octets; have += block.length) {
    blocks.push(block);
    block = algorithm.compute(skeyidE, block);
  }
  return Buffer.concat(blocks);
}

/** The first IV of phase 1: the hash of g^xi | g^xr, as long as a block. */
export function firstIv(suite: IsakmpSuite, initiatorKe: Uint8Array, responderKe: Uint8Array): Uint8Array {
  return digest(suite, initiatorKe, responderKe).slice(0, cipherOf(suite).ivOctets);
}

/** The first IV of an exchange of phase 2: the hash of the last block of phase 1 and the Message ID. */
export function phase2Iv(suite: IsakmpSuite, lastBlock: Uint8Array, messageId: number): Uint8Array {
  const id = Uint8Array.of(messageId >>> 24, messageId >>> 16, messageId >>> 8, messageId);
  return digest(suite, lastBlock, id).slice(0, cipherOf(suite).ivOctets);
}

/** Of the negotiated hash, not of its HMAC. */
export function digest({ hash }: Pick<IsakmpSuite, 'hash'>, ...parts: readonly Uint8Array[]): Uint8Array {
  const made = createHash(hash);
  for (const part of parts) made.update(part);
  return Uint8Array.from(made.digest());
}

/** The HMAC of the negotiated hash, RFC 2409 §4. Throws when there is none: a suite that was agreed on has one. */
export function prfOf({ hash }: Pick<IsakmpSuite, 'hash'>): Prf {
  const found = prf(`prf${hash}`);
  if (found === null) throw new Error(`no prf of the hash ${hash}`);
  return found;
}

export function cipherOf({ encryption }: Pick<IsakmpSuite, 'encryption'>): SeparateAlgorithm {
  const found = encryptionAlgorithm(encryption);
  if (found === null || found.aead || found.kind !== 'cbc') throw new Error(`IKEv1 has no cipher ${encryption}`);
  return found;
}

export function groupOf({ keyExchange: token }: Pick<IsakmpSuite, 'keyExchange'>): KeyExchangeMethod {
  const found = keyExchange(token);
  if (found === null) throw new Error(`no group ${token}`);
  return found;
}
