import * as x509 from '@peculiar/asn1-x509';
import type { Random } from '../crypto/random.ts';
import { algorithmIdentifier } from '../crypto/signature-scheme.ts';
import type { SignatureScheme } from '../crypto/signature.ts';
import { REASONS, type Revocation } from './crl.ts';
import { asn, asnTime, buffer, octets, signedBy } from './encode-certificate.ts';
import { extension, keyIdentifier } from './encode-extensions.ts';
import { type Authority, usualScheme } from './issue.ts';
import { Oid } from './oid.ts';

/** Times in seconds since the Unix epoch. */
export interface CrlOrder {
  /** In the order of the list. `serial`: content octets of the INTEGER. */
  readonly revoked: readonly (Revocation & { readonly serial: Uint8Array })[];
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** From 1; larger in each list than in the one before, RFC 5280 §5.2.3. */
  readonly number: number;
  /** null: as suits the key. */
  readonly scheme: SignatureScheme | null;
}

/** A whole CRL of an authority's own certificates, RFC 5280 §5. The caller owns the DER. */
export function encodeCrl(order: CrlOrder, { certificate, key }: Authority, random: Random): Uint8Array {
  const { revoked, thisUpdate, nextUpdate, number } = order;
  if (nextUpdate <= thisUpdate) throw new RangeError('a CRL whose next one is due before it');
  const scheme = order.scheme ?? usualScheme(key.public);
  const signatureAlgorithm = asn(algorithmIdentifier(scheme), x509.AlgorithmIdentifier);
  const keyId = new x509.KeyIdentifier(keyIdentifier(key.public.spki));
  const tbsCertList = new x509.TBSCertList({
    version: x509.Version.v2,
    signature: signatureAlgorithm,
    issuer: asn(certificate.subject, x509.Name),
    thisUpdate: asnTime(thisUpdate),
    nextUpdate: asnTime(nextUpdate),
    // An empty list is left out, RFC 5280 §5.1.2.6.
    ...(revoked.length > 0 ? { revokedCertificates: revoked.map(revokedCertificate) } : {}),
    crlExtensions: [
      extension(Oid.AUTHORITY_KEY_IDENTIFIER, false, new x509.AuthorityKeyIdentifier({ keyIdentifier: keyId })),
      extension(Oid.CRL_NUMBER, false, new x509.CRLNumber(number)),
    ],
  });
  return signedBy(octets(tbsCertList), { key, scheme }, random);
}

/** The code of a reason in the words of RFC 5280 §5.3.1; null: there is none of that name for whole lists. */
export function reasonCode(reason: string): number | null {
  const code = REASONS.indexOf(reason);
  return code < 0 || reason === 'removeFromCRL' ? null : code;
}

function revokedCertificate({ serial, at, reason }: CrlOrder['revoked'][number]): x509.RevokedCertificate {
  const code = reason === null ? null : reasonCode(reason);
  // `unspecified` is said by saying nothing.
  const isSaid = code !== null && code !== 0;
  return new x509.RevokedCertificate({
    userCertificate: buffer(serial),
    revocationDate: asnTime(at),
    ...(isSaid ? { crlEntryExtensions: [extension(Oid.CRL_REASON, false, new x509.CRLReason(code))] } : {}),
  });
}
