import { octetsEqual } from '../wire/octets.ts';
import { WireError } from '../wire/wire-error.ts';
import { contextConstructed, contextPrimitive, DerReader, Tag } from '../wire/der-reader.ts';
import { type CertificateExtensions, decodeExtensions, knownExtensions } from './extension.ts';
import { decodeName, isEmptyName, namesEqual } from './name.ts';
import { subjectPublicKey } from './spki.ts';

/** An X.509 certificate, RFC 5280 §4.1. All octets are views of `der`. */
export interface Certificate {
  readonly der: Uint8Array;
  /** tbsCertificate: what the signature is of. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** Content octets of the INTEGER, as they stand. */
  readonly serial: Uint8Array;
  /** Names, DER. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Seconds since the Unix epoch; valid from the one to the other, both included. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo, DER; whether we know the algorithm is the reader's to find out. */
  readonly spki: Uint8Array;
  /** AlgorithmIdentifier, DER: the same inside and outside of what is signed. */
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
  readonly extensions: CertificateExtensions;
}

/** Of one certificate, unless a smaller bound is asked for. */
export const CERTIFICATE_OCTETS_MAX = 65_536;
/** RFC 5280 §4.1.2.2. */
const SERIAL_OCTETS_MAX = 20;

/** Null where the octets are not exactly one certificate in DER of at most `octetsMax` octets. */
export function parseCertificate(der: Uint8Array, octetsMax: number = CERTIFICATE_OCTETS_MAX): Certificate | null {
  if (der.length > octetsMax) return null;
  try {
    return decodeCertificate(der);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

/** Throws `WireError` that says what is wrong with it. */
export function decodeCertificate(der: Uint8Array): Certificate {
  if (der.length > CERTIFICATE_OCTETS_MAX)
    throw new WireError('certificate', 0, `is larger than ${CERTIFICATE_OCTETS_MAX} octets`);
  const outer = new DerReader(der, 'certificate');
  const signed = outer.sequence('Certificate');
  outer.end('Certificate');
  const tbs = signed.element(Tag.SEQUENCE, 'tbsCertificate');
  const signatureAlgorithm = signed.element(Tag.SEQUENCE, 'signatureAlgorithm').whole;
  const signature = signed.bitString('signatureValue');
  signed.end('signatureValue');

  const fields = new DerReader(tbs.content, 'certificate');
  const version = decodeVersion(fields);
  const serial = fields.integer('serialNumber');
  if (serial.length > SERIAL_OCTETS_MAX) throw fields.error('serialNumber', 'is longer than 20 octets');
  const inner = fields.element(Tag.SEQUENCE, 'signature').whole;
  // RFC 5280 §4.1.1.2. Otherwise a stranger could make any number of encodings of one certificate.
  if (!octetsEqual(inner, signatureAlgorithm)) throw fields.error('signature', 'differs from signatureAlgorithm');
  const issuer = nameOf(fields, 'issuer');
  if (isEmptyName(issuer)) throw fields.error('issuer', 'is empty'); // RFC 5280 §4.1.2.4
  const validity = fields.sequence('validity');
  const notBefore = validity.time('notBefore');
  const notAfter = validity.time('notAfter');
  validity.end('validity');
  const subject = nameOf(fields, 'subject');
  const spki = fields.element(Tag.SEQUENCE, 'subjectPublicKeyInfo').whole;
  subjectPublicKey(spki); // nobody behind here has to ask whether there is one
  fields.optional(contextPrimitive(1), 'issuerUniqueID');
  fields.optional(contextPrimitive(2), 'subjectUniqueID');
  const list = fields.optionalInside(contextConstructed(3), 'extensions');
  fields.end('tbsCertificate');
  if (list !== null && version !== 3) throw fields.error('extensions', `in version ${version}`);
  return {
    der,
    tbs: tbs.whole,
    version,
    serial,
    issuer,
    subject,
    notBefore,
    notAfter,
    spki,
    signatureAlgorithm,
    signature,
    extensions: extensionsOf(list),
  };
}

/** Issuer and subject are one name: self-issued, RFC 5280 §6.1; its own key need not have signed it. */
export function isSelfIssued(certificate: Certificate): boolean {
  return !isEmptyName(certificate.subject) && namesEqual(certificate.issuer, certificate.subject);
}

/** Lower-case hexadecimal, without the leading zero octet of a positive integer: `4f0a`. */
export function serialText(serial: Uint8Array): string {
  const text = Buffer.from(serial).toString('hex');
  return text.length > 2 && text.startsWith('00') ? text.slice(2) : text;
}

function decodeVersion(fields: DerReader): 1 | 2 | 3 {
  const explicit = fields.optionalInside(contextConstructed(0), 'version');
  if (explicit === null) return 1;
  const version = explicit.smallInteger('version');
  explicit.end('version');
  // A default value is not encoded in DER, but certificates of version 1 that say so are about, and harmless.
  if (version === 0) return 1;
  if (version === 1) return 2;
  if (version === 2) return 3;
  throw fields.error('version', `is ${version + 1}`);
}

function nameOf(fields: DerReader, field: string): Uint8Array {
  const { whole } = fields.element(Tag.SEQUENCE, field);
  decodeName(whole);
  return whole;
}

function extensionsOf(list: DerReader | null): CertificateExtensions {
  if (list === null) return knownExtensions([]);
  const inner = list.sequence('extensions');
  list.end('extensions');
  return knownExtensions(decodeExtensions(inner));
}
