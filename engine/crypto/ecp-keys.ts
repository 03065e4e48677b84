import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { contextConstructed, Tag } from '../wire/der-reader.ts';
import { der, derBitString, derInteger, derOid } from '../wire/der-writer.ts';

/**
 * x of `secret` times `peer`, by the keys of both: node's ECDH multiplies three times for it, to test its own pair again, and keys twice.
 * But to read them takes as long as a multiplication on a small curve, so this is for those of `LARGE_CURVES`. Points are
 * uncompressed, with the octet 04 first; `own` is that of `secret`.
 */
export function agreeOnLargeCurve(curve: LargeCurve, secret: Uint8Array, own: Uint8Array, peer: Uint8Array): Buffer {
  return diffieHellman({ privateKey: privateKey(curve, secret, own), publicKey: publicKey(curve, peer) });
}

/** Their names: SEC 2 §A.2, RFC 5639 §4.1. */
const LARGE_CURVES = {
  secp384r1: derOid('1.3.132.0.34'),
  secp521r1: derOid('1.3.132.0.35'),
  brainpoolP384r1: derOid('1.3.36.3.3.2.8.1.1.11'),
  brainpoolP512r1: derOid('1.3.36.3.3.2.8.1.1.13'),
} as const;

const ID_EC_PUBLIC_KEY = derOid('1.2.840.10045.2.1');

export type LargeCurve = keyof typeof LARGE_CURVES;

export const isLargeCurve = (curve: string): curve is LargeCurve => curve in LARGE_CURVES;

/** ECPrivateKey, RFC 5915 §3: with the public half it is not worked out again. */
function privateKey(curve: LargeCurve, secret: Uint8Array, own: Uint8Array): KeyObject {
  const key = der(
    Tag.SEQUENCE,
    derInteger(1),
    der(Tag.OCTET_STRING, secret),
    der(contextConstructed(0), LARGE_CURVES[curve]),
    der(contextConstructed(1), derBitString(own)),
  );
  return createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'sec1' });
}

/** SubjectPublicKeyInfo, RFC 5480 §2. */
function publicKey(curve: LargeCurve, point: Uint8Array): KeyObject {
  const key = der(Tag.SEQUENCE, der(Tag.SEQUENCE, ID_EC_PUBLIC_KEY, LARGE_CURVES[curve]), derBitString(point));
  return createPublicKey({ key: Buffer.from(key), format: 'der', type: 'spki' });
}
