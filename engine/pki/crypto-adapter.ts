import * as nodeCrypto from 'node:crypto';
import type { Random } from '../crypto/random.ts';
import type { KeyKind, PrivateKey, PublicKey, SignatureScheme } from '../crypto/signature.ts';

/** Stands in until engine/crypto has signatures. */
const IDENTIFIERS: readonly (readonly [string, SignatureScheme])[] = [
  ['300d06092a864886f70d0101050500', { kind: 'rsa-pkcs1', hash: 'sha1' }],
  ['300d06092a864886f70d01010b0500', { kind: 'rsa-pkcs1', hash: 'sha256' }],
  ['300d06092a864886f70d01010c0500', { kind: 'rsa-pkcs1', hash: 'sha384' }],
  ['300d06092a864886f70d01010d0500', { kind: 'rsa-pkcs1', hash: 'sha512' }],
  ['300906072a8648ce3d0401', { kind: 'ecdsa', hash: 'sha1' }],
  ['300a06082a8648ce3d040302', { kind: 'ecdsa', hash: 'sha256' }],
  ['300a06082a8648ce3d040303', { kind: 'ecdsa', hash: 'sha384' }],
  ['300a06082a8648ce3d040304', { kind: 'ecdsa', hash: 'sha512' }],
  ['300506032b6570', { kind: 'ed25519' }],
  ['300506032b6571', { kind: 'ed448' }],
];

export function schemeOf(identifier: Uint8Array): SignatureScheme | null {
  const text = Buffer.from(identifier).toString('hex');
  return IDENTIFIERS.find(([hex]) => hex === text)?.[1] ?? null;
}

export function algorithmIdentifier(scheme: SignatureScheme): Uint8Array {
  const hashOf = (of: SignatureScheme) => ('hash' in of ? of.hash : '');
  const found = IDENTIFIERS.find(([, of]) => of.kind === scheme.kind && hashOf(of) === hashOf(scheme));
  if (found === undefined) throw new Error(`no identifier of ${scheme.kind}`);
  return Buffer.from(found[0], 'hex');
}

export function publicKey(spki: Uint8Array): PublicKey | null {
  try {
    const key = nodeCrypto.createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    const details = key.asymmetricKeyDetails ?? {};
    const curves: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 };
    switch (key.asymmetricKeyType) {
      case 'rsa':
        return { spki, algorithm: 'rsa', bits: details.modulusLength ?? 0 };
      case 'ec':
        return { spki, algorithm: 'ecdsa', bits: curves[details.namedCurve ?? ''] ?? 0 };
      case 'ed25519':
        return { spki, algorithm: 'ed25519', bits: 255 };
      case 'ed448':
        return { spki, algorithm: 'ed448', bits: 448 };
      default:
        return null;
    }
  } catch {
    return null;
  }
}

export function privateKey(pkcs8: Uint8Array): PrivateKey | null {
  const key = nodeCrypto.createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  const found = publicKey(nodeCrypto.createPublicKey(key).export({ format: 'der', type: 'spki' }));
  return found === null ? null : { public: found, pkcs8 };
}

export function generateKeyPair(kind: KeyKind, _random: Random): PrivateKey {
  const bits = Number(/\d+/.exec(kind)?.[0]);
  const curve = bits === 256 ? 'P-256' : bits === 384 ? 'P-384' : 'P-521';
  const pair = kind.startsWith('rsa')
    ? nodeCrypto.generateKeyPairSync('rsa', { modulusLength: bits })
    : kind.startsWith('ecdsa')
      ? nodeCrypto.generateKeyPairSync('ec', { namedCurve: curve })
      : kind === 'ed25519'
        ? nodeCrypto.generateKeyPairSync('ed25519')
        : nodeCrypto.generateKeyPairSync('ed448');
  const made = privateKey(pair.privateKey.export({ format: 'der', type: 'pkcs8' }));
  if (made === null) throw new Error('no key');
  return made;
}

export function sign(key: PrivateKey, scheme: SignatureScheme, data: Uint8Array, _random: Random): Uint8Array {
  const hash = 'hash' in scheme ? scheme.hash : null;
  return nodeCrypto.sign(
    hash,
    data,
    nodeCrypto.createPrivateKey({ key: Buffer.from(key.pkcs8), format: 'der', type: 'pkcs8' }),
  );
}

export function verify(key: PublicKey, scheme: SignatureScheme, data: Uint8Array, signature: Uint8Array): boolean {
  const hash = 'hash' in scheme ? scheme.hash : null;
  try {
    return nodeCrypto.verify(
      hash,
      data,
      nodeCrypto.createPublicKey({ key: Buffer.from(key.spki), format: 'der', type: 'spki' }),
      signature,
    );
  } catch {
    return false;
  }
}
