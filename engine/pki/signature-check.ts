import { type Certificate, isSelfIssued } from './certificate.ts';
import { keyOf } from './certificate-key.ts';
import { schemeOf } from '../crypto/signature-scheme.ts';
import { verify } from '../crypto/sign.ts';
import { type PublicKey, publicKey } from '../crypto/signature.ts';
import { keyFits, type StrengthFloor, weakScheme } from './strength.ts';
import type { VerifiedSignatures } from './verified-signatures.ts';

/** What is signed in the way of X.509: certificates, CRLs, requests, OCSP responses. */
export interface Signed {
  /** The octets that are signed. */
  readonly tbs: Uint8Array;
  /** AlgorithmIdentifier, DER. */
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
}

export type SignatureVerdict =
  | { readonly kind: 'good' | 'bad' | 'unknownScheme' | 'unknownKey' }
  | { readonly kind: 'weak'; readonly why: string };

export interface SignatureTerms {
  readonly floor: StrengthFloor;
  readonly verified?: VerifiedSignatures | undefined;
}

/** Whether the key of a certificate has signed it, in a way that is strong enough. What the key is for is not asked. */
export function checkSignature(signed: Signed, signer: Certificate, terms: SignatureTerms): SignatureVerdict {
  const key = keyOf(signer);
  return key === null ? { kind: 'unknownKey' } : judgeSignature(signed, key, terms);
}

function judgeSignature(signed: Signed, key: PublicKey, { floor, verified }: SignatureTerms): SignatureVerdict {
  const { tbs, signatureAlgorithm, signature } = signed;
  const scheme = schemeOf(signatureAlgorithm);
  if (scheme === null) return { kind: 'unknownScheme' };
  const why = weakScheme(scheme, floor);
  if (why !== null) return { kind: 'weak', why };
  if (!keyFits(key, scheme)) return { kind: 'bad' };
  const check = () => verify(key, scheme, tbs, signature);
  const isGood = verified?.isGood([key.spki, signatureAlgorithm, tbs, signature], check) ?? check();
  return { kind: isGood ? 'good' : 'bad' };
}

/** Whether a certificate is signed by its own key: anchors, and what is exchanged out of band. */
export function isSelfSigned(certificate: Certificate, floor: StrengthFloor): boolean {
  return isSelfIssued(certificate) && checkSignature(certificate, certificate, { floor }).kind === 'good';
}

/** Whether a certification request is signed by the key that it is about: its sender has that key, RFC 2986 §3. */
export function isSignedByItself(
  { spki, ...signed }: Signed & { readonly spki: Uint8Array },
  floor: StrengthFloor,
): boolean {
  const key = publicKey(spki);
  return key !== null && judgeSignature(signed, key, { floor }).kind === 'good';
}
