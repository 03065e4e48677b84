import { signBareEcdsa, verifyBareEcdsa } from '../../crypto/ecdsa-bare.ts';
import { signBare, verifyBare } from '../../crypto/rsa-bare.ts';
import type { PrivateKey, PublicKey } from '../../crypto/signature.ts';
import { OakleyAuthentication } from '../../wire/isakmp/registry-attributes.ts';
import type { IsakmpSuite } from './suite.ts';

/** Methods of RFC 4754, each of one curve and one hash. */
const ECDSA = [
  { methodNumber: OakleyAuthentication.ECDSA_SHA_256_P256, bits: 256, hash: 'sha256' },
  { methodNumber: OakleyAuthentication.ECDSA_SHA_384_P384, bits: 384, hash: 'sha384' },
  { methodNumber: OakleyAuthentication.ECDSA_SHA_512_P521, bits: 521, hash: 'sha512' },
] as const;

/** The method that a key signs by; null: IKEv1 has none for it. */
export function methodOfKey({ algorithm, bits }: Pick<PublicKey, 'algorithm' | 'bits'>): number | null {
  if (algorithm === 'rsa') return OakleyAuthentication.RSA_SIGNATURES;
  return algorithm === 'ecdsa' ? (ECDSA.find(one => one.bits === bits)?.methodNumber ?? null) : null;
}

/**
 * The hash of HASH_I and HASH_R: the negotiated one, and that of the method where a method has its own, RFC 2409 §5.1. SKEYID and
 * all that comes of it stay with the negotiated one.
 */
export function proofHashName({ hash, methodNumber }: Pick<IsakmpSuite, 'hash' | 'methodNumber'>): string {
  return ECDSA.find(one => one.methodNumber === methodNumber)?.hash ?? hash;
}

/** As in `IkeSaStatus.localAuthentication`. */
export function methodName({ method, hash, methodNumber }: IsakmpSuite): string {
  if (method === 'psk') return 'psk';
  const own = ECDSA.find(one => one.methodNumber === methodNumber);
  return own === undefined ? `rsa-${hash}` : `ecdsa-${own.hash}`;
}

/** The data of SIG. The key is one for the method: it was offered by it. */
export function signProof(key: PrivateKey, hash: Uint8Array): Uint8Array {
  return key.public.algorithm === 'ecdsa' ? signBareEcdsa(key, hash) : signBare(key, hash);
}

/** Whether a key for the method has signed. */
export function verifyProof(
  key: PublicKey,
  { methodNumber }: Pick<IsakmpSuite, 'methodNumber'>,
  hash: Uint8Array,
  signature: Uint8Array,
): boolean {
  const own = ECDSA.find(one => one.methodNumber === methodNumber);
  if (own === undefined) return verifyBare(key, hash, signature);
  return key.bits === own.bits && verifyBareEcdsa(key, hash, signature);
}
