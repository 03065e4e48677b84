import type { Random } from '../crypto/random.ts';
import type { PrivateKey, PublicKey, SignatureScheme } from '../crypto/signature.ts';
import { octetsEqual } from '../wire/octets.ts';
import { type Certificate, decodeCertificate } from './certificate.ts';
import { publicKey } from '../crypto/signature.ts';
import { encodeCertificate, type PlannedCertificate, randomSerial } from './encode-certificate.ts';
import { USAGE } from './encode-extensions.ts';
import type { NameConstraints } from './extension.ts';
import type { GeneralName } from './general-name.ts';
import { isEmptyName } from './name.ts';
import { Oid } from './oid.ts';
import { findPath } from './path.ts';
import { checkLeaf } from './path-check.ts';
import { describeProblem } from './path-problem.ts';
import { keyFits, STRENGTH_FLOOR, type StrengthFloor, weakKey, weakScheme } from './strength.ts';

/** What is asked of an issuer. Names are DER, times seconds since the Unix epoch. */
export interface IssueOrder {
  readonly subject: Uint8Array;
  readonly altNames: readonly GeneralName[];
  readonly notBefore: number;
  readonly notAfter: number;
  readonly role: CertificateRole;
  readonly crlUris: readonly string[];
  readonly ocspUris: readonly string[];
  readonly caIssuerUris: readonly string[];
  /** How it is to be signed; null: as suits the issuer's key. */
  readonly scheme: SignatureScheme | null;
  readonly floor: StrengthFloor;
}

export type CertificateRole =
  /** `keyUsage`: values of `KeyUsage`. `extendedKeyUsage`: object identifiers; none is what RFC 4945 §5.1.3.12 recommends. */
  | { readonly kind: 'end'; readonly keyUsage: readonly number[]; readonly extendedKeyUsage: readonly string[] }
  | { readonly kind: 'ca'; readonly pathLength: number | null; readonly nameConstraints: NameConstraints | null }
  | { readonly kind: 'ocsp' };

export interface Authority {
  readonly certificate: Certificate;
  readonly key: PrivateKey;
}

export type Issued =
  | { readonly kind: 'issued'; readonly certificate: Certificate }
  /** The order is not carried out in part, nor in a weaker way. */
  | { readonly kind: 'refused'; readonly why: string };

/** An end certificate for IKE and whatever else: its key signs. */
export const PLAIN_END: CertificateRole = { kind: 'end', keyUsage: USAGE.end, extendedKeyUsage: [] };

/** What most orders are like. */
export const PLAIN_ORDER = {
  altNames: [],
  crlUris: [],
  ocspUris: [],
  caIssuerUris: [],
  scheme: null,
  floor: STRENGTH_FLOOR,
} as const;

/** A certificate of a key, by its own: an anchor, or what peers exchange out of band. */
export function issueSelfSigned(order: IssueOrder, key: PrivateKey, random: Random): Issued {
  const scheme = order.scheme ?? usualScheme(key.public);
  const why = refusal(order, key.public, key.public, scheme);
  if (why !== null) return { kind: 'refused', why };
  const plan = plannedCertificate(order, key.public.spki, random);
  const certificate = decodeCertificate(encodeCertificate(plan, { name: order.subject, key, scheme }, random));
  const problem = checkLeaf(certificate, { at: order.notBefore, floor: order.floor, purpose: 'any' });
  return problem === null ? { kind: 'issued', certificate } : { kind: 'refused', why: describeProblem(problem) };
}

/** A certificate of a public key (DER) by a CA. What a verifier would not believe under that CA is not issued. */
export function issueCertificate(order: IssueOrder, spki: Uint8Array, authority: Authority, random: Random): Issued {
  const key = publicKey(spki);
  if (key === null) return { kind: 'refused', why: 'the key is of a kind that is not known here' };
  const { certificate: ca, key: caKey } = authority;
  if (!octetsEqual(ca.spki, caKey.public.spki))
    throw new Error('the key of the authority is not that of its certificate');
  const scheme = order.scheme ?? usualScheme(caKey.public);
  const why = refusal(order, key, caKey.public, scheme) ?? outlives(order, ca);
  if (why !== null) return { kind: 'refused', why };
  const plan = plannedCertificate(order, spki, random);
  const certificate = decodeCertificate(encodeCertificate(plan, { name: ca.subject, key: caKey, scheme }, random));
  const found = findPath({
    leaf: certificate,
    intermediates: [],
    anchors: [ca],
    at: order.notBefore,
    purpose: order.role.kind === 'end' ? 'ike' : order.role.kind === 'ocsp' ? 'ocsp' : 'any',
    floor: order.floor,
  });
  const problem = found.kind === 'invalid' ? describeProblem(found.problem) : pathLeft(order, ca);
  return problem === null ? { kind: 'issued', certificate } : { kind: 'refused', why: problem };
}

/** What an order comes to, with a serial number of its own; whether it is wise is not asked. */
export function plannedCertificate(order: IssueOrder, spki: Uint8Array, random: Random): PlannedCertificate {
  const { subject, altNames, notBefore, notAfter, role, crlUris, ocspUris, caIssuerUris } = order;
  const isCa = role.kind === 'ca';
  return {
    serial: randomSerial(random),
    subject,
    spki,
    notBefore,
    notAfter,
    ca: isCa ? { pathLength: role.pathLength } : null,
    keyUsage: isCa ? USAGE.ca : role.kind === 'end' ? role.keyUsage : USAGE.end,
    extendedKeyUsage: role.kind === 'ocsp' ? [Oid.KP_OCSP_SIGNING] : isCa ? [] : role.extendedKeyUsage,
    altNames,
    nameConstraints: isCa ? role.nameConstraints : null,
    crlUris,
    ocspUris,
    caIssuerUris,
    isOcspNoCheck: role.kind === 'ocsp',
  };
}

/** The strongest hash that a key of that size carries: SHA-256 up to 128 bits of security, more for more. */
export function usualScheme({ algorithm, bits }: PublicKey): SignatureScheme {
  if (algorithm === 'ed25519' || algorithm === 'ed448') return { kind: algorithm };
  if (algorithm === 'rsa') return { kind: 'rsa-pkcs1', hash: bits > 3072 ? 'sha384' : 'sha256' };
  return { kind: 'ecdsa', hash: bits > 384 ? 'sha512' : bits > 256 ? 'sha384' : 'sha256' };
}

function refusal(order: IssueOrder, key: PublicKey, signer: PublicKey, scheme: SignatureScheme): string | null {
  const { subject, notBefore, notAfter, floor } = order;
  if (isEmptyName(subject)) return 'the subject is empty';
  if (notAfter <= notBefore) return 'the validity ends before it begins';
  if (!keyFits(signer, scheme)) return `a key of ${signer.algorithm} does not sign by ${scheme.kind}`;
  const weakness = weakKey(key, floor) ?? weakKey(signer, floor) ?? weakScheme(scheme, floor);
  return weakness === null ? null : `too weak: ${weakness}`;
}

function outlives({ notBefore, notAfter }: IssueOrder, ca: Certificate): string | null {
  if (notBefore < ca.notBefore) return 'the validity begins before that of the CA';
  return notAfter > ca.notAfter ? 'the validity ends after that of the CA' : null;
}

/** A CA under one with a path length has less of it, RFC 5280 §4.2.1.9. */
function pathLeft({ role }: IssueOrder, ca: Certificate): string | null {
  const limit = ca.extensions.basicConstraints?.pathLength ?? null;
  if (role.kind !== 'ca' || limit === null) return null;
  if (limit === 0) return 'the CA allows no CA below it (path length 0)';
  const isLess = role.pathLength !== null && role.pathLength < limit;
  return isLess ? null : `the CA allows ${limit} CAs below it, so the new one may allow ${limit - 1} at most`;
}
