import { createHash } from 'node:crypto';
import { octetsEqual } from '../wire/octets.ts';
import { WireError } from '../wire/wire-error.ts';
import type { Certificate } from './certificate.ts';
import { contextConstructed, DerReader, Tag } from '../wire/der-reader.ts';
import { der, derOid } from '../wire/der-writer.ts';
import { decodeExtensions } from './extension.ts';
import { Oid } from './oid.ts';
import { subjectPublicKey } from './spki.ts';

/** Which certificate is asked about, RFC 6960 §4.1.1. */
export interface CertId {
  readonly hash: 'sha1' | 'sha256';
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  /** Content octets of the INTEGER. */
  readonly serial: Uint8Array;
}

export interface OcspRequest {
  readonly ids: readonly CertId[];
  readonly nonce: Uint8Array | null;
}

export const OCSP_REQUEST_TYPE = 'application/ocsp-request';
export const OCSP_RESPONSE_TYPE = 'application/ocsp-response';

const HASH_OIDS = { sha1: Oid.SHA1, sha256: Oid.SHA256 } as const;
const IDS_MAX = 16;
/** RFC 8954 §2.1. */
const NONCE_OCTETS_MAX = 32;

/** The hash is a name for the issuer, and its name and key are compared as well: SHA-1 is what all responders know. */
export function certIdOf(certificate: Certificate, issuer: Certificate, hash: CertId['hash'] = 'sha1'): CertId {
  return {
    hash,
    issuerNameHash: createHash(hash).update(certificate.issuer).digest(),
    issuerKeyHash: createHash(hash).update(subjectPublicKey(issuer.spki)).digest(),
    serial: certificate.serial,
  };
}

export function certIdsEqual(a: CertId, b: CertId): boolean {
  return (
    a.hash === b.hash &&
    octetsEqual(a.issuerNameHash, b.issuerNameHash) &&
    octetsEqual(a.issuerKeyHash, b.issuerKeyHash) &&
    octetsEqual(a.serial, b.serial)
  );
}

/** An unsigned request about one certificate. The caller owns the octets. */
export function encodeOcspRequest(id: CertId, nonce: Uint8Array | null): Uint8Array {
  const requests = der(Tag.SEQUENCE, der(Tag.SEQUENCE, encodeCertId(id)));
  return der(Tag.SEQUENCE, der(Tag.SEQUENCE, requests, ...(nonce === null ? [] : [nonceExtensions(nonce)])));
}

/** Null where the octets are no request, or one about more certificates than a responder looks up. */
export function parseOcspRequest(octets: Uint8Array): OcspRequest | null {
  try {
    return decodeOcspRequest(octets);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

/** Reads a CertID; null where its hash is another than SHA-1 or SHA-256. Throws `WireError`. */
export function decodeCertId(list: DerReader): CertId | null {
  const fields = list.sequence('CertID');
  const algorithm = fields.sequence('hashAlgorithm');
  const oid = algorithm.oid('hashAlgorithm');
  const issuerNameHash = fields.octetString('issuerNameHash');
  const issuerKeyHash = fields.octetString('issuerKeyHash');
  const serial = fields.integer('serialNumber');
  fields.end('CertID');
  const hash = oid === Oid.SHA1 ? 'sha1' : oid === Oid.SHA256 ? 'sha256' : null;
  return hash === null ? null : { hash, issuerNameHash, issuerKeyHash, serial };
}

/** The nonce of requestExtensions or responseExtensions, RFC 6960 §4.4.1. Throws `WireError`. */
export function decodeNonce(explicit: DerReader | null, what: string): Uint8Array | null {
  if (explicit === null) return null;
  const extensions = decodeExtensions(explicit.sequence('extensions'));
  explicit.end('extensions');
  const found = extensions.find(({ type }) => type === Oid.OCSP_NONCE);
  if (found === undefined) return null;
  const nonce = new DerReader(found.value, what).octetString('nonce');
  return nonce;
}

function decodeOcspRequest(octets: Uint8Array): OcspRequest | null {
  const outer = new DerReader(octets, 'OCSP request');
  const request = outer.sequence('OCSPRequest');
  outer.end('OCSPRequest');
  const fields = request.sequence('tbsRequest');
  fields.optional(contextConstructed(0), 'version');
  fields.optional(contextConstructed(1), 'requestorName');
  const list = fields.sequence('requestList');
  const ids: (CertId | null)[] = [];
  while (!list.isAtEnd && ids.length <= IDS_MAX) ids.push(decodeCertId(list.sequence('Request')));
  const nonce = decodeNonce(fields.optionalInside(contextConstructed(2), 'requestExtensions'), 'OCSP request');
  fields.end('tbsRequest');
  const known = ids.filter(id => id !== null);
  if (known.length !== ids.length || ids.length === 0 || ids.length > IDS_MAX) return null;
  return { ids: known, nonce: nonce !== null && nonce.length <= NONCE_OCTETS_MAX ? nonce : null };
}

function encodeCertId({ hash, issuerNameHash, issuerKeyHash, serial }: CertId): Uint8Array {
  return der(
    Tag.SEQUENCE,
    der(Tag.SEQUENCE, derOid(HASH_OIDS[hash]), der(Tag.NULL)),
    der(Tag.OCTET_STRING, issuerNameHash),
    der(Tag.OCTET_STRING, issuerKeyHash),
    der(Tag.INTEGER, serial),
  );
}

function nonceExtensions(nonce: Uint8Array): Uint8Array {
  const value = der(Tag.OCTET_STRING, der(Tag.OCTET_STRING, nonce));
  return der(contextConstructed(2), der(Tag.SEQUENCE, der(Tag.SEQUENCE, derOid(Oid.OCSP_NONCE), value)));
}
