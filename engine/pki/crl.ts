import { octetsEqual } from '../wire/octets.ts';
import { WireError } from '../wire/wire-error.ts';
import { serialText } from './certificate.ts';
import { contextConstructed, DerReader, Tag } from '../wire/der-reader.ts';
import { decodeExtensions, type Extension } from './extension.ts';
import { decodeName } from './name.ts';
import { Oid } from './oid.ts';

/** A certificate revocation list, RFC 5280 §5.1. All octets are views of `der`. */
export interface CertificateList {
  readonly der: Uint8Array;
  /** tbsCertList: what the signature is of. */
  readonly tbs: Uint8Array;
  readonly issuer: Uint8Array;
  /** Seconds since the Unix epoch; a list without `nextUpdate` is not of RFC 5280 and never fresh. */
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
  /** By `serialText`. */
  readonly revoked: ReadonlyMap<string, Revocation>;
  /** Content octets of the number, RFC 5280 §5.2.3. */
  readonly number: Uint8Array | null;
  readonly authorityKeyId: Uint8Array | null;
  /** Not the whole truth, nor of its issuer alone: delta lists, indirect ones, those of some certificates or reasons only. */
  readonly isPartial: boolean;
  readonly unknownCritical: readonly string[];
}

export interface Revocation {
  readonly at: number;
  /** In the words of RFC 5280 §5.3.1; null: none is given. */
  readonly reason: string | null;
}

export const CRL_OCTETS_MAX = 1_048_576;
export const REASONS: readonly (string | null)[] = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  null,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
];

/** Null where the octets are not exactly one CRL in DER of at most `octetsMax` octets. */
export function parseCertificateList(der: Uint8Array, octetsMax: number = CRL_OCTETS_MAX): CertificateList | null {
  if (der.length > octetsMax) return null;
  try {
    return decodeCertificateList(der);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

/** Throws `WireError` that says what is wrong with it. */
export function decodeCertificateList(der: Uint8Array): CertificateList {
  const outer = new DerReader(der, 'CRL');
  const signed = outer.sequence('CertificateList');
  outer.end('CertificateList');
  const tbs = signed.element(Tag.SEQUENCE, 'tbsCertList');
  const signatureAlgorithm = signed.element(Tag.SEQUENCE, 'signatureAlgorithm').whole;
  const signature = signed.bitString('signatureValue');
  signed.end('signatureValue');

  const fields = new DerReader(tbs.content, 'CRL');
  const version = fields.peek() === Tag.INTEGER ? fields.smallInteger('version') : 0;
  if (version > 1) throw fields.error('version', `is ${version + 1}`);
  const inner = fields.element(Tag.SEQUENCE, 'signature').whole;
  if (!octetsEqual(inner, signatureAlgorithm)) throw fields.error('signature', 'differs from signatureAlgorithm');
  const issuer = fields.element(Tag.SEQUENCE, 'issuer').whole;
  decodeName(issuer);
  const thisUpdate = fields.time('thisUpdate');
  const next = fields.peek();
  const nextUpdate = next === Tag.UTC_TIME || next === Tag.GENERALIZED_TIME ? fields.time('nextUpdate') : null;
  const entries = fields.optionalInside(Tag.SEQUENCE, 'revokedCertificates');
  const { revoked, hasUnknown } = decodeEntries(entries);
  const extensions = extensionsOf(fields, version);
  fields.end('tbsCertList');
  return {
    der,
    tbs: tbs.whole,
    issuer,
    thisUpdate,
    nextUpdate,
    signatureAlgorithm,
    signature,
    revoked,
    ...judged(extensions, hasUnknown),
  };
}

function decodeEntries(entries: DerReader | null): { revoked: Map<string, Revocation>; hasUnknown: string | null } {
  const revoked = new Map<string, Revocation>();
  let hasUnknown: string | null = null;
  if (entries === null) return { revoked, hasUnknown };
  while (!entries.isAtEnd) {
    const entry = entries.sequence('revokedCertificate');
    const serial = serialText(entry.integer('userCertificate'));
    const at = entry.time('revocationDate');
    const list = entry.optionalInside(Tag.SEQUENCE, 'crlEntryExtensions');
    entry.end('revokedCertificate');
    const extensions = list === null ? [] : decodeExtensions(list);
    hasUnknown ??= extensions.find(({ type, isCritical }) => isCritical && type !== Oid.CRL_REASON)?.type ?? null;
    revoked.set(serial, { at, reason: reasonOf(extensions) });
  }
  return { revoked, hasUnknown };
}

function reasonOf(extensions: readonly Extension[]): string | null {
  const found = extensions.find(({ type }) => type === Oid.CRL_REASON);
  if (found === undefined) return null;
  return REASONS[new DerReader(found.value, 'CRL').smallInteger('reasonCode', Tag.ENUMERATED)] ?? null;
}

function extensionsOf(fields: DerReader, version: number): readonly Extension[] {
  const explicit = fields.optionalInside(contextConstructed(0), 'crlExtensions');
  if (explicit === null) return [];
  if (version !== 1) throw fields.error('crlExtensions', 'in version 1');
  const list = explicit.sequence('crlExtensions');
  explicit.end('crlExtensions');
  return decodeExtensions(list);
}

/** `inEntry`: a critical extension of an entry that is not known, certificateIssuer among them. */
function judged(
  extensions: readonly Extension[],
  inEntry: string | null,
): Pick<CertificateList, 'number' | 'authorityKeyId' | 'isPartial' | 'unknownCritical'> {
  const valueOf = (wanted: string) => extensions.find(({ type }) => type === wanted)?.value ?? null;
  const [number, keyId] = [valueOf(Oid.CRL_NUMBER), valueOf(Oid.AUTHORITY_KEY_IDENTIFIER)];
  const unknown = extensions.filter(({ type, isCritical }) => isCritical && !KNOWN.has(type)).map(({ type }) => type);
  return {
    number: number === null ? null : new DerReader(number, 'CRL').integer('cRLNumber'),
    authorityKeyId: keyId === null ? null : keyIdOf(keyId),
    isPartial: valueOf(Oid.DELTA_CRL_INDICATOR) !== null || isNarrowed(valueOf(Oid.ISSUING_DISTRIBUTION_POINT)),
    unknownCritical: inEntry === null ? unknown : [...unknown, inEntry],
  };
}

const KNOWN = new Set<string>([
  Oid.CRL_NUMBER,
  Oid.AUTHORITY_KEY_IDENTIFIER,
  Oid.DELTA_CRL_INDICATOR,
  Oid.ISSUING_DISTRIBUTION_POINT,
]);

function keyIdOf(value: Uint8Array): Uint8Array | null {
  const fields = new DerReader(value, 'CRL').sequence('AuthorityKeyIdentifier');
  return fields.optional(0x80, 'keyIdentifier')?.content ?? null;
}

/** IssuingDistributionPoint, RFC 5280 §5.2.5: anything in it but where the list is to be had. */
function isNarrowed(value: Uint8Array | null): boolean {
  if (value === null) return false;
  const fields = new DerReader(value, 'CRL').sequence('IssuingDistributionPoint');
  fields.optional(contextConstructed(0), 'distributionPoint');
  return !fields.isAtEnd;
}
