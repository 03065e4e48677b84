import { octetsEqual } from '../wire/octets.ts';
import { type Certificate, serialText } from './certificate.ts';
import type { CertificateList, Revocation } from './crl.ts';
import { KeyUsage } from './extension.ts';
import { namesEqual } from './name.ts';
import { checkSignature, type SignatureTerms } from './signature-check.ts';

/** What one list says of one certificate. */
export type CrlVerdict =
  | { readonly kind: 'good'; readonly until: number }
  | { readonly kind: 'revoked'; readonly revocation: Revocation }
  /** It says nothing that counts. */
  | { readonly kind: 'unusable'; readonly why: string };

/** A list that is made this far in the future, by our clock, is none: clocks differ. Seconds. */
export const CLOCK_SKEW_SECONDS = 300;

/**
 * RFC 5280 §6.3 for whole lists that the issuer of the certificate signs itself: delta lists, indirect ones and those of some
 * certificates or reasons are not used. A list that revokes is believed also when a newer one is due.
 */
export function checkAgainstCrl(
  certificate: Certificate,
  issuer: Certificate,
  crl: CertificateList,
  terms: SignatureTerms & { readonly at: number },
): CrlVerdict {
  if (!namesEqual(crl.issuer, certificate.issuer)) return unusable('it is of another issuer');
  if (crl.isPartial) return unusable('it is a delta list, or of some certificates only');
  const [extension] = crl.unknownCritical;
  if (extension !== undefined) return unusable(`it has a critical extension that is not known here: ${extension}`);
  const { keyUsage, subjectKeyId } = issuer.extensions;
  if (keyUsage !== null && !keyUsage.has(KeyUsage.cRLSign)) return unusable('its issuer may not sign CRLs (keyUsage)');
  const isOtherKey =
    crl.authorityKeyId !== null && subjectKeyId !== null && !octetsEqual(crl.authorityKeyId, subjectKeyId);
  if (isOtherKey || checkSignature(crl, issuer, terms).kind !== 'good')
    return unusable('its signature is not its issuer’s');
  if (crl.thisUpdate > terms.at + CLOCK_SKEW_SECONDS) return unusable('it is from the future');
  const revocation = crl.revoked.get(serialText(certificate.serial));
  if (revocation !== undefined && revocation.reason !== 'removeFromCRL') return { kind: 'revoked', revocation };
  if (crl.nextUpdate === null || crl.nextUpdate < terms.at) return unusable('a newer one is due');
  return { kind: 'good', until: crl.nextUpdate };
}

function unusable(why: string): CrlVerdict {
  return { kind: 'unusable', why };
}
