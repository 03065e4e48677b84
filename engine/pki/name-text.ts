/**
 * Distinguished names as text, RFC 4514: from the leaf to the root, `CN=alice,O=Lab,C=DE`. OpenSSL, strongSwan and ikecert
 * write them from the root, as they are encoded; of those, the many that begin with a country are told apart by that.
 */
import { Tag } from '../wire/der-reader.ts';
import { der, derOid, isOid } from '../wire/der-writer.ts';
import { attributeText, type NameAttribute, parseName, type Rdn } from './name.ts';

const COUNTRY = '2.5.4.6';
/** RFC 4514 §3 first, then what is seen elsewhere. */
const KEYWORDS: ReadonlyMap<string, string> = new Map([
  ['CN', '2.5.4.3'],
  ['L', '2.5.4.7'],
  ['ST', '2.5.4.8'],
  ['O', '2.5.4.10'],
  ['OU', '2.5.4.11'],
  ['C', COUNTRY],
  ['STREET', '2.5.4.9'],
  ['DC', '0.9.2342.19200300.100.1.25'],
  ['UID', '0.9.2342.19200300.100.1.1'],
  ['emailAddress', '1.2.840.113549.1.9.1'],
  ['serialNumber', '2.5.4.5'],
  ['SN', '2.5.4.4'],
  ['GN', '2.5.4.42'],
  ['title', '2.5.4.12'],
  ['initials', '2.5.4.43'],
  ['generationQualifier', '2.5.4.44'],
  ['dnQualifier', '2.5.4.46'],
  ['pseudonym', '2.5.4.65'],
  ['name', '2.5.4.41'],
  ['postalCode', '2.5.4.17'],
]);
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['E', 'emailAddress'],
  ['EMAIL', 'emailAddress'],
  ['G', 'GN'],
  ['GIVENNAME', 'GN'],
  ['SURNAME', 'SN'],
  ['S', 'ST'],
  ['T', 'title'],
]);
const TYPES = new Map([...KEYWORDS].map(([keyword, type]) => [keyword.toUpperCase(), type]));
const NAMES = new Map([...KEYWORDS].map(([keyword, type]) => [type, keyword]));

/** Which string each attribute is, RFC 5280 appendix A.1; all others are UTF8String. */
const PRINTABLE = new Set([COUNTRY, '2.5.4.5', '2.5.4.46']);
const IA5 = new Set(['0.9.2342.19200300.100.1.25', '1.2.840.113549.1.9.1']);

const TEXT_MAX = 4096;

/**
 * The DER of a name that was written by RFC 4514 (`leafFirst`), or from the root (`rootFirst`). `either`: from the root if it
 * begins with `C=` and has more than one part, else by RFC 4514. White space around parts means nothing. Null for anything else.
 */
export function parseDistinguishedName(
  text: string,
  order: 'leafFirst' | 'rootFirst' | 'either' = 'either',
): Uint8Array | null {
  if (text.length > TEXT_MAX || text.includes('\0')) return null;
  const parts = splitOutside(text, ',');
  const rdns = parts.map(parseRdn);
  if (rdns.includes(null)) return null;
  const encoded = rdns.flatMap(rdn => (rdn === null ? [] : [rdn]));
  const isFromRoot = order === 'rootFirst' || (order === 'either' && /^\s*c\s*=/i.test(text));
  return der(Tag.SEQUENCE, ...(isFromRoot ? encoded : encoded.reverse()));
}

/** By RFC 4514, such that `parseDistinguishedName` gives an equal name again. Null where the octets are no Name. */
export function formatDistinguishedName(octets: Uint8Array): string | null {
  const rdns = parseName(octets);
  if (rdns === null) return null;
  const leafFirst = [...rdns].reverse();
  return leafFirst
    .map((rdn, i) => {
      // A country at the leaf would be taken for one at the root: its number is not.
      const isOddCountry = i === 0 && rdns.length > 1 && rdn[0]?.type === COUNTRY;
      return formatRdn(rdn, isOddCountry);
    })
    .join(',');
}

function parseRdn(text: string): Uint8Array | null {
  const attributes = splitOutside(text, '+').map(parseAttribute);
  const encoded = attributes.flatMap(attribute => (attribute === null ? [] : [attribute]));
  if (encoded.length !== attributes.length) return null;
  // DER has a set in the order of its octets, X.690 §11.6.
  return der(Tag.SET, ...encoded.sort((a, b) => Buffer.compare(a, b)));
}

function parseAttribute(text: string): Uint8Array | null {
  const at = text.indexOf('=');
  if (at < 0) return null;
  const type = typeOf(text.slice(0, at).trim());
  const value = text.slice(at + 1).trimStart();
  if (type === null) return null;
  if (value.startsWith('#')) {
    const octets = /^#([0-9a-f]{2})+\s*$/i.test(value) ? Buffer.from(value.slice(1).trim(), 'hex') : null;
    return octets === null ? null : wellFormed(der(Tag.SEQUENCE, derOid(type), octets));
  }
  const octets = unescaped(value);
  if (octets === null || octets.length === 0) return null;
  return wellFormed(der(Tag.SEQUENCE, derOid(type), der(stringTag(type, octets), octets)));
}

/** Refuses what the reader would: values too long, `#` with something that is no value. */
function wellFormed(attribute: Uint8Array): Uint8Array | null {
  return parseName(der(Tag.SEQUENCE, der(Tag.SET, attribute))) === null ? null : attribute;
}

function typeOf(word: string): string | null {
  const name = word.toUpperCase();
  const type = TYPES.get((ALIASES.get(name) ?? name).toUpperCase());
  if (type !== undefined) return type;
  const number = name.replace(/^OID\./, '');
  return isOid(number) ? number : null;
}

function stringTag(type: string, octets: Uint8Array): number {
  const isPrintable = /^[A-Za-z0-9 '()+,./:=?*-]*$/.test(Buffer.from(octets).toString('latin1'));
  if (PRINTABLE.has(type) && isPrintable) return Tag.PRINTABLE_STRING;
  if (IA5.has(type) && octets.every(octet => octet < 0x80)) return Tag.IA5_STRING;
  return Tag.UTF8_STRING;
}

/** The octets of a value with its escapes (`\,` and `\2c`) or quotes taken off; null where they are wrong. */
function unescaped(text: string): Uint8Array | null {
  const quoted = /^"((?:[^"\\]|\\[\s\S])*)"\s*$/.exec(text)?.[1];
  const body = quoted ?? text;
  const pieces: Uint8Array[] = [];
  let kept = 0;
  for (let at = 0; at < body.length; ) {
    const point = body.codePointAt(at) ?? 0;
    const character = String.fromCodePoint(point);
    at += character.length;
    if (character !== '\\') {
      if (quoted === undefined && '"<>;'.includes(character)) return null;
      pieces.push(Buffer.from(character, 'utf8'));
      if (quoted !== undefined || !/\s/.test(character)) kept = pieces.length;
      continue;
    }
    const pair = /^[0-9a-f]{2}/i.exec(body.slice(at, at + 2))?.[0];
    if (pair === undefined && !/^[ "#+,;<=>\\]/.test(body.slice(at, at + 1))) return null;
    pieces.push(pair === undefined ? Buffer.from(body.charAt(at)) : Buffer.from(pair, 'hex'));
    kept = pieces.length;
    at += pair === undefined ? 1 : 2;
  }
  // White space at the end was written for the eye, unless it was escaped.
  return Buffer.concat(pieces.slice(0, kept));
}

/** Cuts at a separator that is neither escaped nor in quotes. */
function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\') at++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === separator && !isQuoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

function formatRdn(rdn: Rdn, isNumeric: boolean): string {
  return rdn.map(attribute => formatAttribute(attribute, isNumeric)).join('+');
}

function formatAttribute(attribute: NameAttribute, isNumeric: boolean): string {
  const keyword = isNumeric ? undefined : NAMES.get(attribute.type);
  const text = attributeText(attribute);
  const type = keyword ?? attribute.type;
  // What is not a text, or of a type that nobody has a keyword for, is given by its octets, RFC 4514 §2.4.
  if (text === null || text === '' || (keyword === undefined && !isNumeric)) {
    return `${type}=#${Buffer.from(der(attribute.tag, attribute.value)).toString('hex')}`;
  }
  return `${type}=${escaped(text)}`;
}

function escaped(text: string): string {
  const inner = text
    .replace(/[\\"+,;<>]/g, '\\$&')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, control =>
      [...Buffer.from(control, 'utf8')].map(octet => `\\${octet.toString(16).padStart(2, '0')}`).join(''),
    );
  return inner.replace(/^[ #]/, '\\$&').replace(/(?<!\\) $/, '\\ ');
}
