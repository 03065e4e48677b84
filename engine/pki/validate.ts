import type { PublicKey } from '../crypto/signature.ts';
import type { Certificate } from './certificate.ts';
import { findPath, type PathInput } from './path.ts';
import type { PathProblem } from './path-problem.ts';
import { checkRevocation, type RevocationFetch, type RevocationInput } from './revocation.ts';
import { STRENGTH_FLOOR } from './strength.ts';

export interface ValidationInput extends PathInput {
  readonly revocation: Pick<RevocationInput, 'policy' | 'crls' | 'nonce' | 'fetched' | 'cache'>;
}

export type PathResult =
  | {
      readonly kind: 'valid';
      /** From the leaf to the anchor; of one only where the leaf itself is trusted. */
      readonly path: readonly Certificate[];
      readonly key: PublicKey;
      /** Whether it is known of every certificate but the anchor that it is not revoked. */
      readonly isRevocationKnown: boolean;
    }
  | { readonly kind: 'invalid'; readonly problem: PathProblem }
  /** All is well but for revocation: ask again when these are answered. */
  | { readonly kind: 'undecided'; readonly fetches: readonly RevocationFetch[] };

/**
 * Whether a certificate may be believed: a valid path to an anchor, none of it revoked. Nothing is to be fetched before all
 * else is well, so no stranger makes this node call an address of his.
 */
export function validatePath(input: ValidationInput): PathResult {
  const found = findPath(input);
  if (found.kind === 'invalid') return found;
  const { path, key } = found;
  const { at, floor = STRENGTH_FLOOR, verified, revocation } = input;
  // Spread would lose a method of a class: `fetched` may be one.
  const fetched: RevocationInput['fetched'] = (url, body) => revocation.fetched(url, body);
  const result = checkRevocation({ ...revocation, fetched, path, at, floor, verified });
  switch (result.kind) {
    case 'notRevoked':
      return { kind: 'valid', path, key, isRevocationKnown: result.isKnown };
    case 'refused':
      return { kind: 'invalid', problem: result.problem };
    case 'undecided':
      return result;
  }
}
