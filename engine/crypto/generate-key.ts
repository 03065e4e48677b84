import { createECDH, createPrivateKey, type KeyObject } from 'node:crypto';
import { drawScalar, type EcpCurve } from './ecp.ts';
import type { Random } from './random.ts';
import { generateRsa } from './rsa-key.ts';
import { type KeyKind, type PrivateKey, privateKeyOf } from './signature.ts';

/** Same random octets, same key. Takes about a second for RSA of 4096 bits. */
export function generateKeyPair(kind: KeyKind, random: Random): PrivateKey {
  const made = privateKeyOf(KINDS[kind](random));
  if (made === null) throw new Error(`a key ${kind} that we do not take ourselves`);
  return made;
}

const KINDS: Readonly<Record<KeyKind, (random: Random) => KeyObject>> = {
  rsa2048: random => generateRsa(2048, random),
  rsa3072: random => generateRsa(3072, random),
  rsa4096: random => generateRsa(4096, random),
  ecdsa256: random => generateEcdsa('P-256', 'prime256v1', 32, random),
  ecdsa384: random => generateEcdsa('P-384', 'secp384r1', 48, random),
  ecdsa521: random => generateEcdsa('P-521', 'secp521r1', 66, random),
  ed25519: random => edwardsKey('302e020100300506032b657004220420', random.bytes(32)),
  ed448: random => edwardsKey('3047020100300506032b6571043b0439', random.bytes(57)),
};

function generateEcdsa(crv: string, curve: EcpCurve, fieldOctets: number, random: Random): KeyObject {
  const secret = drawScalar(curve, fieldOctets, random);
  const ecdh = createECDH(curve);
  ecdh.setPrivateKey(secret);
  const point = ecdh.getPublicKey();
  const [x, y] = [point.subarray(1, 1 + fieldOctets), point.subarray(1 + fieldOctets)];
  const key = { kty: 'EC', crv, x: base64url(x), y: base64url(y), d: base64url(secret) };
  return createPrivateKey({ key, format: 'jwk' });
}

function base64url(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64url');
}

/** `prefix`: what stands before the octets of a key in PKCS#8, RFC 8410 §7. */
function edwardsKey(prefix: string, secret: Uint8Array): KeyObject {
  const key = Buffer.concat([Buffer.from(prefix, 'hex'), secret]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}
