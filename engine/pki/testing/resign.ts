import { type Certificate, decodeCertificate } from '../certificate.ts';
import { DerReader } from '../../wire/der-reader.ts';
import { der, derBitString } from '../../wire/der-writer.ts';

/** The certificate with another signature, and as it says another algorithm (DER), inside and outside. */
export function resigned(
  certificate: Certificate,
  sign: (tbs: Uint8Array) => Uint8Array,
  algorithm?: Uint8Array,
): Certificate {
  const identifier = algorithm ?? certificate.signatureAlgorithm;
  const tbs = withAlgorithm(certificate, identifier);
  return decodeCertificate(der(0x30, tbs, identifier, derBitString(sign(tbs))));
}

/** tbsCertificate with another `signature` field. */
function withAlgorithm({ tbs }: Certificate, algorithm: Uint8Array): Uint8Array {
  const fields = new DerReader(tbs, 'test').sequence('tbs');
  const parts: Uint8Array[] = [];
  while (!fields.isAtEnd) parts.push(fields.any('field').whole);
  parts[2] = algorithm;
  return der(0x30, ...parts);
}
