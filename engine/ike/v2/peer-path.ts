import { createHash } from 'node:crypto';
import type { Certificate } from '../../pki/certificate.ts';
import { parseCertificateList } from '../../pki/crl.ts';
import { describeProblem } from '../../pki/path-problem.ts';
import { STRENGTH_FLOOR, type StrengthFloor } from '../../pki/strength.ts';
import { validatePath } from '../../pki/validate.ts';
import type { FetchWanted, PeerClaim } from './authenticate.ts';

export type PeerPath =
  | { readonly kind: 'trusted' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'needsFetches'; readonly fetches: readonly FetchWanted[] };

/** What of a peer's claim a path is looked for by. */
export interface PathClaim
  extends Pick<PeerClaim, 'credentials' | 'expected' | 'epochSeconds' | 'memory' | 'octets' | 'fetched'> {
  /** Absent: what RFC 8247 asks for. */
  readonly floor?: StrengthFloor;
}

const OCSP_NONCE_OCTETS = 32;

/**
 * Whether the connection's authorities stand behind a peer's certificate, and none of the path is revoked. `others` and `crls`
 * (DER) are as the peer has sent them.
 */
export function validatePeerPath(
  claim: PathClaim,
  leaf: Certificate,
  others: readonly Certificate[],
  crls: readonly Uint8Array[],
): PeerPath {
  const { credentials, expected, epochSeconds, memory, floor = STRENGTH_FLOOR } = claim;
  const isNamed = (name: string) => expected.authorities.length === 0 || expected.authorities.includes(name);
  const result = validatePath({
    leaf,
    verified: memory.verified,
    intermediates: others,
    anchors: credentials.anchors.filter(({ name }) => isNamed(name)).map(({ certificate }) => certificate),
    // What was exchanged out of band is of no authority: it does not do where one is asked for.
    trusted: expected.authorities.length === 0 ? credentials.peers : [],
    at: epochSeconds,
    floor,
    revocation: {
      policy: expected.revocation,
      crls: [...credentials.crls, ...crls].map(crl => parseCertificateList(crl)).filter(crl => crl !== null),
      // Nobody outside of this exchange could foresee it, and it is the same when the question is asked again.
      nonce: createHash('sha256').update('OCSP').update(claim.octets).digest().subarray(0, OCSP_NONCE_OCTETS),
      fetched: claim.fetched,
      cache: memory.revocations,
    },
  });
  switch (result.kind) {
    case 'valid':
      return { kind: 'trusted' };
    case 'invalid':
      return { kind: 'refused', why: describeProblem(result.problem) };
    case 'undecided':
      return { kind: 'needsFetches', fetches: result.fetches };
  }
}
