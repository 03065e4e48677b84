import {
  constants,
  createHash,
  type KeyObject,
  privateEncrypt,
  publicEncrypt,
  sign as signWithNode,
  verify as verifyWithNode,
} from 'node:crypto';
import { remembered } from '../wire/remembered.ts';
import { signEcdsa } from './ecdsa.ts';
import type { EcpCurve } from './ecp.ts';
import { encodePkcs1, encodePss, isPss } from './emsa.ts';
import type { Random } from './random.ts';
import { nodeKey, type PrivateKey, type PublicKey, type SignatureScheme } from './signature.ts';

/**
 * Same arguments and random octets, same signature: ECDSA by RFC 6979, in DER; the salt of PSS from `random`, as long as
 * the hash. Throws when the key is not one for the scheme. The caller owns the result.
 */
export function sign(key: PrivateKey, scheme: SignatureScheme, data: Uint8Array, random: Random): Uint8Array {
  if (!fits(key.public, scheme)) throw new Error(`a signature ${scheme.kind} with a key ${key.public.algorithm}`);
  const node = nodeKey(key);
  if (!('hash' in scheme)) return Uint8Array.from(signWithNode(null, data, node));
  const { hash } = scheme;
  if (scheme.kind === 'ecdsa') return signEcdsa(secretOf(node), curveOf(key.public.bits), hash, data);
  const digest = createHash(hash).update(data).digest();
  const encoded =
    scheme.kind === 'rsa-pkcs1'
      ? encodePkcs1(hash, digest, Math.ceil(key.public.bits / 8))
      : encodePss(hash, digest, random.bytes(digest.length), key.public.bits - 1);
  return Uint8Array.from(
    privateEncrypt({ key: node, padding: constants.RSA_NO_PADDING }, padded(encoded, key.public.bits)),
  );
}

/**
 * Strict: exactly the padding, parameters and lengths of the scheme; DER to the last octet. RSA needs 2048 bits, RFC 8247
 * §3.1.1. Never throws, whatever the signature.
 */
export function verify(key: PublicKey, scheme: SignatureScheme, data: Uint8Array, signature: Uint8Array): boolean {
  const isWeak = key.algorithm === 'rsa' && key.bits < 2048;
  return !isWeak && verifyLegacy(key, scheme, data, signature);
}

/** The same also with moduli from 1024 bits on, for those who ask for it in so many words. */
export function verifyLegacy(
  key: PublicKey,
  scheme: SignatureScheme,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (!fits(key, scheme)) return false;
  const node = nodeKey(key);
  if (!('hash' in scheme)) return verifyWithNode(null, data, node, signature);
  if (scheme.kind === 'ecdsa') return verifyWithNode(scheme.hash, data, { key: node, dsaEncoding: 'der' }, signature);
  const opened = openRsa(node, key.bits, signature);
  if (opened === null) return false;
  const digest = createHash(scheme.hash).update(data).digest();
  if (scheme.kind === 'rsa-pss') return isPss(scheme.hash, digest, opened, key.bits - 1);
  // Encode and compare: there is nothing in a padding that one could be lenient about.
  return Buffer.compare(encodePkcs1(scheme.hash, digest, opened.length), opened) === 0;
}

/** Whether keys of that kind make such signatures at all. */
function fits(key: PublicKey, scheme: SignatureScheme): boolean {
  return key.algorithm === (scheme.kind === 'rsa-pkcs1' || scheme.kind === 'rsa-pss' ? 'rsa' : scheme.kind);
}

/** s^e mod n, RFC 8017 §5.2.2; null: not below n, or not as long as n. */
function openRsa(key: KeyObject, bits: number, signature: Uint8Array): Buffer | null {
  if (signature.length !== Math.ceil(bits / 8)) return null;
  try {
    return publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, signature);
  } catch {
    return null; // not below the modulus: all else about the key was checked when it was read
  }
}

const CURVES: Readonly<Record<number, EcpCurve>> = { 256: 'prime256v1', 384: 'secp384r1', 521: 'secp521r1' };

function curveOf(bits: number): EcpCurve {
  const curve = CURVES[bits];
  if (curve === undefined) throw new Error(`no curve of ${bits} bits`);
  return curve;
}

/** Asked for at each signature, and read once. */
const secretOf = remembered(
  (key: KeyObject): Uint8Array => Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url'),
);

function padded(encoded: Uint8Array, bits: number): Uint8Array {
  const result = new Uint8Array(Math.ceil(bits / 8));
  result.set(encoded, result.length - encoded.length);
  return result;
}
