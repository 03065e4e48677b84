import { AsnConvert } from '@peculiar/asn1-schema';
import * as x509 from '@peculiar/asn1-x509';
import type { Random } from '../crypto/random.ts';
import type { PrivateKey, SignatureScheme } from '../crypto/signature.ts';
import { octetsEqual } from '../wire/octets.ts';
import { decodeCertificate } from './certificate.ts';
import { Tag } from '../wire/der-reader.ts';
import { der, derBitString } from '../wire/der-writer.ts';
import { algorithmIdentifier } from '../crypto/signature-scheme.ts';
import { sign } from '../crypto/sign.ts';
import { encodeExtensions, keyIdentifier, type PlannedExtensions } from './encode-extensions.ts';

/** All that a certificate says. Names and keys are DER, times seconds since the Unix epoch. */
export interface PlannedCertificate extends PlannedExtensions {
  readonly serial: Uint8Array;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface Signer {
  /** The name that it signs in. */
  readonly name: Uint8Array;
  readonly key: PrivateKey;
  readonly scheme: SignatureScheme;
}

/**
 * A certificate that says what the plan says, be it wise or not: engine/pki/issue.ts judges. Throws where a plan cannot be
 * written down. The caller owns the DER.
 */
export function encodeCertificate(plan: PlannedCertificate, issuer: Signer, random: Random): Uint8Array {
  const signature = asn(algorithmIdentifier(issuer.scheme), x509.AlgorithmIdentifier);
  const tbsCertificate = new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: buffer(plan.serial),
    signature,
    issuer: asn(issuer.name, x509.Name),
    validity: validityOf(plan),
    subject: asn(plan.subject, x509.Name),
    subjectPublicKeyInfo: asn(plan.spki, x509.SubjectPublicKeyInfo),
    extensions: new x509.Extensions(encodeExtensions(plan, plan.spki, keyIdentifier(issuer.key.public.spki))),
  });
  const tbs = octets(tbsCertificate);
  const encoded = signedBy(tbs, issuer, random);
  const read = decodeCertificate(encoded);
  const isFaithful =
    octetsEqual(read.tbs, tbs) &&
    octetsEqual(read.subject, plan.subject) &&
    octetsEqual(read.issuer, issuer.name) &&
    octetsEqual(read.spki, plan.spki);
  if (!isFaithful) throw new Error('a certificate was encoded otherwise than planned');
  return encoded;
}

/** SIGNED{…}, RFC 5280 §4.1: the octets that are signed, the algorithm, the signature. */
export function signedBy(tbs: Uint8Array, { key, scheme }: Omit<Signer, 'name'>, random: Random): Uint8Array {
  return der(Tag.SEQUENCE, tbs, algorithmIdentifier(scheme), derBitString(sign(key, scheme, tbs, random)));
}

/** A positive serial number of 16 octets, of which 126 bits are random: RFC 5280 §4.1.2.2. */
export function randomSerial(random: Random): Uint8Array {
  const serial = random.bytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}

function validityOf({ notBefore, notAfter }: PlannedCertificate): x509.Validity {
  const validity = new x509.Validity();
  validity.notBefore = asnTime(notBefore);
  validity.notAfter = asnTime(notAfter);
  return validity;
}

/** UTCTime through 2049, GeneralizedTime from 2050 on, RFC 5280 §4.1.2.5. */
export function asnTime(epochSeconds: number): x509.Time {
  return new x509.Time(Math.floor(epochSeconds) * 1000);
}

/** A value of the encoding library from DER. */
export function asn<T>(der: Uint8Array, type: new () => T): T {
  return AsnConvert.parse(der, type);
}

/** The DER of a value of the encoding library. */
export function octets(value: unknown): Uint8Array {
  return new Uint8Array(AsnConvert.serialize(value));
}

/** A copy as the encoding library wants it. */
export function buffer(octets: Uint8Array): ArrayBuffer {
  return Uint8Array.from(octets).buffer;
}
