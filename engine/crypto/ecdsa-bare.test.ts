import { createHash, sign, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { createSeeded } from '../ipsec/testing/seeded.ts';
import { signBareEcdsa, verifyBareEcdsa } from './ecdsa-bare.ts';
import { generateKeyPair } from './generate-key.ts';
import { nodeKey, publicKey } from './signature.ts';

const KINDS = [
  ['ecdsa256', 'sha256', 64],
  ['ecdsa384', 'sha384', 96],
  ['ecdsa521', 'sha512', 132],
] as const;

const data = Buffer.from('whoever reads this has read it');

test.each(KINDS)('%s signs a hash as OpenSSL signs what it is of', (kind, hash, octets) => {
  const key = generateKeyPair(kind, createSeeded(kind));
  const digest = createHash(hash).update(data).digest();
  const own = signBareEcdsa(key, digest);
  expect(own).toHaveLength(octets);
  expect(signBareEcdsa(key, digest)).toEqual(own);
  expect(verify(hash, data, { key: nodeKey(key.public), dsaEncoding: 'ieee-p1363' }, own)).toBe(true);
  const others = sign(hash, data, { key: nodeKey(key), dsaEncoding: 'ieee-p1363' });
  expect(verifyBareEcdsa(key.public, digest, others)).toBe(true);
});

test.each(KINDS)('%s: nothing else is taken for a signature', (kind, hash, octets) => {
  const [key, other] = ['one', 'other'].map(seed => generateKeyPair(kind, createSeeded(seed)));
  if (key === undefined || other === undefined) throw new Error('no keys');
  const digest = createHash(hash).update(data).digest();
  const signature = signBareEcdsa(key, digest);
  expect(verifyBareEcdsa(other.public, digest, signature)).toBe(false);
  expect(verifyBareEcdsa(key.public, createHash(hash).digest(), signature)).toBe(false);
  const flipped = Uint8Array.from(signature);
  flipped[octets - 1] = (flipped[octets - 1] ?? 0) ^ 1;
  for (const wrong of [
    flipped,
    new Uint8Array(octets),
    new Uint8Array(octets).fill(255),
    signature.subarray(1),
    new Uint8Array(0),
  ])
    expect(verifyBareEcdsa(key.public, digest, wrong)).toBe(false);
  const rsa = generateKeyPair('rsa2048', createSeeded('rsa'));
  expect(verifyBareEcdsa(rsa.public, digest, signature)).toBe(false);
  expect(() => signBareEcdsa(rsa, digest)).toThrow('rsa');
});

/** RFC 4754 §8.1. */
test('the signature of the RFC is one', () => {
  const point = `2442A5CC0ECD015FA3CA31DC8E2BBC70BF42D60CBCA20085E0822CB04235E970
    6FC98BD7E50211A4A27102FA3549DF79EBCB4BF246B80945CDDFE7D509BBFD7D`.replace(/\s/g, '');
  const signature = `CB28E0999B9C7715FD0A80D8E47A77079716CBBF917DD72E97566EA1C066957C
    86FA3BB4E26CAD5BF90B7F81899256CE7594BB1EA0C89212748BFF3B3D5B0315`.replace(/\s/g, '');
  const key = publicKey(Buffer.from(`3059301306072a8648ce3d020106082a8648ce3d03010703420004${point}`, 'hex'));
  if (key === null) throw new Error('no key');
  const digest = createHash('sha256').update('abc').digest();
  expect(verifyBareEcdsa(key, digest, Uint8Array.from(Buffer.from(signature, 'hex')))).toBe(true);
});
