import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import type { DiffieHellmanGroup } from './diffie-hellman.ts';
import type { KeyExchangeResult } from './key-exchange.ts';

/** Curve25519 and Curve448, RFC 8031: public values, private values and the secret are as RFC 7748 has them, little-endian. */
export function montgomeryGroup(curve: 'x25519' | 'x448'): DiffieHellmanGroup {
  const { octets, pkcs8, spki } = SHAPES[curve];
  return {
    publicOctets: octets,
    drawPrivate: random => random.bytes(octets),
    publicOf: secret =>
      new Uint8Array(
        createPublicKey(privateKey(pkcs8, secret)).export({ format: 'der', type: 'spki' }).subarray(-octets),
      ),
    agree(secret, peer): KeyExchangeResult {
      const publicKey = createPublicKey({ key: Buffer.concat([spki, peer]), format: 'der', type: 'spki' });
      let shared: Uint8Array;
      try {
        shared = new Uint8Array(diffieHellman({ privateKey: privateKey(pkcs8, secret), publicKey }));
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

/** What stands before the octets of a key in PKCS#8 and SubjectPublicKeyInfo, RFC 8410 §4 and §7. */
const SHAPES = {
  x25519: {
    octets: 32,
    pkcs8: Buffer.from('302e020100300506032b656e04220420', 'hex'),
    spki: Buffer.from('302a300506032b656e032100', 'hex'),
  },
  x448: {
    octets: 56,
    pkcs8: Buffer.from('3046020100300506032b656f043a0438', 'hex'),
    spki: Buffer.from('3042300506032b656f033900', 'hex'),
  },
} as const;

function privateKey(prefix: Uint8Array, secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([prefix, secret]), format: 'der', type: 'pkcs8' });
}
