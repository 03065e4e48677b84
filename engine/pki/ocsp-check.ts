import { createHash } from 'node:crypto';
import { octetsEqual } from '../wire/octets.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { CLOCK_SKEW_SECONDS } from './crl-check.ts';
import type { Revocation } from './crl.ts';
import { namesEqual } from './name.ts';
import { certIdOf, certIdsEqual } from './ocsp-request.ts';
import { subjectPublicKey } from './spki.ts';
import type { OcspAnswer, OcspResponse } from './ocsp-response.ts';
import { findPath, PATH_LIMITS } from './path.ts';
import { checkSignature, type SignatureTerms } from './signature-check.ts';

export type OcspVerdict =
  | { readonly kind: 'good'; readonly until: number }
  | { readonly kind: 'revoked'; readonly revocation: Revocation }
  | { readonly kind: 'unusable'; readonly why: string };

export interface OcspTerms extends SignatureTerms {
  readonly at: number;
  /** Of the request; null: it had none. */
  readonly nonce: Uint8Array | null;
}

/** An answer that does not say when the next one is due is for now, RFC 6960 §2.4: for a quarter of an hour. */
const AGE_SECONDS_MAX = 900;

/**
 * RFC 6960 §3.2: about this certificate, signed by its issuer or by whom its issuer has certified for that (§4.2.2.2), fresh. A
 * nonce that comes back has to be ours; responders that make their answers beforehand send none, and freshness has to do.
 */
export function checkAgainstOcsp(
  certificate: Certificate,
  issuer: Certificate,
  response: OcspResponse,
  terms: OcspTerms,
): OcspVerdict {
  const { at, nonce } = terms;
  const answer = response.answers.find(({ id }) => certIdsEqual(id, certIdOf(certificate, issuer, id.hash)));
  if (answer === undefined) return unusable('it is about other certificates');
  if (response.nonce !== null && (nonce === null || !octetsEqual(nonce, response.nonce))) {
    return unusable('it is the answer to another request');
  }
  const responder = responderCertificate(response, issuer, terms);
  if (responder === null) return unusable('its responder is not the issuer, nor certified by the issuer');
  if (checkSignature(response, responder, terms).kind !== 'good')
    return unusable('its signature is not its responder’s');
  return judge(answer, response.producedAt, at);
}

function judge(answer: OcspAnswer, producedAt: number, at: number): OcspVerdict {
  const { status, thisUpdate, nextUpdate } = answer;
  if (Math.max(thisUpdate, producedAt) > at + CLOCK_SKEW_SECONDS) return unusable('it is from the future');
  if (typeof status !== 'string') return { kind: 'revoked', revocation: status };
  if (status === 'unknown') return unusable('the responder does not know the certificate');
  const until = nextUpdate ?? thisUpdate + AGE_SECONDS_MAX;
  return until < at ? unusable('a newer one is due') : { kind: 'good', until };
}

function responderCertificate(response: OcspResponse, issuer: Certificate, terms: OcspTerms): Certificate | null {
  if (isResponder(issuer, response)) return issuer;
  for (const der of response.certificates) {
    const leaf = parseCertificate(der);
    if (leaf === null || !isResponder(leaf, response)) continue;
    const { at, floor, verified } = terms;
    const found = findPath({
      leaf,
      intermediates: [],
      anchors: [issuer],
      at,
      floor,
      purpose: 'ocsp',
      limits: { ...PATH_LIMITS, depth: 2 },
      ...(verified === undefined ? {} : { verified }),
    });
    if (found.kind === 'valid') return leaf;
  }
  return null;
}

function isResponder(certificate: Certificate, { responder }: OcspResponse): boolean {
  if (responder.kind === 'name') return namesEqual(certificate.subject, responder.name);
  const hash = createHash('sha1').update(subjectPublicKey(certificate.spki)).digest();
  return octetsEqual(hash, responder.hash);
}

function unusable(why: string): OcspVerdict {
  return { kind: 'unusable', why };
}
