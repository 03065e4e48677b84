import { contextConstructed, Tag } from '../wire/der-reader.ts';
import { der } from '../wire/der-writer.ts';

/**
 * CertificateBundle of RFC 7296 §3.6, what "Hash and URL of X.509 bundle" points at: certificates and CRLs (DER), in this
 * order; the first certificate is that of the key that signs. The caller owns the octets.
 */
export function encodeBundle(certificates: readonly Uint8Array[], crls: readonly Uint8Array[]): Uint8Array {
  return der(
    Tag.SEQUENCE,
    ...certificates.map(certificate => der(contextConstructed(0), certificate)),
    ...crls.map(crl => der(contextConstructed(1), crl)),
  );
}
