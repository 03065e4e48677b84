import { WireError } from '../wire/wire-error.ts';
import { REASONS, type Revocation } from './crl.ts';
import { contextConstructed, contextPrimitive, DerReader, Tag } from '../wire/der-reader.ts';
import { decodeName } from './name.ts';
import { type CertId, decodeCertId, decodeNonce } from './ocsp-request.ts';
import { Oid } from './oid.ts';

/** A basic response of OCSP, RFC 6960 §4.2.1. Octets are views. */
export interface OcspResponse {
  /** tbsResponseData: what the signature is of. */
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
  /** A Name (DER), or the SHA-1 of the responder's key. */
  readonly responder:
    | { readonly kind: 'name'; readonly name: Uint8Array }
    | { readonly kind: 'key'; readonly hash: Uint8Array };
  /** Seconds since the Unix epoch. */
  readonly producedAt: number;
  readonly answers: readonly OcspAnswer[];
  readonly nonce: Uint8Array | null;
  /** Certificates that may be the responder's, DER. */
  readonly certificates: readonly Uint8Array[];
}

/** SingleResponse. */
export interface OcspAnswer {
  readonly id: CertId;
  readonly status: 'good' | 'unknown' | Revocation;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
}

export const OCSP_OCTETS_MAX = 32_768;
const ANSWERS_MAX = 64;
const CERTIFICATES_MAX = 4;

/** Null where the octets are not a successful basic response of at most `octetsMax` octets. */
export function parseOcspResponse(octets: Uint8Array, octetsMax: number = OCSP_OCTETS_MAX): OcspResponse | null {
  if (octets.length > octetsMax) return null;
  try {
    return decodeOcspResponse(octets);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

/** Throws `WireError` that says what is wrong with it, or which error it is. */
export function decodeOcspResponse(octets: Uint8Array): OcspResponse {
  const outer = new DerReader(octets, 'OCSP response');
  const response = outer.sequence('OCSPResponse');
  outer.end('OCSPResponse');
  const status = response.smallInteger('responseStatus', Tag.ENUMERATED);
  if (status !== 0) throw response.error('responseStatus', STATUS[status] ?? 'is not known');
  const explicit = response.inside(contextConstructed(0), 'responseBytes');
  const bytes = explicit.sequence('responseBytes');
  if (bytes.oid('responseType') !== Oid.OCSP_BASIC) throw bytes.error('responseType', 'is not the basic one');
  return decodeBasic(bytes.octetString('response'));
}

/** RFC 6960 §4.2.1. */
const STATUS: Readonly<Record<number, string>> = {
  1: 'is malformedRequest',
  2: 'is internalError',
  3: 'is tryLater',
  5: 'is sigRequired',
  6: 'is unauthorized',
};

function decodeBasic(octets: Uint8Array): OcspResponse {
  const outer = new DerReader(octets, 'OCSP response');
  const basic = outer.sequence('BasicOCSPResponse');
  outer.end('BasicOCSPResponse');
  const tbs = basic.element(Tag.SEQUENCE, 'tbsResponseData');
  const signatureAlgorithm = basic.element(Tag.SEQUENCE, 'signatureAlgorithm').whole;
  const signature = basic.bitString('signature');
  const certificates = basic.optionalInside(contextConstructed(0), 'certs');
  basic.end('BasicOCSPResponse');
  const fields = new DerReader(tbs.content, 'OCSP response');
  const version = fields.optionalInside(contextConstructed(0), 'version');
  if (version !== null && version.smallInteger('version') !== 0) throw fields.error('version', 'is not 1');
  const responder = responderOf(fields);
  const producedAt = fields.time('producedAt');
  const list = fields.sequence('responses');
  const answers: OcspAnswer[] = [];
  for (let count = 0; !list.isAtEnd; count++) {
    if (count === ANSWERS_MAX) throw list.error('responses', `are more than ${ANSWERS_MAX}`);
    const answer = answerOf(list.sequence('SingleResponse'));
    if (answer !== null) answers.push(answer);
  }
  const nonce = decodeNonce(fields.optionalInside(contextConstructed(1), 'responseExtensions'), 'OCSP response');
  fields.end('tbsResponseData');
  return {
    tbs: tbs.whole,
    signatureAlgorithm,
    signature,
    responder,
    producedAt,
    answers,
    nonce,
    certificates: certificatesOf(certificates),
  };
}

function responderOf(fields: DerReader): OcspResponse['responder'] {
  const name = fields.optional(contextConstructed(1), 'byName');
  if (name !== null) {
    decodeName(name.content);
    return { kind: 'name', name: name.content };
  }
  return { kind: 'key', hash: fields.inside(contextConstructed(2), 'byKey').octetString('byKey') };
}

/** Null where the identifier has a hash that we do not know: not about what we asked. */
function answerOf(fields: DerReader): OcspAnswer | null {
  const id = decodeCertId(fields);
  const status = statusOf(fields);
  const thisUpdate = fields.time('thisUpdate');
  const next = fields.optionalInside(contextConstructed(0), 'nextUpdate');
  const nextUpdate = next === null ? null : next.time('nextUpdate');
  fields.optional(contextConstructed(1), 'singleExtensions');
  fields.end('SingleResponse');
  return id === null ? null : { id, status, thisUpdate, nextUpdate };
}

function statusOf(fields: DerReader): OcspAnswer['status'] {
  if (fields.optional(contextPrimitive(0), 'good') !== null) return 'good';
  if (fields.optional(contextPrimitive(2), 'unknown') !== null) return 'unknown';
  const info = fields.inside(contextConstructed(1), 'revoked');
  const at = info.time('revocationTime');
  const reason = info.optionalInside(contextConstructed(0), 'revocationReason');
  info.end('revoked');
  const code = reason?.smallInteger('revocationReason', Tag.ENUMERATED);
  return { at, reason: code === undefined ? null : (REASONS[code] ?? null) };
}

function certificatesOf(explicit: DerReader | null): readonly Uint8Array[] {
  if (explicit === null) return [];
  const list = explicit.sequence('certs');
  explicit.end('certs');
  const found: Uint8Array[] = [];
  while (!list.isAtEnd) {
    if (found.length === CERTIFICATES_MAX) throw list.error('certs', `are more than ${CERTIFICATES_MAX}`);
    found.push(list.element(Tag.SEQUENCE, 'certs').whole);
  }
  return found;
}
