import type { PublicKey, PrivateKey, SignatureScheme } from '../../crypto/signature.ts';
import { algorithmIdentifier, schemeOf, scheme as schemeNamed, schemeToken } from '../../crypto/signature-scheme.ts';
import { AuthMethod, SignatureHash } from '../../wire/ike/registry.ts';
import type { AuthPayload } from '../../wire/ike/payload.ts';
import { derOfRawEcdsa, rawEcdsaOf } from './ecdsa-raw.ts';

/** What an AUTH payload says of how it was signed: a scheme, or those that a method without its own word may mean. */
export interface ReadSignature {
  readonly schemes: readonly SignatureScheme[];
  readonly signature: Uint8Array;
  /** Method 14, which both ends have to have offered. */
  readonly isNegotiated: boolean;
  /** Bits of the only curve that the method is for, RFC 4754 §7; null: whatever the scheme allows. */
  readonly curveBits: number | null;
}

/** The AUTH payload of a signature with `scheme`: method 14 where both ends know it, else the one for this kind of key. */
export function writeSignature(
  key: PublicKey,
  scheme: SignatureScheme,
  signature: Uint8Array,
  peerHashes: readonly number[] | null,
): AuthPayload {
  if (peerHashes !== null) {
    const identifier = algorithmIdentifier(scheme);
    const data = Buffer.concat([Uint8Array.of(identifier.length), identifier, signature]);
    return { type: 'AUTH', method: AuthMethod.DIGITAL_SIGNATURE, data };
  }
  if (key.algorithm === 'rsa') return { type: 'AUTH', method: AuthMethod.RSA_DIGITAL_SIGNATURE, data: signature };
  const method = ECDSA_METHODS.find(one => one.bits === key.bits);
  const raw = method === undefined ? null : rawEcdsaOf(signature, method.octets);
  if (method === undefined || raw === null) throw new Error(`no AUTH method for ${key.algorithm} of ${key.bits} bits`);
  return { type: 'AUTH', method: method.method, data: raw };
}

/** null: not of a method for signatures, or not well formed. */
export function readSignature(auth: AuthPayload): ReadSignature | null {
  if (auth.method === AuthMethod.DIGITAL_SIGNATURE) return readDigitalSignature(auth.data);
  if (auth.method === AuthMethod.RSA_DIGITAL_SIGNATURE) {
    // The hash stands inside of the signature: no more than one of these can verify.
    const schemes = HASHES.map(hash => ({ kind: 'rsa-pkcs1' as const, hash }));
    return { schemes, signature: auth.data, isNegotiated: false, curveBits: null };
  }
  const method = ECDSA_METHODS.find(one => one.method === auth.method);
  const signature = method === undefined ? null : derOfRawEcdsa(auth.data, method.octets);
  if (method === undefined || signature === null) return null;
  return { schemes: [{ kind: 'ecdsa', hash: method.hash }], signature, isNegotiated: false, curveBits: method.bits };
}

/**
 * The schemes that this end may sign with, the best first: those that were asked for, or what suits the key; of hashes that
 * the peer knows. Without RFC 7427 those that the old methods have, with no SHA-1 unless asked for (SLOTH).
 */
export function schemesToSign(
  key: PrivateKey,
  wanted: readonly string[],
  peerHashes: readonly number[] | null,
): readonly SignatureScheme[] {
  const { algorithm, bits } = key.public;
  const preferred = wanted.map(schemeNamed).filter(one => one !== null);
  const candidates = (preferred.length > 0 ? preferred : schemesFor(key.public)).filter(one => fits(one, algorithm));
  if (peerHashes !== null) return candidates.filter(one => peerHashes.includes(hashNumber(one)));
  if (algorithm === 'rsa') return candidates.filter(one => one.kind === 'rsa-pkcs1');
  const method = ECDSA_METHODS.find(one => one.bits === bits);
  return algorithm === 'ecdsa' && method !== undefined ? [{ kind: 'ecdsa', hash: method.hash }] : [];
}

/** Whether a key can have made signatures of a scheme. */
export function schemeFitsKey(scheme: SignatureScheme, key: PublicKey, curveBits: number | null): boolean {
  return fits(scheme, key.algorithm) && (curveBits === null || key.bits === curveBits);
}

/** Whether a peer may use a scheme: those that are named, or all but SHA-1: RFC 8247 §3.2, and collisions are found. */
export function isSchemeAllowed(scheme: SignatureScheme, allowed: readonly string[]): boolean {
  if (allowed.length > 0) return allowed.includes(schemeToken(scheme));
  return !('hash' in scheme) || scheme.hash !== 'sha1';
}

/** The data of SIGNATURE_HASH_ALGORITHMS, RFC 7427 §4: what a peer may use of which `allowed` are the schemes. */
export function hashesOffered(allowed: readonly string[]): readonly number[] {
  const all: readonly SignatureScheme[] = [
    ...HASHES.map(hash => ({ kind: 'ecdsa' as const, hash })),
    { kind: 'ed25519' },
  ];
  const schemes = allowed.map(schemeNamed).filter(one => one !== null);
  const numbers = (schemes.length > 0 ? schemes : all.filter(one => isSchemeAllowed(one, []))).map(hashNumber);
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** Two octets each, big-endian. A number that is cut off is none. */
export function readHashes(data: Uint8Array): readonly number[] {
  const numbers: number[] = [];
  for (let i = 0; i + 1 < data.length; i += 2) numbers.push(((data[i] ?? 0) << 8) | (data[i + 1] ?? 0));
  return numbers;
}

export const writeHashes = (numbers: readonly number[]): Uint8Array =>
  Uint8Array.from(numbers.flatMap(number => [number >>> 8, number & 0xff]));

/** RFC 8420 §2: EdDSA has no hash of its own to choose. */
export function hashNumber(scheme: SignatureScheme): number {
  if (!('hash' in scheme)) return SignatureHash.IDENTITY;
  return {
    sha1: SignatureHash.SHA1,
    sha256: SignatureHash.SHA2_256,
    sha384: SignatureHash.SHA2_384,
    sha512: SignatureHash.SHA2_512,
  }[scheme.hash];
}

const HASHES = ['sha256', 'sha384', 'sha512', 'sha1'] as const;

/** RFC 4754 §7. `octets` of r and of s. */
const ECDSA_METHODS = [
  { method: AuthMethod.ECDSA_SHA_256_P256, bits: 256, hash: 'sha256', octets: 32 },
  { method: AuthMethod.ECDSA_SHA_384_P384, bits: 384, hash: 'sha384', octets: 48 },
  { method: AuthMethod.ECDSA_SHA_512_P521, bits: 521, hash: 'sha512', octets: 66 },
] as const;

/** RFC 7427 §3: one octet of length, the AlgorithmIdentifier, and the signature behind it. */
function readDigitalSignature(data: Uint8Array): ReadSignature | null {
  const octets = data[0];
  if (octets === undefined || data.length <= 1 + octets) return null;
  const scheme = schemeOf(data.subarray(1, 1 + octets));
  return scheme === null
    ? null
    : { schemes: [scheme], signature: data.subarray(1 + octets), isNegotiated: true, curveBits: null };
}

function schemesFor(key: PublicKey): readonly SignatureScheme[] {
  switch (key.algorithm) {
    case 'rsa': {
      const hashes =
        key.bits > 3072 ? (['sha384', 'sha512', 'sha256'] as const) : (['sha256', 'sha384', 'sha512'] as const);
      return (['rsa-pss', 'rsa-pkcs1'] as const).flatMap(kind => hashes.map(hash => ({ kind, hash })));
    }
    case 'ecdsa': {
      const hashes = ['sha256', 'sha384', 'sha512'] as const;
      const own = hashes[key.bits <= 256 ? 0 : key.bits <= 384 ? 1 : 2];
      return [own, ...hashes.filter(hash => hash !== own)].map(hash => ({ kind: 'ecdsa', hash }));
    }
    case 'ed25519':
    case 'ed448':
      return [{ kind: key.algorithm }];
  }
}

function fits(scheme: SignatureScheme, algorithm: PublicKey['algorithm']): boolean {
  switch (scheme.kind) {
    case 'rsa-pkcs1':
    case 'rsa-pss':
      return algorithm === 'rsa';
    case 'ecdsa':
    case 'ed25519':
    case 'ed448':
      return algorithm === scheme.kind;
  }
}
