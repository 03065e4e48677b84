import type { IkeProposalConfig } from '../ike/config.ts';
import { quoted } from './diagnostic.ts';
import { legacyInV1, OAKLEY_GROUPS } from './ike-v1-proposal.ts';
import type { SolarisReader } from './solaris-ike-reader.ts';
import type { SolarisWord } from './solaris-words.ts';
import { didYouMean, nearest, oneOf } from './suggest.ts';

/** `p1_xform { … }`: one way to protect phase 1. */
export interface SolarisTransform {
  readonly place: SolarisWord['place'];
  readonly method: 'preshared' | 'rsa_sig';
  readonly proposal: IkeProposalConfig;
  /** null: what the file says for all. */
  readonly lifetimeSeconds: number | null;
}

export interface SolarisRules {
  readonly legacy: boolean;
}

const PARAMETERS = ['auth_method', 'oakley_group', 'auth_alg', 'encr_alg', 'p1_lifetime_secs'] as const;
const REQUIRED = PARAMETERS.slice(0, 4);
const METHODS = ['preshared', 'rsa_sig', 'rsa_encrypt', 'dss_sig'] as const;
const HASHES: ReadonlyMap<string, string> = new Map([
  ['md5', 'md5'],
  ['hmac-md5', 'md5'],
  ['sha', 'sha1'],
  ['sha1', 'sha1'],
  ['hmac-sha1', 'sha1'],
  ['sha256', 'sha256'],
  ['sha384', 'sha384'],
  ['sha512', 'sha512'],
]);
const AES = ['aes256', 'aes192', 'aes128'];
/** Also as the manual misspells it. */
const CIPHERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['3des', ['3des']],
  ['3des-cbc', ['3des']],
  ['blowfish', ['blowfish']],
  ['blowfish-cbc', ['blowfish']],
  ['blowfish-cdc', ['blowfish']],
  ['des', ['des']],
  ['des-cbc', ['des']],
  ['aes', AES],
  ['aes-cbc', AES],
]);

/** Behind the keyword; null after a diagnostic. */
export function readTransform(key: SolarisWord, reader: SolarisReader, rules: SolarisRules): SolarisTransform | null {
  if (!reader.takes('{')) {
    reader.error(key.place, 'p1_xform has no parameters', 'write p1_xform { auth_method preshared … }');
    return null;
  }
  const seen = new Map<string, SolarisWord>();
  const misspelt = new Set<string>();
  let method: SolarisTransform['method'] | null = null;
  let group: string | null = null;
  let hash: string | null = null;
  let ciphers: readonly string[] = [];
  let lifetimeSeconds: number | null = null;
  for (;;) {
    if (reader.takes('}')) break;
    const name = reader.peek();
    if (name === null || (name.text === '{' && !name.isQuoted)) {
      reader.error(key.place, 'the { of this p1_xform is never closed', 'write } where it ends');
      break;
    }
    reader.next();
    const parameter = PARAMETERS.find(each => each === name.text);
    if (parameter === undefined) {
      reader.error(
        name.place,
        `${quoted(name.text)} is no parameter of p1_xform`,
        didYouMean(name.text, PARAMETERS, ''),
      );
      const meant = nearest(name.text, PARAMETERS);
      if (meant !== null) misspelt.add(meant);
      reader.skipUnknown();
      continue;
    }
    const before = seen.get(parameter);
    if (before !== undefined)
      reader.error(name.place, `${parameter} is in line ${before.place.line} already`, 'keep one of the two');
    seen.set(parameter, name);
    if (parameter === 'auth_method') method = methodOf(name, reader);
    else if (parameter === 'oakley_group') group = groupOf(name, reader, rules);
    else if (parameter === 'auth_alg') hash = hashOf(name, reader, rules);
    else if (parameter === 'encr_alg') ciphers = ciphersOf(name, reader, rules);
    else lifetimeSeconds = reader.number(name, 1, 0xffff_ffff);
  }
  for (const parameter of REQUIRED.filter(each => !seen.has(each) && !misspelt.has(each)))
    reader.error(key.place, `this p1_xform has no ${parameter}`, `add ${EXAMPLES[parameter]}`);
  if (method === null || group === null || hash === null || ciphers.length === 0) return null;
  const proposal = {
    encryption: ciphers,
    integrity: [hash],
    prf: [],
    keyExchange: [group],
    additionalKeyExchanges: [],
  };
  return { place: key.place, method, proposal, lifetimeSeconds };
}

const EXAMPLES = {
  auth_method: 'auth_method preshared',
  oakley_group: 'oakley_group 14',
  auth_alg: 'auth_alg sha256',
  encr_alg: 'encr_alg aes',
  p1_lifetime_secs: 'p1_lifetime_secs 14400',
} as const;

function methodOf(key: SolarisWord, reader: SolarisReader): SolarisTransform['method'] | null {
  const place = reader.peek()?.place ?? key.place;
  const method = reader.word(key, METHODS);
  if (method === 'rsa_encrypt') {
    const why = 'whoever can ask may decrypt with it (CVE-2018-5389), and RFC 2409 §5.2 has no defence';
    reader.error(place, `auth_method rsa_encrypt is known and refused: ${why}`, 'use rsa_sig');
    return null;
  }
  if (method === 'dss_sig') {
    reader.error(
      place,
      'auth_method dss_sig is known and refused: DSA keys are not made any more (FIPS 186-5)',
      'use rsa_sig',
    );
    return null;
  }
  return method;
}

/** Of `oakley_group` and `p2_pfs`; the token of the group. */
export function groupOf(key: SolarisWord, reader: SolarisReader, rules: SolarisRules): string | null {
  const place = reader.peek()?.place ?? key.place;
  const number = reader.number(key, 1, 0xffff, 14);
  if (number === null) return null;
  const token = OAKLEY_GROUPS.get(number);
  if (token === undefined) {
    const known = [...OAKLEY_GROUPS.keys()].map(String).join(', ');
    const why = GROUPS_NOT_HERE.get(number) ?? 'no Oakley group';
    reader.error(place, `${key.text} ${number}: ${why}`, `use 14, or another of ${known}`);
    return null;
  }
  return isAllowed(token, `${key.text} ${number}`, place, reader, rules, '14 or 19') ? token : null;
}

const GROUPS_NOT_HERE: ReadonlyMap<number, string> = new Map([
  [3, 'a curve over GF(2^155), which nothing speaks any more'],
  [4, 'a curve over GF(2^185), which nothing speaks any more'],
  [22, 'a prime with small subgroups (RFC 8247 §2.4)'],
  [23, 'a prime with small subgroups (RFC 8247 §2.4)'],
  [24, 'a prime with small subgroups (RFC 8247 §2.4)'],
  [25, 'a curve of 192 bits is less than RFC 8247 §2.4 asks for'],
  [26, 'a curve of 224 bits is not here'],
]);

function hashOf(key: SolarisWord, reader: SolarisReader, rules: SolarisRules): string | null {
  const word = reader.value(key, 'sha256');
  if (word === null) return null;
  const token = HASHES.get(word.text.toLowerCase());
  if (token === undefined) {
    const names = [...HASHES.keys()];
    reader.error(word.place, `${quoted(word.text)} is no hash of phase 1`, didYouMean(word.text, names, ''));
    return null;
  }
  return isAllowed(token, `auth_alg ${word.text}`, word.place, reader, rules, 'sha256') ? token : null;
}

/** `aes`, `aes(256)`, `aes(128..256)`, with blanks wherever one likes; the longest key first. */
function ciphersOf(key: SolarisWord, reader: SolarisReader, rules: SolarisRules): readonly string[] {
  const word = reader.value(key, 'aes');
  if (word === null) return [];
  let { text } = word;
  for (let next = reader.peek(); next !== null && (isOpen(text) || next.text.startsWith('(')); next = reader.peek()) {
    if (next.text === '{' || next.text === '}') break;
    text += next.text;
    reader.next();
  }
  const [, name = '', low, dots, high] = /^([^()]*)(?:\(([0-9]{1,4})?(\.\.)?([0-9]{1,4})?\))?$/.exec(text) ?? [];
  const tokens = CIPHERS.get(name.toLowerCase());
  if (tokens === undefined) {
    reader.error(
      word.place,
      `${quoted(text)} is no cipher of phase 1`,
      didYouMean(name, ['aes', '3des', 'blowfish', 'des'], ''),
    );
    return [];
  }
  const isRange = low !== undefined || high !== undefined;
  if (isRange && tokens.length === 1) {
    reader.error(word.place, `${quoted(text)}: only aes has a choice of key lengths`, `write ${name}`);
    return [];
  }
  const [least, most] = [
    Number(low ?? 0),
    high === undefined ? (dots === undefined && isRange ? Number(low) : 1024) : Number(high),
  ];
  const fitting = tokens.length === 1 ? tokens : tokens.filter(token => isBetween(Number(token.slice(3)), least, most));
  if (fitting.length === 0) {
    reader.error(
      word.place,
      `${quoted(text)}: no such key length`,
      `use ${oneOf(['128', '192', '256'])} bits: aes(256)`,
    );
    return [];
  }
  return fitting.filter(token => isAllowed(token, `encr_alg ${word.text}`, word.place, reader, rules, 'aes'));
}

const isOpen = (text: string): boolean => text.includes('(') && !text.includes(')');
const isBetween = (value: number, least: number, most: number): boolean => least <= value && value <= most;

function isAllowed(
  token: string,
  what: string,
  place: SolarisWord['place'],
  reader: SolarisReader,
  rules: SolarisRules,
  instead: string,
): boolean {
  const reason = legacyInV1(token);
  if (reason === null || rules.legacy) return true;
  reader.error(place, `${what} is a relic (${reason})`, `use ${instead}, or allow it with legacy: true`);
  return false;
}
