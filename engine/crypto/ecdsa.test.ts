import { createECDH, createPublicKey, verify } from 'node:crypto';
import { ecdsa } from '@noble/curves/abstract/weierstrass.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from 'vitest';
import { signEcdsa } from './ecdsa.ts';
import { drawScalar } from './ecp.ts';
import { seededRandom } from './testing/random.ts';

const CURVES = [
  ['prime256v1', 'P-256', p256, 32],
  ['secp384r1', 'P-384', p384, 48],
  ['secp521r1', 'P-521', p521, 66],
] as const;
const HASHES = Object.entries({ sha1, sha256, sha384, sha512 });

describe.each(CURVES)('%s', (curve, crv, { Point }, fieldOctets) => {
  test.each(HASHES)('the signatures of @noble with %s, octet for octet, and OpenSSL takes them', (hash, noble) => {
    const random = seededRandom(`${curve} ${hash}`);
    const reference = ecdsa(Point, noble, { lowS: false });
    for (let run = 0; run < 8; run++) {
      const secret = drawScalar(curve, fieldOctets, random);
      const data = random.bytes(run * 7);
      const made = signEcdsa(secret, curve, hash, data);
      expect(made).toEqual(reference.sign(data, secret, { format: 'der', lowS: false }));
      expect(verify(hash, data, publicKey(crv, curve, secret, fieldOctets), made)).toBe(true);
    }
  });
});

function publicKey(crv: string, curve: string, secret: Uint8Array, fieldOctets: number) {
  const ecdh = createECDH(curve);
  ecdh.setPrivateKey(secret);
  const point = ecdh.getPublicKey();
  const text = (from: number) => point.subarray(from, from + fieldOctets).toString('base64url');
  return createPublicKey({ key: { kty: 'EC', crv, x: text(1), y: text(1 + fieldOctets) }, format: 'jwk' });
}
