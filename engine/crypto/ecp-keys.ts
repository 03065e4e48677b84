import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';

/**
 * x of `secret` times `peer`, by the keys of both: node's ECDH multiplies three times for it, to test its own pair again, and keys twice.
 * But to read them takes as long as a multiplication on a small curve, so this is for those of `LARGE_CURVES`. Points are
 * uncompressed, with the octet 04 first; `own` is that of `secret`.
 */
export function agreeOnLargeCurve(curve: LargeCurve, secret: Uint8Array, own: Uint8Array, peer: Uint8Array): Buffer {
  return diffieHellman({ privateKey: privateKey(curve, secret, own), publicKey: publicKey(curve, peer) });
}

/** Their names, content octets of an OBJECT IDENTIFIER: SEC 2 §A.2, RFC 5639 §4.1. */
const LARGE_CURVES = {
  secp384r1: '2b81040022',
  secp521r1: '2b81040023',
  brainpoolP384r1: '2b240303020801010b',
  brainpoolP512r1: '2b240303020801010d',
} as const;

export type LargeCurve = keyof typeof LARGE_CURVES;

export const isLargeCurve = (curve: string): curve is LargeCurve => curve in LARGE_CURVES;

/** ECPrivateKey, RFC 5915 §3: with the public half it is not worked out again. */
function privateKey(curve: LargeCurve, secret: Uint8Array, own: Uint8Array): KeyObject {
  const parts = [der(0x02, VERSION), der(0x04, secret), der(0xa0, nameOf(curve)), der(0xa1, bitString(own))];
  return createPrivateKey({ key: der(0x30, ...parts), format: 'der', type: 'sec1' });
}

/** SubjectPublicKeyInfo, RFC 5480 §2. */
function publicKey(curve: LargeCurve, point: Uint8Array): KeyObject {
  const algorithm = der(0x30, der(0x06, ID_EC_PUBLIC_KEY), nameOf(curve));
  return createPublicKey({ key: der(0x30, algorithm, bitString(point)), format: 'der', type: 'spki' });
}

const VERSION = Uint8Array.of(1);
const ID_EC_PUBLIC_KEY = Buffer.from('2a8648ce3d0201', 'hex');

const nameOf = (curve: LargeCurve): Buffer => der(0x06, Buffer.from(LARGE_CURVES[curve], 'hex'));
const bitString = (octets: Uint8Array): Buffer => der(0x03, Uint8Array.of(0), octets);

/** Of less than 256 octets of content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length < 0x80 ? [content.length] : [0x81, content.length];
  return Buffer.concat([Uint8Array.of(tag, ...length), content]);
}
