import { AsnConvert } from '@peculiar/asn1-schema';
import * as csr from '@peculiar/asn1-csr';
import * as x509 from '@peculiar/asn1-x509';
import type { Random } from '../crypto/random.ts';
import type { PrivateKey, SignatureScheme } from '../crypto/signature.ts';
import { WireError } from '../wire/wire-error.ts';
import { contextConstructed, DerReader, Tag } from '../wire/der-reader.ts';
import { asn, octets, signedBy } from './encode-certificate.ts';
import { asnGeneralName, extension } from './encode-extensions.ts';
import { decodeExtensions, type Extension, knownExtensions } from './extension.ts';
import type { GeneralName } from './general-name.ts';
import { decodeName } from './name.ts';
import { Oid } from './oid.ts';
import type { Signed } from './signature-check.ts';
import { subjectPublicKey } from './spki.ts';

/** A certification request, PKCS #10 (RFC 2986). Octets are views. */
export interface CertificateRequest extends Signed {
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  /** What its extensionRequest asks for; all else that it asks for is the CA's to decide. */
  readonly altNames: readonly GeneralName[];
  readonly asksForCa: boolean;
}

export const REQUEST_OCTETS_MAX = 16_384;

/** Null where the octets are not exactly one request in DER. Whether its signature is good: `checkSelfSignature`. */
export function parseCertificateRequest(der: Uint8Array): CertificateRequest | null {
  if (der.length > REQUEST_OCTETS_MAX) return null;
  try {
    return decodeRequest(der);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

/** A request by the holder of a key, signed by it. The caller owns the DER. */
export function encodeCertificateRequest(
  { subject, altNames }: { readonly subject: Uint8Array; readonly altNames: readonly GeneralName[] },
  key: PrivateKey,
  scheme: SignatureScheme,
  random: Random,
): Uint8Array {
  const names = new x509.SubjectAlternativeName(altNames.map(asnGeneralName));
  const extensions = new x509.Extensions([extension(Oid.SUBJECT_ALT_NAME, false, names)]);
  const wanted = new x509.Attribute({ type: Oid.EXTENSION_REQUEST, values: [AsnConvert.serialize(extensions)] });
  const certificationRequestInfo = new csr.CertificationRequestInfo({
    subject: asn(subject, x509.Name),
    subjectPKInfo: asn(key.public.spki, x509.SubjectPublicKeyInfo),
    attributes: new csr.Attributes(altNames.length === 0 ? [] : [wanted]),
  });
  return signedBy(octets(certificationRequestInfo), { key, scheme }, random);
}

function decodeRequest(der: Uint8Array): CertificateRequest {
  const outer = new DerReader(der, 'request');
  const signed = outer.sequence('CertificationRequest');
  outer.end('CertificationRequest');
  const tbs = signed.element(Tag.SEQUENCE, 'certificationRequestInfo');
  const signatureAlgorithm = signed.element(Tag.SEQUENCE, 'signatureAlgorithm').whole;
  const signature = signed.bitString('signature');
  signed.end('signature');
  const fields = new DerReader(tbs.content, 'request');
  if (fields.smallInteger('version') !== 0) throw fields.error('version', 'is not 1');
  const subject = fields.element(Tag.SEQUENCE, 'subject').whole;
  decodeName(subject);
  const spki = fields.element(Tag.SEQUENCE, 'subjectPKInfo').whole;
  subjectPublicKey(spki);
  const asked = knownExtensions(requested(fields.optionalInside(contextConstructed(0), 'attributes')));
  fields.end('certificationRequestInfo');
  const asksForCa = asked.basicConstraints?.isCa === true;
  return { tbs: tbs.whole, signatureAlgorithm, signature, subject, spki, altNames: asked.subjectAltNames, asksForCa };
}

/** The extensions of the extensionRequest attribute, RFC 2985 §5.4.2; other attributes are passed over. */
function requested(attributes: DerReader | null): readonly Extension[] {
  if (attributes === null) return [];
  while (!attributes.isAtEnd) {
    const attribute = attributes.sequence('Attribute');
    const type = attribute.oid('type');
    const values = attribute.inside(Tag.SET, 'values');
    if (type === Oid.EXTENSION_REQUEST) return decodeExtensions(values.sequence('extensionRequest'));
  }
  return [];
}
