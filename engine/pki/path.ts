import type { PublicKey } from '../crypto/signature.ts';
import { octetsEqual } from '../wire/octets.ts';
import type { Certificate } from './certificate.ts';
import { keyOf } from './certificate-key.ts';
import { KeyUsage } from './extension.ts';
import { namesEqual } from './name.ts';
import { checkLeaf, checkPath, type Purpose } from './path-check.ts';
import { type PathProblem, problemRank } from './path-problem.ts';
import { checkSignature, type SignatureTerms } from './signature-check.ts';
import { STRENGTH_FLOOR, type StrengthFloor } from './strength.ts';
import type { VerifiedSignatures } from './verified-signatures.ts';

export interface PathLimits {
  /** Certificates of a path, leaf and anchor counted. */
  readonly depth: number;
  /** Signatures to verify while looking for a path. */
  readonly verifications: number;
  /** Certificates of a peer that are looked at besides the leaf. */
  readonly intermediates: number;
}

export const PATH_LIMITS: PathLimits = { depth: 8, verifications: 40, intermediates: 32 };

export interface PathInput {
  readonly leaf: Certificate;
  /** As the peer sent them and as we have them: in any order, with whatever else. Nothing in them is trusted. */
  readonly intermediates: readonly Certificate[];
  readonly anchors: readonly Certificate[];
  /** Certificates that are trusted as they are, for having been exchanged out of band: octet by octet. */
  readonly trusted?: readonly Certificate[];
  /** Seconds since the Unix epoch. */
  readonly at: number;
  readonly purpose?: Purpose;
  readonly limits?: PathLimits;
  readonly floor?: StrengthFloor;
  /** What was verified before; without it nothing is remembered. */
  readonly verified?: VerifiedSignatures;
}

export type FoundPath =
  /** From the leaf to the anchor; of one only where the leaf itself is trusted. */
  | { readonly kind: 'valid'; readonly path: readonly Certificate[]; readonly key: PublicKey }
  | { readonly kind: 'invalid'; readonly problem: PathProblem };

/**
 * Looks for a path from the leaf to an anchor that is valid by RFC 5280 §6.1 and, for IKE, RFC 4945 §5.1.3; whether anything in
 * it is revoked is asked afterwards. The problem is that of the path which came furthest.
 */
export function findPath(input: PathInput): FoundPath {
  const { leaf, trusted = [], floor = STRENGTH_FLOOR, at, purpose = 'ike' } = input;
  const problem = checkLeaf(leaf, { at, floor, purpose });
  if (problem !== null) return { kind: 'invalid', problem };
  const key = keyOf(leaf);
  if (key === null) return { kind: 'invalid', problem: { kind: 'unknownKey', subject: leaf.subject } };
  if (trusted.some(certificate => octetsEqual(certificate.der, leaf.der))) return { kind: 'valid', path: [leaf], key };
  const search = new Search(input);
  const path = search.from([leaf]);
  return path === null ? { kind: 'invalid', problem: search.problem } : { kind: 'valid', path, key };
}

/** One depth-first search, bounded by verifications and depth. */
class Search {
  readonly #input: PathInput;
  readonly #limits: PathLimits;
  readonly #floor: StrengthFloor;
  #verifications = 0;
  #problem: PathProblem;

  constructor(input: PathInput) {
    this.#input = input;
    this.#limits = input.limits ?? PATH_LIMITS;
    this.#floor = input.floor ?? STRENGTH_FLOOR;
    this.#problem = { kind: 'noIssuer', subject: input.leaf.subject, issuer: input.leaf.issuer };
  }

  get problem(): PathProblem {
    return this.#problem;
  }

  /** A whole valid path that begins with these certificates, or null. */
  from(path: readonly Certificate[]): readonly Certificate[] | null {
    const last = path.at(-1);
    if (last === undefined) return null;
    for (const anchor of this.#issuersOf(last, this.#input.anchors)) {
      const whole = [...path, anchor];
      if (!this.#isSignedBy(last, anchor)) continue;
      const { at, purpose = 'ike' } = this.#input;
      const problem = checkPath(whole, { at, purpose, floor: this.#floor });
      if (problem === null) return whole;
      this.#note(problem);
    }
    // Room for this one and an anchor behind it.
    if (path.length + 2 > this.#limits.depth) return this.#tooFar(last);
    for (const issuer of this.#issuersOf(last, this.#input.intermediates.slice(0, this.#limits.intermediates))) {
      if (path.some(seen => isSameEntity(seen, issuer)) || !this.#isSignedBy(last, issuer)) continue;
      const found = this.from([...path, issuer]);
      if (found !== null) return found;
    }
    if (!this.#input.anchors.some(anchor => namesEqual(anchor.subject, last.issuer))) {
      this.#note({ kind: 'noIssuer', subject: last.subject, issuer: last.issuer });
    }
    return null;
  }

  /** Those whose name it is, the one with the key that is asked for first. */
  #issuersOf(certificate: Certificate, among: readonly Certificate[]): readonly Certificate[] {
    const wanted = certificate.extensions.authorityKeyId;
    const byName = among.filter(candidate => namesEqual(candidate.subject, certificate.issuer));
    const hasKey = ({ extensions }: Certificate) =>
      wanted !== null && extensions.subjectKeyId !== null && octetsEqual(wanted, extensions.subjectKeyId);
    return [...byName.filter(hasKey), ...byName.filter(candidate => !hasKey(candidate))];
  }

  #isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
    if (this.#verifications >= this.#limits.verifications) {
      this.#note({ kind: 'tooManyTries' });
      return false;
    }
    this.#verifications++;
    const problem = signatureProblem(certificate, issuer, { floor: this.#floor, verified: this.#input.verified });
    if (problem !== null) this.#note(problem);
    return problem === null;
  }

  #tooFar(last: Certificate): null {
    this.#note({ kind: 'tooDeep', subject: last.subject, depth: this.#limits.depth });
    return null;
  }

  #note(problem: PathProblem): void {
    if (problemRank(problem) >= problemRank(this.#problem)) this.#problem = problem;
  }
}

/** What is wrong with the signature of the one by the key of the other, or null. */
function signatureProblem(certificate: Certificate, issuer: Certificate, terms: SignatureTerms): PathProblem | null {
  const { subject } = certificate;
  const { keyUsage } = issuer.extensions;
  if (keyUsage !== null && !keyUsage.has(KeyUsage.keyCertSign)) return { kind: 'mayNotSign', subject: issuer.subject };
  const verdict = checkSignature(certificate, issuer, terms);
  switch (verdict.kind) {
    case 'good':
      return null;
    case 'bad':
      return { kind: 'badSignature', subject };
    case 'unknownScheme':
      return { kind: 'unknownSignature', subject };
    case 'unknownKey':
      return { kind: 'unknownKey', subject: issuer.subject };
    case 'weak':
      return { kind: 'weakSignature', subject, why: verdict.why };
  }
}

/** One name with one key: twice in a path, however certified, is a loop. */
function isSameEntity(a: Certificate, b: Certificate): boolean {
  return octetsEqual(a.spki, b.spki) && namesEqual(a.subject, b.subject);
}
