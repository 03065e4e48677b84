import { createHash } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import * as x509 from '@peculiar/asn1-x509';
import { formatAddress } from '../wire/address.ts';
import { KeyUsage, type NameConstraints } from './extension.ts';
import type { GeneralName } from './general-name.ts';
import { subjectPublicKey } from './spki.ts';
import { Oid } from './oid.ts';

/** What a certificate is to say besides its names, key and validity. */
export interface PlannedExtensions {
  /** null: not a CA. */
  readonly ca: { readonly pathLength: number | null } | null;
  /** Values of `KeyUsage`. */
  readonly keyUsage: readonly number[];
  /** Empty: any. */
  readonly extendedKeyUsage: readonly string[];
  readonly altNames: readonly GeneralName[];
  readonly nameConstraints: NameConstraints | null;
  readonly crlUris: readonly string[];
  readonly ocspUris: readonly string[];
  readonly caIssuerUris: readonly string[];
  readonly isOcspNoCheck: boolean;
}

/** Those of a plan and the key identifiers, critical where RFC 5280 §4.2.1 says so. */
export function encodeExtensions(
  plan: PlannedExtensions,
  subjectSpki: Uint8Array,
  issuerKeyId: Uint8Array,
): x509.Extension[] {
  const { ca, keyUsage, extendedKeyUsage, altNames, nameConstraints, crlUris, ocspUris, caIssuerUris } = plan;
  const usage = keyUsage.reduce((flags, bit) => flags | (1 << bit), 0);
  const access = [
    ...ocspUris.map(uri => accessDescription(Oid.AD_OCSP, uri)),
    ...caIssuerUris.map(uri => accessDescription(Oid.AD_CA_ISSUERS, uri)),
  ];
  return [
    extension(Oid.BASIC_CONSTRAINTS, true, basicConstraints(ca)),
    ...(usage === 0 ? [] : [extension(Oid.KEY_USAGE, true, new x509.KeyUsage(usage))]),
    ...some(extendedKeyUsage, Oid.EXTENDED_KEY_USAGE, list => new x509.ExtendedKeyUsage([...list])),
    ...some(altNames, Oid.SUBJECT_ALT_NAME, names => new x509.SubjectAlternativeName(names.map(asnGeneralName))),
    ...(nameConstraints === null ? [] : [extension(Oid.NAME_CONSTRAINTS, true, asnConstraints(nameConstraints))]),
    extension(Oid.SUBJECT_KEY_IDENTIFIER, false, new x509.SubjectKeyIdentifier(keyIdentifier(subjectSpki))),
    extension(
      Oid.AUTHORITY_KEY_IDENTIFIER,
      false,
      new x509.AuthorityKeyIdentifier({ keyIdentifier: new x509.KeyIdentifier(issuerKeyId) }),
    ),
    ...some(crlUris, Oid.CRL_DISTRIBUTION_POINTS, uris => new x509.CRLDistributionPoints([distributionPoint(uris)])),
    ...some(access, Oid.AUTHORITY_INFO_ACCESS, list => new x509.AuthorityInfoAccessSyntax([...list])),
    ...(plan.isOcspNoCheck ? [rawExtension(Oid.OCSP_NO_CHECK, false, Uint8Array.of(5, 0))] : []),
  ];
}

/** SHA-1 of the key's bit string, RFC 5280 §4.2.1.2 (1): a name for a key, which nobody relies on. */
export function keyIdentifier(spki: Uint8Array): Uint8Array {
  return createHash('sha1').update(subjectPublicKey(spki)).digest();
}

export function extension(type: string, isCritical: boolean, value: unknown): x509.Extension {
  return rawExtension(type, isCritical, new Uint8Array(AsnConvert.serialize(value)));
}

/** `value` is DER. */
export function rawExtension(type: string, isCritical: boolean, value: Uint8Array): x509.Extension {
  return new x509.Extension({ extnID: type, critical: isCritical, extnValue: new OctetString(Uint8Array.from(value)) });
}

export function asnGeneralName(name: GeneralName): x509.GeneralName {
  switch (name.kind) {
    case 'dns':
      return new x509.GeneralName({ dNSName: name.text });
    case 'email':
      return new x509.GeneralName({ rfc822Name: name.text });
    case 'uri':
      return new x509.GeneralName({ uniformResourceIdentifier: name.text });
    case 'ip':
      return new x509.GeneralName({ iPAddress: addressText(name.octets) });
    case 'directory':
      return new x509.GeneralName({ directoryName: AsnConvert.parse(name.name, x509.Name) });
    case 'other':
      throw new Error(`names of kind ${name.number} are not issued`);
  }
}

function basicConstraints(ca: PlannedExtensions['ca']): x509.BasicConstraints {
  if (ca === null) return new x509.BasicConstraints({ cA: false });
  const limit = ca.pathLength === null ? {} : { pathLenConstraint: ca.pathLength };
  return new x509.BasicConstraints({ cA: true, ...limit });
}

function some<T>(list: readonly T[], type: string, value: (list: readonly T[]) => unknown): x509.Extension[] {
  // An alternative name is critical only beside an empty subject, which is nothing that we issue.
  return list.length === 0 ? [] : [extension(type, false, value(list))];
}

function asnConstraints({ permitted, excluded }: NameConstraints): x509.NameConstraints {
  return new x509.NameConstraints({
    ...(permitted.length > 0 ? { permittedSubtrees: asnSubtrees(permitted) } : {}),
    ...(excluded.length > 0 ? { excludedSubtrees: asnSubtrees(excluded) } : {}),
  });
}

function asnSubtrees(names: readonly GeneralName[]): x509.GeneralSubtrees {
  return new x509.GeneralSubtrees(names.map(name => new x509.GeneralSubtree({ base: asnGeneralName(name) })));
}

function distributionPoint(uris: readonly string[]): x509.DistributionPoint {
  const fullName = uris.map(text => asnGeneralName({ kind: 'uri', text }));
  return new x509.DistributionPoint({ distributionPoint: new x509.DistributionPointName({ fullName }) });
}

function accessDescription(accessMethod: string, text: string): x509.AccessDescription {
  return new x509.AccessDescription({ accessMethod, accessLocation: asnGeneralName({ kind: 'uri', text }) });
}

/** `10.0.0.0/8` for address and mask. */
function addressText(octets: Uint8Array): string {
  if (octets.length === 4 || octets.length === 16) return formatAddress(octets);
  const half = octets.length / 2;
  const bits = [...octets.subarray(half)].map(octet => octet.toString(2).padStart(8, '0')).join('');
  if (!/^1*0*$/.test(bits)) throw new Error('a mask with holes is not issued');
  return `${formatAddress(octets.subarray(0, half))}/${bits.replace(/0+$/, '').length}`;
}

/** For plans: what each kind of certificate is for. */
export const USAGE = {
  ca: [KeyUsage.keyCertSign, KeyUsage.cRLSign],
  end: [KeyUsage.digitalSignature],
} as const;
