import { contextConstructed, contextPrimitive, DerReader, Tag } from '../wire/der-reader.ts';
import { decodeGeneralNames, type GeneralName, generalNameOf } from './general-name.ts';
import { Oid } from './oid.ts';

/** One extension as it stands; `value` is the inside of its octet string. */
export interface Extension {
  readonly type: string;
  readonly isCritical: boolean;
  readonly value: Uint8Array;
}

/** Bits of KeyUsage, RFC 5280 §4.2.1.3. */
export const KeyUsage = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
  encipherOnly: 7,
  decipherOnly: 8,
} as const;

export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** What the extensions of a certificate say; null or empty where one is absent. */
export interface CertificateExtensions {
  /** `pathLength` null: no limit. */
  readonly basicConstraints: { readonly isCa: boolean; readonly pathLength: number | null } | null;
  readonly keyUsage: ReadonlySet<number> | null;
  readonly extendedKeyUsage: readonly string[] | null;
  readonly subjectAltNames: readonly GeneralName[];
  readonly nameConstraints: NameConstraints | null;
  readonly subjectKeyId: Uint8Array | null;
  readonly authorityKeyId: Uint8Array | null;
  /** Where CRLs of all reasons, by the issuer of the certificate itself, are to be had. */
  readonly crlUris: readonly string[];
  readonly ocspUris: readonly string[];
  readonly caIssuerUris: readonly string[];
  /** RFC 6960 §4.2.2.2.1. */
  readonly isOcspNoCheck: boolean;
  /** Object identifiers of critical extensions that this project does not process. */
  readonly unknownCritical: readonly string[];
}

const EXTENSIONS_MAX = 64;
const LIST_MAX = 64;

/** Reads `Extensions`, each at most once. Throws `WireError`. */
export function decodeExtensions(extensions: DerReader): readonly Extension[] {
  const found = new Map<string, Extension>();
  while (!extensions.isAtEnd) {
    if (found.size === EXTENSIONS_MAX) throw extensions.error('extensions', `are more than ${EXTENSIONS_MAX}`);
    const fields = extensions.sequence('Extension');
    const type = fields.oid('extnID');
    const isCritical = fields.peek() === Tag.BOOLEAN && fields.boolean('critical');
    const value = fields.octetString('extnValue');
    fields.end('Extension');
    if (found.has(type)) throw extensions.error('extensions', `have ${type} twice`); // RFC 5280 §4.2
    found.set(type, { type, isCritical, value });
  }
  return [...found.values()];
}

type Known = {
  -readonly [K in keyof CertificateExtensions]: CertificateExtensions[K];
};

/** How each known extension is read. Policies are taken as they are: any will do. */
const DECODERS: Readonly<Record<string, (value: DerReader, into: Known) => void>> = {
  [Oid.BASIC_CONSTRAINTS]: (value, into) => {
    const fields = value.sequence('BasicConstraints');
    const isCa = fields.peek() === Tag.BOOLEAN && fields.boolean('cA');
    const pathLength = fields.peek() === Tag.INTEGER ? fields.smallInteger('pathLenConstraint') : null;
    fields.end('BasicConstraints');
    if (pathLength !== null && !isCa) throw fields.error('pathLenConstraint', 'is for CAs');
    into.basicConstraints = { isCa, pathLength };
  },
  [Oid.KEY_USAGE]: (value, into) => {
    into.keyUsage = value.namedBits('KeyUsage');
  },
  [Oid.EXTENDED_KEY_USAGE]: (value, into) => {
    into.extendedKeyUsage = listOf(value.sequence('ExtKeyUsageSyntax'), list => list.oid('KeyPurposeId'));
  },
  [Oid.SUBJECT_ALT_NAME]: (value, into) => {
    into.subjectAltNames = decodeGeneralNames(value.sequence('SubjectAltName'));
    const isMasked = into.subjectAltNames.some(name => name.kind === 'ip' && ![4, 16].includes(name.octets.length));
    if (isMasked) throw value.error('iPAddress', 'is not an address');
  },
  [Oid.NAME_CONSTRAINTS]: (value, into) => {
    const fields = value.sequence('NameConstraints');
    const permitted = subtrees(fields.optionalInside(contextConstructed(0), 'permittedSubtrees'));
    const excluded = subtrees(fields.optionalInside(contextConstructed(1), 'excludedSubtrees'));
    fields.end('NameConstraints');
    into.nameConstraints = { permitted, excluded };
  },
  [Oid.SUBJECT_KEY_IDENTIFIER]: (value, into) => {
    into.subjectKeyId = value.octetString('SubjectKeyIdentifier');
  },
  [Oid.AUTHORITY_KEY_IDENTIFIER]: (value, into) => {
    const fields = value.sequence('AuthorityKeyIdentifier');
    into.authorityKeyId = fields.optional(contextPrimitive(0), 'keyIdentifier')?.content ?? null;
  },
  [Oid.CRL_DISTRIBUTION_POINTS]: (value, into) => {
    into.crlUris = listOf(value.sequence('CRLDistributionPoints'), distributionPoint).flat();
  },
  [Oid.AUTHORITY_INFO_ACCESS]: (value, into) => {
    const found = listOf(value.sequence('AuthorityInfoAccess'), accessDescription);
    const urisOf = (wanted: string) =>
      found.flatMap(({ method, uri }) => (method === wanted && uri !== null ? [uri] : []));
    into.ocspUris = urisOf(Oid.AD_OCSP);
    into.caIssuerUris = urisOf(Oid.AD_CA_ISSUERS);
  },
  [Oid.OCSP_NO_CHECK]: (_value, into) => {
    into.isOcspNoCheck = true;
  },
};
/** Those whose being critical asks nothing more of us than we do: policies, with none that is demanded. */
const HARMLESS = new Set<string>([Oid.CERTIFICATE_POLICIES, Oid.ISSUER_ALT_NAME]);

/** Throws `WireError` where one that is known is not as it should be. */
export function knownExtensions(extensions: readonly Extension[]): CertificateExtensions {
  const into: Known = {
    basicConstraints: null,
    keyUsage: null,
    extendedKeyUsage: null,
    subjectAltNames: [],
    nameConstraints: null,
    subjectKeyId: null,
    authorityKeyId: null,
    crlUris: [],
    ocspUris: [],
    caIssuerUris: [],
    isOcspNoCheck: false,
    unknownCritical: [],
  };
  const unknownCritical: string[] = [];
  for (const { type, isCritical, value } of extensions) {
    const decode = Object.hasOwn(DECODERS, type) ? DECODERS[type] : undefined;
    if (decode === undefined) {
      if (isCritical && !HARMLESS.has(type)) unknownCritical.push(type);
      continue;
    }
    const reader = new DerReader(value, 'extension');
    decode(reader, into);
    if (type !== Oid.OCSP_NO_CHECK) reader.end(type);
  }
  return { ...into, unknownCritical };
}

function listOf<T>(list: DerReader, read: (list: DerReader) => T): readonly T[] {
  const items: T[] = [];
  while (!list.isAtEnd) {
    if (items.length === LIST_MAX) throw list.error('list', `has more than ${LIST_MAX} entries`);
    items.push(read(list));
  }
  if (items.length === 0) throw list.error('list', 'is empty');
  return items;
}

/** RFC 5280 §4.2.1.10: minimum is 0 and maximum absent, always. */
function subtrees(list: DerReader | null): readonly GeneralName[] {
  if (list === null) return [];
  return listOf(list, item => {
    const fields = item.sequence('GeneralSubtree');
    const name = generalNameOf(fields.any('base'), fields);
    fields.end('GeneralSubtree');
    if (name.kind === 'ip' && ![8, 32].includes(name.octets.length)) throw fields.error('iPAddress', 'has no mask');
    return name;
  });
}

/** The URIs of one, or none where it is about some reasons only, or another issuer's. */
function distributionPoint(list: DerReader): readonly string[] {
  const fields = list.sequence('DistributionPoint');
  const point = fields.optionalInside(contextConstructed(0), 'distributionPoint');
  const isPartial = fields.optional(contextPrimitive(1), 'reasons') !== null;
  const isForeign = fields.optional(contextConstructed(2), 'cRLIssuer') !== null;
  fields.end('DistributionPoint');
  const names = point?.optionalInside(contextConstructed(0), 'fullName') ?? null;
  if (names === null || isPartial || isForeign) return [];
  return decodeGeneralNames(names).flatMap(name => (name.kind === 'uri' ? [name.text] : []));
}

function accessDescription(list: DerReader): { method: string; uri: string | null } {
  const fields = list.sequence('AccessDescription');
  const method = fields.oid('accessMethod');
  const name = generalNameOf(fields.any('accessLocation'), fields);
  fields.end('AccessDescription');
  return { method, uri: name.kind === 'uri' ? name.text : null };
}
