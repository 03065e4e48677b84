import type { Random } from '../../engine/crypto/random.ts';
import { privateKey } from '../../engine/crypto/signature.ts';
import { encodeBundle } from '../../engine/pki/bundle.ts';
import { type Certificate, decodeCertificate } from '../../engine/pki/certificate.ts';
import { encodeCrl } from '../../engine/pki/encode-crl.ts';
import { encodeOcspError, encodeOcspResponse, type OcspOrder } from '../../engine/pki/encode-ocsp.ts';
import type { Authority } from '../../engine/pki/issue.ts';
import {
  type CertId,
  certIdOf,
  certIdsEqual,
  OCSP_REQUEST_TYPE,
  OCSP_RESPONSE_TYPE,
  parseOcspRequest,
} from '../../engine/pki/ocsp-request.ts';
import { crlOrder } from './crl-order.ts';
import type { IssuedEntry, Publication, PublishedAuthority } from './publication.ts';

export interface HttpRequest {
  readonly method: string;
  /** As the request names it: `/crl/root.crl`. */
  readonly path: string;
  readonly contentType: string | null;
  readonly body: Uint8Array;
}

export interface HttpResponse {
  readonly status: 200 | 400 | 404 | 405 | 413 | 415;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** Of a request's body; more is not read. */
export const BODY_OCTETS_MAX = 16_384;
/** Lists and answers are made anew after half of the time for which they are good, on the clock and not by demand. */
const CRL_SECONDS = 7200;
const OCSP_SECONDS = 1800;

/**
 * What Charles answers, as a function of what he publishes and of the time (seconds since the Unix epoch): CRLs
 * (`/crl/NAME.crl`), OCSP by POST and GET (`/ocsp/NAME`, RFC 6960 appendix A), authorities (`/authorities/NAME.der`),
 * certificates and bundles for hash-and-URL (`/certificates/NAME.der`, `/bundles/NAME.der`, RFC 7296 §3.6).
 */
export function answerHttp(publication: Publication, request: HttpRequest, at: number, random: Random): HttpResponse {
  const { method, path } = request;
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return plain(405, 'GET or POST');
  if (request.body.length > BODY_OCTETS_MAX) return plain(413, 'too large');
  const [folder, file, ...rest] = path.replace(/^\//, '').split('/');
  if (folder === 'ocsp' && file !== undefined)
    return answerOcsp(publication, file, rest.join('/'), request, at, random);
  if (method === 'POST') return plain(405, 'GET');
  const [, name, ending] = /^([a-z0-9-]+)\.(crl|der)$/.exec(file ?? '') ?? [];
  const found =
    name === undefined || rest.length > 0 ? null : documentOf(publication, `${folder}.${ending}`, name, at, random);
  return found ?? plain(404, 'there is no such document');
}

function documentOf(
  publication: Publication,
  kind: string,
  name: string,
  at: number,
  random: Random,
): HttpResponse | null {
  const authority = publication.authorities.find(candidate => candidate.name === name);
  const certificate = publication.certificates.find(candidate => candidate.name === name);
  if (kind === 'crl.crl' && authority?.publishesCrl === true) {
    const entries = authority.issued.map(({ serial, revoked }) => ({ serial: octets(serial), revoked }));
    const order = crlOrder(entries, at, halfPeriod(at, CRL_SECONDS), CRL_SECONDS);
    return good('application/pkix-crl', encodeCrl(order, authorityOf(authority), random));
  }
  if (kind === 'authorities.der' && authority !== undefined) return good(CERTIFICATE, octets(authority.certificate));
  if (certificate === undefined) return null;
  if (kind === 'certificates.der') return good(CERTIFICATE, octets(certificate.certificate));
  const whole = [certificate.certificate, ...certificate.chain].map(octets);
  return kind === 'bundles.der' ? good('application/octet-stream', encodeBundle(whole, [])) : null;
}

const CERTIFICATE = 'application/pkix-cert';

function answerOcsp(
  publication: Publication,
  name: string,
  inPath: string,
  request: HttpRequest,
  at: number,
  random: Random,
): HttpResponse {
  const authority = publication.authorities.find(candidate => candidate.name === name && candidate.answersOcsp);
  if (authority === undefined) return plain(404, 'nobody of that name answers');
  const isPost = request.method === 'POST';
  if (isPost && request.contentType !== OCSP_REQUEST_TYPE) return plain(415, OCSP_REQUEST_TYPE);
  const question = parseOcspRequest(isPost ? request.body : fromPath(inPath));
  if (question === null) return good(OCSP_RESPONSE_TYPE, encodeOcspError('malformedRequest'));
  const responder = authorityOf(authority);
  const answers = question.ids.map(id => ({ id, status: statusOf(authority, responder.certificate, id, at) }));
  const thisUpdate = halfPeriod(at, OCSP_SECONDS);
  const order = { answers, thisUpdate, nextUpdate: thisUpdate + OCSP_SECONDS, nonce: question.nonce };
  return good(OCSP_RESPONSE_TYPE, encodeOcspResponse(order, responder, false, random));
}

/** Of those that it has issued; of no other is anything known, RFC 6960 §2.2. */
function statusOf(
  authority: PublishedAuthority,
  issuer: Certificate,
  id: CertId,
  at: number,
): OcspOrder['answers'][number]['status'] {
  const asked = certIdOf({ ...issuer, issuer: issuer.subject, serial: id.serial }, issuer, id.hash);
  const serial = Buffer.from(id.serial).toString('hex');
  const entry: IssuedEntry | undefined = certIdsEqual(asked, id)
    ? authority.issued.find(candidate => candidate.serial === serial)
    : undefined;
  if (entry === undefined) return 'unknown';
  return entry.revoked !== null && entry.revoked.at <= at ? entry.revoked : 'good';
}

/** RFC 6960 appendix A.1: Base64, and that once more for URLs. */
function fromPath(text: string): Uint8Array {
  return Uint8Array.from(
    Buffer.from(
      text.replace(/%([0-9a-f]{2})/gi, (_, code) => String.fromCharCode(Number.parseInt(String(code), 16))),
      'base64',
    ),
  );
}

/** The same for all who ask within half of the period, so that simulated runs are the same whoever asks first. */
function halfPeriod(at: number, seconds: number): number {
  return Math.floor(at / (seconds / 2)) * (seconds / 2);
}

const AUTHORITIES = new WeakMap<PublishedAuthority, Authority>();

function authorityOf(published: PublishedAuthority): Authority {
  const known = AUTHORITIES.get(published);
  if (known !== undefined) return known;
  const key = privateKey(octets(published.pkcs8));
  if (key === null) throw new Error(`the key of authority ${published.name} cannot be read`);
  const authority = { certificate: decodeCertificate(octets(published.certificate)), key };
  AUTHORITIES.set(published, authority);
  return authority;
}

function good(contentType: string, body: Uint8Array): HttpResponse {
  return { status: 200, contentType, body };
}

function plain(status: HttpResponse['status'], text: string): HttpResponse {
  return { status, contentType: 'text/plain; charset=utf-8', body: Buffer.from(`${text}\n`) };
}

function octets(hexadecimal: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hexadecimal, 'hex'));
}
