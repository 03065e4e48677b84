import { constants, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuthPayload } from '../../../engine/wire/ike/payload.ts';
import { AuthMethod } from '../../../engine/wire/ike/registry.ts';

/** Signatures as RFC 7427 has them, and the keys of the bench: made once, of no use anywhere else. */
export interface BenchKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Hexadecimal, DER. */
  readonly pkcs8: string;
  readonly spki: string;
}

/** `alice rsa2048`, `bob ecdsa256`, …; throws for one that is not in keys.json. */
export function benchKey(name: string): BenchKey {
  const found = KEYS[name];
  if (found === undefined) throw new Error(`the bench has no key ${name}`);
  const [pkcs8, spki] = [Buffer.from(found.pkcs8, 'base64'), Buffer.from(found.spki, 'base64')];
  return {
    privateKey: createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }),
    publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
    pkcs8: pkcs8.toString('hex'),
    spki: spki.toString('hex'),
  };
}

const KEYS = JSON.parse(readFileSync(join(import.meta.dirname, 'keys.json'), 'utf8')) as Readonly<
  Record<string, { readonly pkcs8: string; readonly spki: string }>
>;

/** Numbers of SIGNATURE_HASH_ALGORITHMS, RFC 7427 §7 and RFC 8420 §2. */
export const HASH = { sha1: 1, sha256: 2, sha384: 3, sha512: 4, identity: 5 } as const;

export type Hash = keyof typeof HASH;

export interface Scheme {
  readonly hash: Hash;
  /** AlgorithmIdentifier, hexadecimal: RFC 7427 appendix A, RFC 8420 appendix A. */
  readonly identifier: string;
  sign(key: KeyObject, octets: Uint8Array): Uint8Array;
  verify(key: KeyObject, octets: Uint8Array, signature: Uint8Array): boolean;
}

const OIDS = { sha256: '01', sha384: '02', sha512: '03' } as const;
const SALT = { sha256: 32, sha384: 48, sha512: 64 } as const;

function pkcs1(hash: Exclude<Hash, 'identity'>, last: string): Scheme {
  return {
    hash,
    identifier: `300d06092a864886f70d0101${last}0500`,
    sign: (key, octets) => sign(hash, octets, key),
    verify: (key, octets, signature) => verify(hash, octets, key, signature),
  };
}

function pss(hash: keyof typeof OIDS): Scheme {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const of = `300d060960864801650304020${OIDS[hash].slice(1)}0500`;
  const salt = SALT[hash].toString(16);
  return {
    hash,
    identifier: `304106092a864886f70d01010a3034a00f${of}a11c301a06092a864886f70d010108${of}a2030201${salt}`,
    sign: (key, octets) => sign(hash, octets, { key, padding, saltLength: SALT[hash] }),
    verify: (key, octets, signature) => verify(hash, octets, { key, padding, saltLength: SALT[hash] }, signature),
  };
}

function ecdsa(hash: Exclude<Hash, 'identity'>, identifier: string): Scheme {
  return {
    hash,
    identifier,
    sign: (key, octets) => sign(hash, octets, key),
    verify: (key, octets, signature) => verify(hash, octets, key, signature),
  };
}

function eddsa(identifier: string): Scheme {
  return {
    hash: 'identity',
    identifier,
    sign: (key, octets) => sign(null, octets, key),
    verify: (key, octets, signature) => verify(null, octets, key, signature),
  };
}

/** By the tokens that configurations use. */
export const SCHEMES = {
  'rsa-sha1': pkcs1('sha1', '05'),
  'rsa-sha256': pkcs1('sha256', '0b'),
  'rsa-sha384': pkcs1('sha384', '0c'),
  'rsa-sha512': pkcs1('sha512', '0d'),
  'rsa-pss-sha256': pss('sha256'),
  'rsa-pss-sha384': pss('sha384'),
  'rsa-pss-sha512': pss('sha512'),
  'ecdsa-sha1': ecdsa('sha1', '300906072a8648ce3d0401'),
  'ecdsa-sha256': ecdsa('sha256', '300a06082a8648ce3d040302'),
  'ecdsa-sha384': ecdsa('sha384', '300a06082a8648ce3d040303'),
  'ecdsa-sha512': ecdsa('sha512', '300a06082a8648ce3d040304'),
  ed25519: eddsa('300506032b6570'),
  ed448: eddsa('300506032b6571'),
} as const satisfies Readonly<Record<string, Scheme>>;

export type SchemeToken = keyof typeof SCHEMES;

/** The scheme whose identifier it is; null: the tester has none. */
export function schemeIdentified(identifier: string): Scheme | null {
  return Object.values(SCHEMES).find(scheme => comparable(scheme.identifier) === comparable(identifier)) ?? null;
}

/** RSASSA-PSS may spell out the trailer, whose only value is its default: RFC 7427 §A.4.3 does. */
function comparable(identifier: string): string {
  if (!identifier.startsWith('304606092a864886f70d01010a3039')) return identifier;
  return `304106092a864886f70d01010a3034${identifier.slice(30).replace(/a303020101$/, '')}`;
}

/** AUTH of method 14: the length of the identifier, the identifier, the signature. */
export function digitalSignature(identifier: string, signature: Uint8Array): AuthPayload {
  const octets = Buffer.from(identifier, 'hex');
  const data = Uint8Array.from(Buffer.concat([Uint8Array.of(octets.length), octets, signature]));
  return { type: 'AUTH', method: AuthMethod.DIGITAL_SIGNATURE, data };
}

/** What AUTH of method 14 says; null: its length cannot be. */
export function readDigitalSignature({
  data,
}: AuthPayload): { readonly identifier: string; readonly signature: Uint8Array } | null {
  const octets = data[0] ?? 0;
  if (octets === 0 || data.length <= 1 + octets) return null;
  const identifier = Buffer.from(data.subarray(1, 1 + octets)).toString('hex');
  return { identifier, signature: data.subarray(1 + octets) };
}
