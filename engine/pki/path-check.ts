import { type Certificate, isSelfIssued } from './certificate.ts';
import { keyOf } from './certificate-key.ts';
import { KeyUsage } from './extension.ts';
import { constrainedNames, forbiddenName } from './name-constraints.ts';
import { Oid } from './oid.ts';
import type { PathProblem } from './path-problem.ts';
import { type StrengthFloor, weakKey } from './strength.ts';

/** What a certificate is for: `ike` is RFC 4945, `ocsp` a responder of RFC 6960 §4.2.2.2, `any` no more than RFC 5280. */
export type Purpose = 'ike' | 'ocsp' | 'any';

export interface PathTerms {
  /** Seconds since the Unix epoch. */
  readonly at: number;
  readonly floor: StrengthFloor;
  readonly purpose: Purpose;
}

/** RFC 4945 §5.1.3.12, and the one that was used before it. */
const IKE_PURPOSES: readonly string[] = [Oid.KP_IPSEC_IKE, Oid.ANY_EXTENDED_KEY_USAGE, Oid.IKE_INTERMEDIATE];

/** What of a leaf can be judged by itself; null: nothing wrong. */
export function checkLeaf(leaf: Certificate, terms: PathTerms): PathProblem | null {
  return checkAny(leaf, terms) ?? checkPurpose(leaf, terms.purpose);
}

/**
 * RFC 5280 §6.1, on a path from the leaf to the anchor whose signatures and names of issuers have been verified. The anchor's own
 * validity, path length and name constraints count as well: who made it said so. Policies: any.
 */
export function checkPath(path: readonly Certificate[], terms: PathTerms): PathProblem | null {
  // CAs between the one at hand and the leaf that are not self-issued, §6.1.4 (l).
  let below = 0;
  for (const [i, certificate] of path.entries()) {
    const problem = i === 0 ? checkLeaf(certificate, terms) : checkCa(certificate, terms, below);
    if (problem !== null) return problem;
    if (i > 0 && !isSelfIssued(certificate)) below++;
  }
  return checkConstraints(path);
}

function checkAny(certificate: Certificate, { at, floor }: PathTerms): PathProblem | null {
  const { subject, notBefore, notAfter, extensions } = certificate;
  const [extension] = extensions.unknownCritical;
  if (extension !== undefined) return { kind: 'unknownCritical', subject, extension };
  if (at < notBefore) return { kind: 'notYetValid', subject, limit: notBefore };
  if (at > notAfter) return { kind: 'expired', subject, limit: notAfter };
  const key = keyOf(certificate);
  if (key === null) return { kind: 'unknownKey', subject };
  const why = weakKey(key, floor);
  return why === null ? null : { kind: 'weakKey', subject, why };
}

function checkPurpose({ subject, extensions }: Certificate, purpose: Purpose): PathProblem | null {
  const { keyUsage, extendedKeyUsage } = extensions;
  if (purpose === 'any') return null;
  const signs = keyUsage === null || keyUsage.has(KeyUsage.digitalSignature) || keyUsage.has(KeyUsage.nonRepudiation);
  if (!signs) return { kind: 'keyUsage', subject };
  // A responder has to be named as one, RFC 6960 §4.2.2.2; a peer only not to be for something else.
  if (purpose === 'ocsp') {
    return extendedKeyUsage?.includes(Oid.KP_OCSP_SIGNING) === true ? null : { kind: 'extendedKeyUsage', subject };
  }
  const isForIke = extendedKeyUsage === null || extendedKeyUsage.some(oid => IKE_PURPOSES.includes(oid));
  return isForIke ? null : { kind: 'extendedKeyUsage', subject };
}

function checkCa(certificate: Certificate, terms: PathTerms, below: number): PathProblem | null {
  const { subject, extensions } = certificate;
  const { basicConstraints, keyUsage } = extensions;
  const problem = checkAny(certificate, terms);
  if (problem !== null) return problem;
  // RFC 4945 §5.1.3.9: also of version 1, and of an anchor.
  if (basicConstraints === null || !basicConstraints.isCa) return { kind: 'notCa', subject };
  if (keyUsage !== null && !keyUsage.has(KeyUsage.keyCertSign)) return { kind: 'mayNotSign', subject };
  const { pathLength } = basicConstraints;
  return pathLength !== null && below > pathLength ? { kind: 'pathTooLong', subject, pathLength } : null;
}

/** Those of every CA against every name below it; self-issued ones between are exempt, the leaf never is, §6.1.3 (b) and (c). */
function checkConstraints(path: readonly Certificate[]): PathProblem | null {
  for (const [i, { subject: ca, extensions }] of path.entries()) {
    if (extensions.nameConstraints === null || i === 0) continue;
    for (const [below, certificate] of path.slice(0, i).entries()) {
      if (below > 0 && isSelfIssued(certificate)) continue;
      const { subject } = certificate;
      const names = constrainedNames(subject, certificate.extensions.subjectAltNames);
      const forbidden = forbiddenName(names, extensions.nameConstraints);
      if (forbidden !== null) return { kind: 'nameConstraint', subject, ca, ...forbidden };
    }
  }
  return null;
}
