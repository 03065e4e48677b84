import type { Random } from './random.ts';

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

/** Same random octets, same key. Slow for RSA. */
export type GenerateKeyPair = (kind: KeyKind, random: Random) => PrivateKey;
/** Same arguments and random octets, same signature: ECDSA by RFC 6979, the salt of PSS from `random`. */
export type Sign = (key: PrivateKey, scheme: SignatureScheme, data: Uint8Array, random: Random) => Uint8Array;
/** Strict: exactly the padding, parameters and lengths of the scheme. */
export type Verify = (key: PublicKey, scheme: SignatureScheme, data: Uint8Array, signature: Uint8Array) => boolean;
