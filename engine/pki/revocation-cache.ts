import { type Certificate, serialText } from './certificate.ts';
import type { CertificateList, Revocation } from './crl.ts';
import { nameKey } from './name.ts';

export type KnownStanding =
  | { readonly kind: 'good'; readonly until: number }
  | { readonly kind: 'revoked'; readonly revocation: Revocation };

/** A hold can be lifted: so long nobody is asked again. */
const REVOKED_SECONDS = 900;

/** Each may have a megabyte. */
const LISTS_MAX = 8;

/**
 * What verified CRLs and OCSP responses have said of certificates, until the next ones are due; and those CRLs that were fetched,
 * which know of other certificates as well. Only certificates of valid paths get here, and the oldest makes room.
 */
export class RevocationCache {
  readonly #capacity: number;
  readonly #known = new Map<string, { readonly standing: KnownStanding; readonly until: number }>();

  /** By the address that they are from. */
  readonly #lists = new Map<string, CertificateList>();

  constructor(capacity = 1024) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#known.size;
  }

  /** Null: nothing, or not any more. `at` in seconds since the Unix epoch. */
  standing(certificate: Certificate, issuer: Certificate, at: number): KnownStanding | null {
    const found = this.#known.get(keyOf(certificate, issuer));
    return found === undefined || found.until < at ? null : found.standing;
  }

  remember(certificate: Certificate, issuer: Certificate, standing: KnownStanding, at: number): void {
    const key = keyOf(certificate, issuer);
    this.#known.delete(key);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= this.#capacity && oldest !== undefined) this.#known.delete(oldest);
    const until = standing.kind === 'good' ? standing.until : at + REVOKED_SECONDS;
    this.#known.set(key, { standing, until });
  }

  /** Null: none, or a newer one is due. Whoever uses it verifies it once more: it need not be of that certificate's issuer. */
  list(url: string, at: number): CertificateList | null {
    const list = this.#lists.get(url) ?? null;
    return list === null || (list.nextUpdate ?? 0) < at ? null : list;
  }

  /** One that was fetched from there, and that has decided about a certificate. */
  keepList(url: string, list: CertificateList): void {
    this.#lists.delete(url);
    const [oldest] = this.#lists.keys();
    if (this.#lists.size >= LISTS_MAX && oldest !== undefined) this.#lists.delete(oldest);
    this.#lists.set(url, list);
  }
}

/** By name and key of the issuer, and serial number: what lists and responses are about. */
function keyOf(certificate: Certificate, issuer: Certificate): string {
  const key = Buffer.from(issuer.spki).toString('base64');
  return `${serialText(certificate.serial)} ${key} ${nameKey(certificate.issuer)}`;
}
