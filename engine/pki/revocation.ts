import type { Certificate } from './certificate.ts';
import { checkAgainstCrl } from './crl-check.ts';
import { type CertificateList, CRL_OCTETS_MAX, parseCertificateList, type Revocation } from './crl.ts';
import { checkAgainstOcsp } from './ocsp-check.ts';
import { certIdOf, encodeOcspRequest, OCSP_REQUEST_TYPE } from './ocsp-request.ts';
import { OCSP_OCTETS_MAX, parseOcspResponse } from './ocsp-response.ts';
import type { PathProblem } from './path-problem.ts';
import type { RevocationCache } from './revocation-cache.ts';
import type { SignatureTerms } from './signature-check.ts';

/** `strict`: what cannot be learnt counts as revoked. `ifUri`: strict where the certificate says where to ask. */
export type RevocationPolicy = 'strict' | 'ifUri' | 'relaxed';

export interface RevocationInput extends SignatureTerms {
  /** Valid, from the leaf to the anchor: nothing is asked on behalf of a path that is not. */
  readonly path: readonly Certificate[];
  readonly policy: RevocationPolicy;
  /** Configured, or sent by the peer: what is signed is believed wherever it comes from. */
  readonly crls: readonly CertificateList[];
  /** Seconds since the Unix epoch. */
  readonly at: number;
  /** For OCSP requests, 16 to 32 octets that nobody could foresee; null: requests have none. */
  readonly nonce: Uint8Array | null;
  /** What was fetched by GET, or by POST of that body; null: it could not be; undefined: nobody has tried. */
  fetched(url: string, body: Uint8Array | null): Uint8Array | null | undefined;
  readonly cache?: RevocationCache | undefined;
}

/** What an HTTP exchange is to bring. */
export interface RevocationFetch {
  readonly url: string;
  readonly body: Uint8Array | null;
  readonly contentType: string | null;
  readonly octetsMax: number;
  readonly timeoutMs: number;
}

export type RevocationResult =
  /** `isKnown`: of every certificate but the anchor; otherwise the policy did not ask for more. */
  | { readonly kind: 'notRevoked'; readonly isKnown: boolean }
  | { readonly kind: 'refused'; readonly problem: PathProblem }
  /** Ask again when these are answered. */
  | { readonly kind: 'undecided'; readonly fetches: readonly RevocationFetch[] };

/** What is known of one certificate. */
type Standing =
  | { readonly kind: 'good' }
  | { readonly kind: 'revoked'; readonly revocation: Revocation }
  | { readonly kind: 'unknown'; readonly fetches: readonly RevocationFetch[]; readonly hasUri: boolean };

/** Addresses of each kind that are tried for one certificate: whoever issued it could name any number. */
const URIS_MAX = 2;
const URI_CHARACTERS_MAX = 512;
const TIMEOUT_MS = 4000;

/**
 * Whether any certificate of a valid path, but its anchor, is revoked: by CRLs at hand, then by OCSP, then by the CRLs that
 * the certificates themselves name. One evidence that it is revoked outweighs all that it is not.
 */
export function checkRevocation(input: RevocationInput): RevocationResult {
  const fetches: RevocationFetch[] = [];
  let isKnown = true;
  for (const [i, certificate] of input.path.entries()) {
    const issuer = input.path[i + 1];
    if (issuer === undefined) break;
    const { subject } = certificate;
    const standing = standingOf(certificate, issuer, input);
    if (standing.kind === 'revoked') {
      return { kind: 'refused', problem: { kind: 'revoked', subject, ...standing.revocation } };
    }
    if (standing.kind === 'good') continue;
    isKnown = false;
    const isRequired = input.policy === 'strict' || (input.policy === 'ifUri' && standing.hasUri);
    if (isRequired && standing.fetches.length === 0) {
      return { kind: 'refused', problem: { kind: 'revocationUnknown', subject } };
    }
    fetches.push(...standing.fetches);
  }
  return fetches.length > 0 ? { kind: 'undecided', fetches } : { kind: 'notRevoked', isKnown };
}

function standingOf(certificate: Certificate, issuer: Certificate, input: RevocationInput): Standing {
  const { cache, at } = input;
  const remembered = cache?.standing(certificate, issuer, at) ?? null;
  // An older list, which a peer may keep for that, does not undo it.
  if (remembered?.kind === 'revoked') return remembered;
  const given = fromCrls(certificate, issuer, input.crls, input);
  if (given.kind !== 'unknown') return given;
  if (remembered !== null) return remembered;
  const { ocspUris, crlUris } = certificate.extensions;
  const hasUri = ocspUris.length + crlUris.length > 0;
  const ocsp = fromOcsp(certificate, issuer, input);
  // One source after the other: the list is fetched only where OCSP had no answer.
  if (ocsp.kind !== 'unknown' || ocsp.fetches.length > 0) return ocsp;
  // The next address is asked only when the one before had nothing.
  for (const url of usable(crlUris)) {
    const kept = cache?.list(url, at) ?? null;
    const known = kept === null ? NOTHING : fromCrls(certificate, issuer, [kept], input);
    if (known.kind !== 'unknown') return known;
    const octets = input.fetched(url, null);
    if (octets === undefined) {
      const fetch = { url, body: null, contentType: null, octetsMax: CRL_OCTETS_MAX, timeoutMs: TIMEOUT_MS };
      return { kind: 'unknown', hasUri, fetches: [fetch] };
    }
    const list = octets === null ? null : parseCertificateList(octets);
    if (list === null) continue;
    const found = fromCrls(certificate, issuer, [list], input);
    if (found.kind === 'unknown') continue;
    cache?.keepList(url, list);
    return found;
  }
  return { kind: 'unknown', hasUri, fetches: [] };
}

function fromCrls(
  certificate: Certificate,
  issuer: Certificate,
  crls: readonly CertificateList[],
  { cache, ...terms }: RevocationInput,
): Standing {
  let good: number | null = null;
  for (const crl of crls) {
    const verdict = checkAgainstCrl(certificate, issuer, crl, terms);
    if (verdict.kind === 'revoked') {
      cache?.remember(certificate, issuer, verdict, terms.at);
      return verdict;
    }
    if (verdict.kind === 'good') good = Math.max(good ?? 0, verdict.until);
  }
  if (good === null) return NOTHING;
  cache?.remember(certificate, issuer, { kind: 'good', until: good }, terms.at);
  return { kind: 'good' };
}

const NOTHING: Standing = { kind: 'unknown', fetches: [], hasUri: false };

function fromOcsp(certificate: Certificate, issuer: Certificate, input: RevocationInput): Standing {
  const { cache, nonce } = input;
  const body = encodeOcspRequest(certIdOf(certificate, issuer), nonce);
  for (const url of usable(certificate.extensions.ocspUris)) {
    const octets = input.fetched(url, body);
    if (octets === undefined) {
      const fetch = { url, body, contentType: OCSP_REQUEST_TYPE, octetsMax: OCSP_OCTETS_MAX, timeoutMs: TIMEOUT_MS };
      return { kind: 'unknown', hasUri: true, fetches: [fetch] };
    }
    const response = octets === null ? null : parseOcspResponse(octets);
    const verdict = response === null ? null : checkAgainstOcsp(certificate, issuer, response, input);
    if (verdict === null || verdict.kind === 'unusable') continue;
    cache?.remember(certificate, issuer, verdict, input.at);
    return verdict;
  }
  return NOTHING;
}

/** http and nothing else: what comes is signed, and a fetch must not lead to further trust. */
function usable(uris: readonly string[]): readonly string[] {
  return uris.filter(uri => uri.length <= URI_CHARACTERS_MAX && /^http:\/\/[!-~]+$/i.test(uri)).slice(0, URIS_MAX);
}
