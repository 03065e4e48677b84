import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { remembered } from '../wire/remembered.ts';
import type { DiffieHellmanGroup } from './diffie-hellman.ts';

/** Curve25519 and Curve448, RFC 8031: public values, private values and the secret are as RFC 7748 has them, little-endian. */
export function montgomeryGroup(curve: 'x25519' | 'x448'): DiffieHellmanGroup {
  const { octets, crv, smallOrder, topMask } = CURVES[curve];
  const privateKey = privateKeysOf(crv);
  return {
    publicOctets: octets,
    drawPrivate: random => random.bytes(octets),
    publicOf: secret => {
      const { x = '' } = createPublicKey(privateKey(secret)).export({ format: 'jwk' });
      return Uint8Array.from(Buffer.from(x, 'base64url'));
    },
    /** With a point of small order, and no other, the secret is all zero: RFC 8031 §3 leaves that test to the user, RFC 7748 §6. */
    faultOf(peer) {
      const reduced = Buffer.from(peer);
      reduced[octets - 1] = (reduced[octets - 1] ?? 0) & topMask;
      return smallOrder.includes(reduced.toString('hex'))
        ? 'a point of small order: the secret is all zero (RFC 7748 §6)'
        : null;
    },
    agree(secret, peer) {
      const publicKey = createPublicKey({ key: { kty: 'OKP', crv, x: base64url(peer) }, format: 'jwk' });
      return new Uint8Array(diffieHellman({ privateKey: privateKey(secret), publicKey }));
    },
  };
}

/**
 * `smallOrder`: the coordinate of each point of small order, on the curve or its twist, with those that are not reduced; little-endian.
 * `topMask`: of the last octet, the bits that count (RFC 7748 §5).
 */
const CURVES = {
  x25519: {
    octets: 32,
    crv: 'X25519',
    topMask: 0x7f,
    smallOrder: [
      '00'.repeat(32),
      `01${'00'.repeat(31)}`,
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      `ec${'ff'.repeat(30)}7f`,
      `ed${'ff'.repeat(30)}7f`,
      `ee${'ff'.repeat(30)}7f`,
    ],
  },
  x448: {
    octets: 56,
    crv: 'X448',
    topMask: 0xff,
    smallOrder: [
      '00'.repeat(56),
      `01${'00'.repeat(55)}`,
      `fe${'ff'.repeat(27)}fe${'ff'.repeat(27)}`,
      `ff${'ff'.repeat(27)}fe${'ff'.repeat(27)}`,
      `00${'00'.repeat(27)}ff${'ff'.repeat(27)}`,
    ],
  },
} as const;

/**
 * As a JWK, RFC 8037: Node reads PKCS#8 in ten times the time of the exchange. It takes `d` alone, and computes the rest: once for
 * both steps of an exchange, which are given the same array.
 */
function privateKeysOf(crv: string): (secret: Uint8Array) => KeyObject {
  return remembered(secret =>
    createPrivateKey({ key: { kty: 'OKP', crv, d: base64url(secret), x: '' }, format: 'jwk' }),
  );
}

function base64url(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64url');
}
