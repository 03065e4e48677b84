import { p256, p384, p521 } from '@noble/curves/nist.js';
import { nodeKey, type PrivateKey, type PublicKey } from './signature.ts';

/**
 * Signatures of IKEv1 by ECDSA, RFC 4754: of a hash that was made elsewhere, which node:crypto cannot do; r and s one after the
 * other, each as long as the curve's order. The nonce is that of RFC 6979.
 */
const CURVES = { 256: p256, 384: p384, 521: p521 } as const;
/** The hash is signed as it is, and s is as it comes. */
const AS_IT_IS = { prehash: false, lowS: false } as const;

/** Throws for a key of no such curve. The caller owns the result. */
export function signBareEcdsa(key: PrivateKey, hash: Uint8Array): Uint8Array {
  const curve = curveOf(key.public);
  const { d } = nodeKey(key).export({ format: 'jwk' });
  if (curve === null || d === undefined) throw new Error(`a signature of RFC 4754 with a key ${key.public.algorithm}`);
  return curve.sign(hash, Uint8Array.from(Buffer.from(d, 'base64url')), AS_IT_IS);
}

/** Never throws, whatever the signature. */
export function verifyBareEcdsa(key: PublicKey, hash: Uint8Array, signature: Uint8Array): boolean {
  const curve = curveOf(key);
  if (curve === null || signature.length !== curve.lengths.signature) return false;
  const { x = '', y = '' } = nodeKey(key).export({ format: 'jwk' });
  const point = Buffer.concat([Uint8Array.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return curve.verify(signature, hash, Uint8Array.from(point), AS_IT_IS);
}

function curveOf({ algorithm, bits }: PublicKey) {
  if (algorithm !== 'ecdsa') return null;
  return bits === 256 || bits === 384 || bits === 521 ? CURVES[bits] : null;
}
