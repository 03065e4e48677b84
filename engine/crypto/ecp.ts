import { createECDH, ECDH } from 'node:crypto';
import { remembered } from '../wire/remembered.ts';
import type { DiffieHellmanGroup } from './diffie-hellman.ts';
import { agreeOnLargeCurve, isLargeCurve } from './ecp-keys.ts';
import type { Random } from './random.ts';

/** The names of OpenSSL. */
export type EcpCurve = keyof typeof ORDERS;

/**
 * Elliptic curves over a prime field, RFC 5903 §7 and RFC 6954 §3: a public value is x and y, the secret x alone, all
 * big-endian and `fieldOctets` long.
 */
export function ecpGroup(curve: EcpCurve, fieldOctets: number): DiffieHellmanGroup {
  /** Its public half is worked out once for both steps of an exchange, which are given the same array: with some curves half the work. */
  const keyOf = remembered((secret: Uint8Array) => {
    const ecdh = createECDH(curve);
    ecdh.setPrivateKey(secret);
    return ecdh;
  });
  return {
    publicOctets: 2 * fieldOctets,
    drawPrivate: random => drawScalar(curve, fieldOctets, random),
    publicOf: secret => new Uint8Array(keyOf(secret).getPublicKey().subarray(1)), // without the 04
    /** RFC 6989 §2.3. The point at infinity has no encoding of this length. */
    faultOf(peer) {
      try {
        ECDH.convertKey(uncompressed(peer), curve);
        return null;
      } catch (error) {
        if (!isBadPoint(error)) throw error;
        return 'not a point of the curve (RFC 6989 §2.3)';
      }
    },
    agree(secret, peer) {
      const key = keyOf(secret);
      const point = uncompressed(peer);
      const shared = isLargeCurve(curve)
        ? agreeOnLargeCurve(curve, secret, key.getPublicKey(), point)
        : key.computeSecret(point);
      return new Uint8Array(shared);
    },
  };
}

/**
 * A private key, from 1 to the order less 1, big-endian. 64 bits more than needed are drawn, so that no value is likelier
 * (FIPS 186-5 §A.2.1).
 */
export function drawScalar(curve: EcpCurve, fieldOctets: number, random: Random): Uint8Array {
  const range = orderOf(curve) - 1n;
  const drawn = BigInt(`0x${Buffer.from(random.bytes(fieldOctets + 8)).toString('hex')}`);
  return Buffer.from(((drawn % range) + 1n).toString(16).padStart(2 * fieldOctets, '0'), 'hex');
}

/** How many points there are: the order of the generator. */
export const orderOf = (curve: EcpCurve): bigint => BigInt(`0x${ORDERS[curve]}`);

const uncompressed = (point: Uint8Array): Uint8Array => Buffer.concat([Uint8Array.of(4), point]);

function isBadPoint(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_CRYPTO_OPERATION_FAILED';
}

/** Of the generators: FIPS 186-4 §D.1.2, RFC 5639 §3. */
const ORDERS = {
  prime192v1: 'ffffffffffffffffffffffff99def836146bc9b1b4d22831',
  secp224r1: 'ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d',
  prime256v1: 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  secp384r1: 'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  secp521r1:
    '1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa' +
    '51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
  brainpoolP224r1: 'd7c134aa264366862a18302575d0fb98d116bc4b6ddebca3a5a7939f',
  brainpoolP256r1: 'a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7',
  brainpoolP384r1: '8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7cf3ab6af6b7fc3103b883202e9046565',
  brainpoolP512r1:
    'aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca70330870' +
    '553e5c414ca92619418661197fac10471db1d381085ddaddb58796829ca90069',
} as const;
