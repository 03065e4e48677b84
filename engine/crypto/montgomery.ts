import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import type { DiffieHellmanGroup } from './diffie-hellman.ts';
import type { KeyExchangeResult } from './key-exchange.ts';

/** Curve25519 and Curve448, RFC 8031: public values, private values and the secret are as RFC 7748 has them, little-endian. */
export function montgomeryGroup(curve: 'x25519' | 'x448'): DiffieHellmanGroup {
  const { octets, crv } = CURVES[curve];
  return {
    publicOctets: octets,
    drawPrivate: random => random.bytes(octets),
    publicOf: secret => {
      const { x = '' } = createPublicKey(privateKey(crv, secret)).export({ format: 'jwk' });
      return Uint8Array.from(Buffer.from(x, 'base64url'));
    },
    agree(secret, peer): KeyExchangeResult {
      const publicKey = createPublicKey({ key: { kty: 'OKP', crv, x: base64url(peer) }, format: 'jwk' });
      let shared: Uint8Array;
      try {
        shared = new Uint8Array(diffieHellman({ privateKey: privateKey(crv, secret), publicKey }));
      } catch {
        return SMALL_ORDER; // OpenSSL's own test of the result: nothing else can fail with octets of this length
      }
      return shared.some(octet => octet !== 0) ? { kind: 'shared', secret: shared } : SMALL_ORDER;
    },
  };
}

/** RFC 8031 §3 leaves the test to the user of the function, RFC 7748 §6. */
const SMALL_ORDER: KeyExchangeResult = {
  kind: 'invalid',
  why: 'a point of small order: the secret is all zero (RFC 7748 §6)',
};

const CURVES = { x25519: { octets: 32, crv: 'X25519' }, x448: { octets: 56, crv: 'X448' } } as const;

/**
 * As a JWK, RFC 8037: Node reads PKCS#8 in ten times the time of the exchange. It takes `d` alone, and computes the rest: once for
 * both steps of an exchange, which are given the same array.
 */
function privateKey(crv: string, secret: Uint8Array): KeyObject {
  const known = PRIVATE_KEYS.get(secret);
  if (known !== undefined) return known;
  const made = createPrivateKey({ key: { kty: 'OKP', crv, d: base64url(secret), x: '' }, format: 'jwk' });
  PRIVATE_KEYS.set(secret, made);
  return made;
}

const PRIVATE_KEYS = new WeakMap<Uint8Array, KeyObject>();

function base64url(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64url');
}
