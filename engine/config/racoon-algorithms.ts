import { encryptionNamed } from '../crypto/dialects.ts';
import { quoted } from './diagnostic.ts';
import { legacyInV1, OAKLEY_GROUPS } from './ike-v1-proposal.ts';
import type { StatementReader } from './racoon-statements.ts';
import { didYouMean } from './suggest.ts';

export interface RacoonRules {
  readonly legacy: boolean;
}

/** racoon's names of ciphers: those of setkey by which engine/crypto knows them, and the key length where none is named. */
const CIPHERS: ReadonlyMap<string, { readonly kame: string; readonly bits: number }> = new Map([
  ['aes', { kame: 'aes-cbc', bits: 128 }],
  ['rijndael', { kame: 'aes-cbc', bits: 128 }],
  ['3des', { kame: '3des-cbc', bits: 192 }],
  ['des', { kame: 'des-cbc', bits: 64 }],
  ['blowfish', { kame: 'blowfish-cbc', bits: 448 }],
  ['cast128', { kame: 'cast128-cbc', bits: 128 }],
]);
const NULL_CIPHER = 'null_enc';
/** racoon knows them, and nobody here does. */
const CIPHERS_NOT_HERE = ['des_iv64', 'des_iv32', 'rc5', 'rc4', 'idea', '3idea', 'twofish', 'camellia'];
const HASHES: ReadonlyMap<string, string> = new Map([
  ['md5', 'md5'],
  ['sha1', 'sha1'],
  ['sha256', 'sha256'],
  ['sha2_256', 'sha256'],
  ['sha384', 'sha384'],
  ['sha2_384', 'sha384'],
  ['sha512', 'sha512'],
  ['sha2_512', 'sha512'],
]);

/** One that racoon knows and nobody here does. */
export const NOT_HERE = Symbol('a cipher that is not here');

/** `aes 256`, `blowfish`; the token. */
export function cipherOf(reader: StatementReader, rules: RacoonRules, phase: 1 | 2): string | typeof NOT_HERE | null {
  const word = reader.next('aes 256');
  if (word === null) return null;
  const next = reader.peek();
  const bits = next !== null && /^[0-9]{1,4}$/.test(next.text) ? Number(reader.next('')?.text) : null;
  if (phase === 2 && word.text === NULL_CIPHER) return 'null';
  if (CIPHERS_NOT_HERE.includes(word.text)) return NOT_HERE;
  const cipher = CIPHERS.get(word.text);
  if (cipher === undefined) {
    const names = [...CIPHERS.keys(), ...(phase === 2 ? [NULL_CIPHER] : [])];
    reader.error(`${quoted(word.text)} is no cipher`, didYouMean(word.text, names, ''), word.place);
    return null;
  }
  const known = encryptionNamed('kame', cipher.kame);
  const found =
    known.find(({ keyOctets }) => keyOctets * 8 === (bits ?? cipher.bits)) ??
    (bits === null ? known.at(-1) : undefined);
  if (found === undefined) {
    const lengths = known.map(({ keyOctets }) => keyOctets * 8).join(', ');
    reader.error(`${word.text} has no keys of ${bits} bits here`, `use ${lengths}`, word.place);
    return null;
  }
  return isAllowed(found.token, word.text, reader, rules, 'aes 256', word.place) ? found.token : null;
}

export function hashOf(reader: StatementReader, rules: RacoonRules): string | null {
  const word = reader.next('sha256');
  if (word === null) return null;
  const token = HASHES.get(word.text);
  if (token === undefined) {
    reader.error(`${quoted(word.text)} is no hash`, didYouMean(word.text, [...HASHES.keys()], ''), word.place);
    return null;
  }
  return isAllowed(token, word.text, reader, rules, 'sha256', word.place) ? token : null;
}

/** `hmac_sha256`. */
export function integrityOf(reader: StatementReader, rules: RacoonRules): string | null {
  const word = reader.next('hmac_sha256');
  if (word === null) return null;
  const token = word.text.startsWith('hmac_') ? HASHES.get(word.text.slice(5)) : undefined;
  if (token !== undefined) return isAllowed(token, word.text, reader, rules, 'hmac_sha256', word.place) ? token : null;
  const names = [...HASHES.keys()].map(name => `hmac_${name}`);
  if (word.text === 'non_auth') {
    const message = 'non_auth: whoever is on the path can change packets unseen (RFC 8221 §4)';
    reader.error(message, 'use hmac_sha256', word.place);
  } else reader.error(`${quoted(word.text)} is no integrity algorithm`, didYouMean(word.text, names, ''), word.place);
  return null;
}

/** `14` or `modp2048`. */
export function groupOf(reader: StatementReader, rules: RacoonRules): string | null {
  const word = reader.next('14');
  if (word === null) return null;
  const byNumber = /^[0-9]{1,5}$/.test(word.text) ? OAKLEY_GROUPS.get(Number(word.text)) : undefined;
  const token = byNumber ?? [...OAKLEY_GROUPS.values()].find(name => name === word.text);
  if (token === undefined) {
    const known = [...OAKLEY_GROUPS.values()];
    reader.error(`${quoted(word.text)} is no group`, didYouMean(word.text, known, ''), word.place);
    return null;
  }
  return isAllowed(token, word.text, reader, rules, '14', word.place) ? token : null;
}

function isAllowed(
  token: string,
  name: string,
  reader: StatementReader,
  rules: RacoonRules,
  instead: string,
  place: StatementReader['place'],
): boolean {
  const reason = legacyInV1(token);
  if (reason === null || rules.legacy) return true;
  reader.error(`${name} is a relic (${reason})`, `use ${instead}, or allow it with legacy: true`, place);
  return false;
}
