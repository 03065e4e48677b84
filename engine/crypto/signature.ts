import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { ed448 } from '@noble/curves/ed448.js';
import { ed25519 } from '@noble/curves/ed25519.js';

export type KeyKind = 'rsa2048' | 'rsa3072' | 'rsa4096' | 'ecdsa256' | 'ecdsa384' | 'ecdsa521' | 'ed25519' | 'ed448';

/** A public key by its SubjectPublicKeyInfo, RFC 5280 §4.1.2.7. */
export interface PublicKey {
  /** DER. */
  readonly spki: Uint8Array;
  readonly algorithm: 'rsa' | 'ecdsa' | 'ed25519' | 'ed448';
  /** Of the modulus, or of the curve's field. */
  readonly bits: number;
}

/** Never written anywhere but to files that somebody asked for, mode 0600. */
export interface PrivateKey {
  readonly public: PublicKey;
  /** PKCS#8, DER. */
  readonly pkcs8: Uint8Array;
}

/** RSASSA-PKCS1-v1_5, RSASSA-PSS (salt as long as the hash), ECDSA (DER signature) and EdDSA. */
export type SignatureScheme =
  | { readonly kind: 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa'; readonly hash: 'sha1' | 'sha256' | 'sha384' | 'sha512' }
  | { readonly kind: 'ed25519' | 'ed448' };

/**
 * Reads a SubjectPublicKeyInfo (DER); null: not DER to the last octet, of another algorithm or curve, or a key that must
 * not be believed: a point that is not on the curve, or of small order, an even modulus or exponent, a modulus of less than
 * 1024 bits or more than 16384. Keeps its own copy. RSA below 2048 bits is read, so that it can be named: `verify` refuses it.
 */
export function publicKey(spki: Uint8Array): PublicKey | null {
  const key = readKey(() => createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }));
  if (key === null) return null;
  const canonical = spkiOf(key);
  return canonical.equals(spki) ? describe(key, canonical) : null;
}

/** Reads a PrivateKeyInfo (PKCS#8, DER, not encrypted); null as for `publicKey`. */
export function privateKey(pkcs8: Uint8Array): PrivateKey | null {
  const key = readKey(() => createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' }));
  return key === null ? null : privateKeyOf(key);
}

/** Of a private key that node:crypto holds. */
export function privateKeyOf(key: KeyObject): PrivateKey | null {
  const publicPart = createPublicKey(key);
  const found = describe(publicPart, spkiOf(publicPart));
  if (found === null) return null;
  const made = { public: found, pkcs8: Uint8Array.from(key.export({ format: 'der', type: 'pkcs8' })) };
  NODE_KEYS.set(made, key);
  return made;
}

/** As node:crypto takes it. */
export function nodeKey(key: PublicKey | PrivateKey): KeyObject {
  const known = NODE_KEYS.get(key);
  if (known !== undefined) return known;
  const made =
    'pkcs8' in key
      ? createPrivateKey({ key: Buffer.from(key.pkcs8), format: 'der', type: 'pkcs8' })
      : createPublicKey({ key: Buffer.from(key.spki), format: 'der', type: 'spki' });
  NODE_KEYS.set(key, made);
  return made;
}

/** Reading DER takes Node longer than to verify most signatures. */
const NODE_KEYS = new WeakMap<PublicKey | PrivateKey, KeyObject>();

/** The exponent is bounded as well: a long one makes each verification as slow as a signature. */
const RSA_BITS = { min: 1024, max: 16_384, exponentMax: 33 };
const CURVE_BITS: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 };

/** OpenSSL has no other way to say what is wrong with a key than to throw. */
function readKey(read: () => KeyObject): KeyObject | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' });
}

/** `der` is what `spkiOf` says of the key: that takes longer than a signature. */
function describe(key: KeyObject, der: Buffer): PublicKey | null {
  const spki = Uint8Array.from(der);
  const kind = kindOf(key, spki);
  if (kind === null) return null;
  const made = { spki, ...kind };
  NODE_KEYS.set(made, key);
  return made;
}

function kindOf(key: KeyObject, spki: Uint8Array): Pick<PublicKey, 'algorithm' | 'bits'> | null {
  const type: string = key.asymmetricKeyType ?? 'none';
  switch (type) {
    case 'rsa': {
      const bits = soundRsaBits(key);
      return bits === null ? null : { algorithm: 'rsa', bits };
    }
    case 'ec': {
      const bits = CURVE_BITS[key.asymmetricKeyDetails?.namedCurve ?? ''];
      return bits === undefined ? null : { algorithm: 'ecdsa', bits };
    }
    case 'ed25519': {
      const isSound = hasLargeOrder(() => ed25519.Point.fromBytes(spki.subarray(-32), false));
      return isSound ? { algorithm: 'ed25519', bits: 255 } : null;
    }
    case 'ed448': {
      const isSound = hasLargeOrder(() => ed448.Point.fromBytes(spki.subarray(-57), false));
      return isSound ? { algorithm: 'ed448', bits: 448 } : null;
    }
    default:
      return null;
  }
}

/** A modulus or an exponent that no key has makes arithmetic do what nobody expects. */
function soundRsaBits(key: KeyObject): number | null {
  const { n = '', e = '' } = key.export({ format: 'jwk' });
  const [modulus, exponent] = [n, e].map(text => Buffer.from(text, 'base64url'));
  const { modulusLength: bits = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  const isOdd = [modulus, exponent].every(value => ((value?.at(-1) ?? 0) & 1) === 1);
  if (!isOdd || publicExponent < 3n || publicExponent.toString(2).length > RSA_BITS.exponentMax) return null;
  return bits < RSA_BITS.min || bits > RSA_BITS.max ? null : bits;
}

/** With a point of small order anybody can make signatures that verify. */
function hasLargeOrder(point: () => { isSmallOrder(): boolean }): boolean {
  try {
    return !point().isSmallOrder();
  } catch {
    return false; // not a point at all
  }
}
