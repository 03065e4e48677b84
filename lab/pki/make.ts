import { generateKeyPair } from '../../engine/crypto/generate-key.ts';
import type { Random } from '../../engine/crypto/random.ts';
import type { KeyKind, PrivateKey } from '../../engine/crypto/signature.ts';
import { type Certificate, decodeCertificate } from '../../engine/pki/certificate.ts';
import { encodeCertificate } from '../../engine/pki/encode-certificate.ts';
import { type Authority, type IssueOrder, plannedCertificate, usualScheme } from '../../engine/pki/issue.ts';
import type { Topology, TopologyCertificate, TopologyPki } from '../topology/model.ts';
import { authorityOrder, certificateOrder, publishingOf } from './plan.ts';

/** A key with what was made for it. */
export interface MadeKey {
  readonly key: PrivateKey;
  /** null: a bare key. */
  readonly certificate: Certificate | null;
  /** Certificates between it and its root, which is not among them. */
  readonly chain: readonly Certificate[];
}

export interface MadeAuthority extends Authority {
  readonly chain: readonly Certificate[];
  readonly isRoot: boolean;
  /** What it has issued, in the order in which it did. */
  readonly issued: readonly IssuedByAuthority[];
}

export interface IssuedByAuthority {
  readonly name: string;
  readonly certificate: Certificate;
  /** Seconds since the Unix epoch, and the reason in the words of RFC 5280 §5.3.1; null: it is good. */
  readonly revoked: { readonly at: number; readonly reason: string } | null;
}

/** Everything that `pki:` of a topology describes, by name. Secret. */
export interface MadePki {
  readonly description: TopologyPki;
  readonly authorities: ReadonlyMap<string, MadeAuthority>;
  readonly keys: ReadonlyMap<string, MadeKey>;
  /** Seconds since the Unix epoch. */
  readonly start: number;
}

/** What is revoked before a lab starts was so an hour before. */
const REVOKED_BEFORE_SECONDS = 3600;

/**
 * Makes every key and certificate that a topology describes, as it describes them: also those that no verifier should believe.
 * `start` is that of the lab, in seconds since the Unix epoch; `randomFor` gives each name random octets of its own, so
 * that the same ones make the same credentials, and a further certificate changes no other. Null without `pki:`.
 */
export function makePki(topology: Topology, start: number, randomFor: (name: string) => Random): MadePki | null {
  const { pki } = topology;
  if (pki === null) return null;
  const charles = new Charles(pki, Math.floor(start), randomFor);
  for (const { name, key, issuer, isRevoked, ...rest } of pki.authorities) {
    const order = authorityOrder({ name, key, issuer, isRevoked, ...rest }, publishingOf(pki, issuer), start);
    charles.authority(name, key, issuer, order, isRevoked ? 'cACompromise' : null);
  }
  for (const certificate of pki.certificates) {
    const { name, key, issuer, revoked } = certificate;
    const order = certificateOrder(certificate, publishingOf(pki, issuer), start);
    charles.certificate(name, key, issuer, order, revoked === null ? null : REASON[revoked]);
  }
  for (const { name, key } of pki.keys) charles.bareKey(name, key);
  return charles.done();
}

const REASON: Readonly<Record<NonNullable<TopologyCertificate['revoked']>, string>> = {
  'key-compromise': 'keyCompromise',
  superseded: 'superseded',
  'cessation-of-operation': 'cessationOfOperation',
  unspecified: 'unspecified',
};

/** Makes one after the other: an issuer before those whom it certifies. */
class Charles {
  readonly #description: TopologyPki;
  readonly #start: number;
  readonly #randomFor: (name: string) => Random;
  readonly #authorities = new Map<string, MadeAuthority & { readonly issued: IssuedByAuthority[] }>();
  readonly #keys = new Map<string, MadeKey>();

  constructor(description: TopologyPki, start: number, randomFor: (name: string) => Random) {
    this.#description = description;
    this.#start = start;
    this.#randomFor = randomFor;
  }

  authority(name: string, kind: KeyKind, issuer: string | null, order: IssueOrder, reason: string | null): void {
    const key = this.#keyPair(name, kind);
    const certificate = this.#issue(name, order, key, issuer, reason);
    const chain = this.#chainUnder(issuer);
    this.#authorities.set(name, { certificate, key, chain, isRoot: issuer === null, issued: [] });
  }

  certificate(name: string, kind: KeyKind, issuer: string | null, order: IssueOrder, reason: string | null): void {
    const key = this.#keyPair(name, kind);
    const certificate = this.#issue(name, order, key, issuer, reason);
    this.#keys.set(name, { key, certificate, chain: this.#chainUnder(issuer) });
  }

  bareKey(name: string, kind: KeyKind): void {
    this.#keys.set(name, { key: this.#keyPair(name, kind), certificate: null, chain: [] });
  }

  done(): MadePki {
    return {
      description: this.#description,
      authorities: this.#authorities,
      keys: this.#keys,
      start: this.#start,
    };
  }

  #keyPair(name: string, kind: KeyKind): PrivateKey {
    return generateKeyPair(kind, this.#randomFor(`key ${name}`));
  }

  /** Nothing is refused here: a lab needs certificates that are wrong. */
  #issue(name: string, order: IssueOrder, key: PrivateKey, issuer: string | null, reason: string | null): Certificate {
    const random = this.#randomFor(`certificate ${name}`);
    const above = issuer === null ? null : this.#authority(issuer);
    const signing = above?.key ?? key;
    const signer = {
      name: above?.certificate.subject ?? order.subject,
      key: signing,
      scheme: usualScheme(signing.public),
    };
    const plan = plannedCertificate(order, key.public.spki, random);
    const certificate = decodeCertificate(encodeCertificate(plan, signer, random));
    const revoked = reason === null ? null : { at: this.#start - REVOKED_BEFORE_SECONDS, reason };
    above?.issued.push({ name, certificate, revoked });
    return certificate;
  }

  #chainUnder(issuer: string | null): readonly Certificate[] {
    const above = issuer === null ? null : this.#authority(issuer);
    return above === null || above.isRoot ? [] : [above.certificate, ...above.chain];
  }

  #authority(name: string): MadeAuthority & { readonly issued: IssuedByAuthority[] } {
    const found = this.#authorities.get(name);
    if (found === undefined) throw new Error(`there is no authority ${name} in pki`);
    return found;
  }
}
