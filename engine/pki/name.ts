import { octetsEqual } from '../wire/octets.ts';
import { WireError } from '../wire/wire-error.ts';
import { DerReader, Tag } from '../wire/der-reader.ts';

/** AttributeTypeAndValue, RFC 5280 §4.1.2.4. */
export interface NameAttribute {
  /** Dotted decimal. */
  readonly type: string;
  readonly tag: number;
  /** Content octets of the value. */
  readonly value: Uint8Array;
}

/** A relative distinguished name: a set, in the order of its encoding. */
export type Rdn = readonly NameAttribute[];

const RDNS_MAX = 64;
const ATTRIBUTES_MAX = 16;
const VALUE_OCTETS_MAX = 2048;

/** Reads a Name, from the root. Throws `WireError`. */
export function decodeName(octets: Uint8Array): readonly Rdn[] {
  const outer = new DerReader(octets, 'name');
  const sequence = outer.sequence('RDNSequence');
  outer.end('RDNSequence');
  const rdns: Rdn[] = [];
  while (!sequence.isAtEnd) {
    if (rdns.length === RDNS_MAX) throw sequence.error('RDNSequence', `has more than ${RDNS_MAX} parts`);
    rdns.push(decodeRdn(sequence));
  }
  return rdns;
}

/** As `decodeName`; null where the octets are no Name. */
export function parseName(octets: Uint8Array): readonly Rdn[] | null {
  try {
    return decodeName(octets);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

/**
 * Whether two Names (DER) are the same by RFC 5280 §7.1: part by part, texts without regard to case, kind of string and width
 * of white space, all else octet by octet. False where either is no Name.
 */
export function namesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (octetsEqual(a, b)) return parseName(a) !== null;
  const [left, right] = [parseName(a), parseName(b)];
  return left !== null && right !== null && left.length === right.length && isWithin(left, right);
}

/** Whether `name` begins, from the root, with all of `subtree`: RFC 5280 §4.2.1.10 for directoryName. */
export function isWithin(subtree: readonly Rdn[], name: readonly Rdn[]): boolean {
  return subtree.length <= name.length && subtree.every((rdn, i) => rdnsEqual(rdn, name[i] ?? []));
}

/** As `namesEqual`, but a value that is `*` in the pattern stands for any value of that attribute. */
export function nameMatches(pattern: Uint8Array, name: Uint8Array): boolean {
  const [left, right] = [parseName(pattern), parseName(name)];
  if (left === null || right === null || left.length !== right.length) return false;
  return left.every((rdn, i) => rdnsEqual(rdn, right[i] ?? [], attribute => attributeText(attribute) === '*'));
}

/** A text that is the same for equal names, for keys of a Map. */
export function nameKey(octets: Uint8Array): string {
  const rdns = parseName(octets);
  if (rdns === null) return `?${Buffer.from(octets).toString('latin1')}`;
  return JSON.stringify(rdns.map(rdn => rdn.map(attributeKey).sort()));
}

export function isEmptyName(octets: Uint8Array): boolean {
  return octets.length === 2;
}

/** The text of a value; null where it is none (or TeletexString, of which nobody knows the character set). */
export function attributeText({ tag, value }: NameAttribute): string | null {
  switch (tag) {
    case Tag.UTF8_STRING:
      return utf8(value);
    case Tag.PRINTABLE_STRING:
    case Tag.IA5_STRING:
    case Tag.NUMERIC_STRING:
    case Tag.VISIBLE_STRING:
      return value.every(octet => octet < 0x80) ? Buffer.from(value).toString('latin1') : null;
    case Tag.BMP_STRING:
      return wide(value, 2);
    case Tag.UNIVERSAL_STRING:
      return wide(value, 4);
    default:
      return null;
  }
}

function decodeRdn(sequence: DerReader): Rdn {
  const set = sequence.inside(Tag.SET, 'RelativeDistinguishedName');
  const attributes: NameAttribute[] = [];
  while (!set.isAtEnd) {
    if (attributes.length === ATTRIBUTES_MAX) throw set.error('RelativeDistinguishedName', 'has too many attributes');
    const pair = set.sequence('AttributeTypeAndValue');
    const type = pair.oid('attribute type');
    const { tag, content } = pair.any('attribute value');
    pair.end('AttributeTypeAndValue');
    if (content.length > VALUE_OCTETS_MAX)
      throw set.error('attribute value', `is longer than ${VALUE_OCTETS_MAX} octets`);
    attributes.push({ type, tag, value: content });
  }
  if (attributes.length === 0) throw set.error('RelativeDistinguishedName', 'is empty');
  return attributes;
}

/** As sets: each attribute of either has its own counterpart. */
function rdnsEqual(a: Rdn, b: Rdn, isWild: (attribute: NameAttribute) => boolean = () => false): boolean {
  if (a.length !== b.length) return false;
  const left = [...b];
  return a.every(attribute => {
    const key = attributeKey(attribute);
    const at = left.findIndex(other =>
      isWild(attribute) ? other.type === attribute.type : attributeKey(other) === key,
    );
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

function attributeKey(attribute: NameAttribute): string {
  const text = attributeText(attribute);
  if (text !== null) return `${attribute.type}=${prepared(text)}`;
  return `${attribute.type}#${attribute.tag}:${Buffer.from(attribute.value).toString('hex')}`;
}

/** RFC 4518 in short: compatibility forms, case and runs of white space make no difference. */
function prepared(text: string): string {
  return text.normalize('NFKC').toLowerCase().normalize('NFKC').replace(/\s+/g, ' ').trim();
}

function utf8(octets: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return null; // not UTF-8: compared by its octets
  }
}

function wide(octets: Uint8Array, width: 2 | 4): string | null {
  if (octets.length % width !== 0) return null;
  const points: number[] = [];
  for (let at = 0; at < octets.length; at += width) {
    const point = octets.subarray(at, at + width).reduce((value, octet) => value * 256 + octet, 0);
    if (point > 0x10_ffff || (point >= 0xd800 && point < 0xe000)) return null;
    points.push(point);
  }
  return String.fromCodePoint(...points);
}
