import { legacyReason } from '../crypto/algorithm-entry.ts';
import { encryptionNamed, integrityNamed, namesIn } from '../crypto/dialects.ts';
import { type EncryptionAlgorithm, encryptionAlgorithms } from '../crypto/encryption.ts';
import { type IntegrityAlgorithm, integrityAlgorithms } from '../crypto/integrity.ts';
import { quoted, type Report } from './diagnostic.ts';
import { didYouMean, oneOf } from './suggest.ts';
import type { Word } from './words.ts';

type Algorithm = EncryptionAlgorithm | IntegrityAlgorithm;

/** What one property asks for, and where. */
export interface AlgorithmWish<Wanted extends Algorithm> {
  readonly word: Word;
  readonly isAny: boolean;
  /** The preferred one first; empty: reported. */
  readonly algorithms: readonly Wanted[];
}

export interface AlgorithmRules {
  /** Whether algorithms that RFC 8221 warns of may be named. `any` never means one of them. */
  readonly legacy: boolean;
}

/** `aes`, `aes(128..256)`, `any(192..)` or `12`, of ESP's encryption. */
export function encryptionWish(word: Word, rules: AlgorithmRules, report: Report): AlgorithmWish<EncryptionAlgorithm> {
  return wish(word, 'encryption', encryptionAlgorithms(), encryptionOf, rules, report);
}

/** The same of AH, and of ESP's integrity. */
export function integrityWish(word: Word, rules: AlgorithmRules, report: Report): AlgorithmWish<IntegrityAlgorithm> {
  return wish(word, 'authentication', integrityAlgorithms(), integrityOf, rules, report);
}

const SYNTAX = /^([^()]+)(?:\(\s*([0-9]{0,5})(\s*\.\.\s*)?([0-9]{0,5})\s*\))?$/;

function wish<Wanted extends Algorithm>(
  word: Word,
  what: string,
  all: readonly Wanted[],
  named: (name: string) => readonly Wanted[],
  rules: AlgorithmRules,
  report: Report,
): AlgorithmWish<Wanted> {
  const [, nameText, least, dots, most] = SYNTAX.exec(word.text) ?? [];
  const none = { word, isAny: false, algorithms: [] };
  if (nameText === undefined) {
    const fix = 'write aes, aes(256), aes(192..), aes(..192) or aes(128..256)';
    report.error(word.place, `${quoted(word.text)} is not an algorithm with key lengths`, fix);
    return none;
  }
  const name = nameText.trim().toLowerCase();
  const isAny = name === 'any';
  const found = isAny ? all.filter(({ legacy, unavailable }) => !legacy && unavailable === null) : named(name);
  if (found.length === 0) {
    report.error(
      word.place,
      `${quoted(nameText)} is not an ${what} algorithm`,
      didYouMean(name, namesIn('solaris', all), ''),
    );
    return none;
  }
  const range = keyRange(least, dots, most);
  const fitting = found.filter(({ keyOctets }) => range.least <= keyOctets * 8 && keyOctets * 8 <= range.most);
  if (fitting.length === 0) {
    const lengths = [...new Set(found.map(({ keyOctets }) => String(keyOctets * 8)))];
    report.error(word.place, `${quoted(word.text)}: no such key length`, `use ${oneOf(lengths)} bits`);
    return none;
  }
  const usable = isAny ? fitting : fitting.filter(algorithm => isUsable(algorithm, word, rules, report));
  return { word, isAny, algorithms: usable.toSorted((a, b) => b.keyOctets - a.keyOctets) };
}

/** In bits. Without numbers: any length. */
function keyRange(least: string | undefined, dots: string | undefined, most: string | undefined) {
  const low = least === undefined || least === '' ? 0 : Number(least);
  if (dots === undefined) return low === 0 ? { least: 0, most: Infinity } : { least: low, most: low };
  return { least: low, most: most === undefined || most === '' ? Infinity : Number(most) };
}

function isUsable(algorithm: Algorithm, word: Word, rules: AlgorithmRules, report: Report): boolean {
  const reason = legacyReason(algorithm);
  if (algorithm.legacy && !rules.legacy) {
    const message = `${quoted(word.text)} is not used any more${reason === null ? '' : `: ${reason}`}`;
    const better = 'blockOctets' in algorithm ? 'aes' : 'sha256';
    report.error(word.place, message, `use ${better}, or allow it with legacy: true under files, in the topology`);
    return false;
  }
  if (algorithm.unavailable !== null) {
    report.error(word.place, `${quoted(word.text)} cannot be computed here: ${algorithm.unavailable}`, 'use aes');
    return false;
  }
  return true;
}

function encryptionOf(name: string): readonly EncryptionAlgorithm[] {
  const byName = encryptionNamed('solaris', name);
  if (byName.length > 0 || !isNumber(name)) return byName;
  // The ESP transforms of RFC 2407 and the encryption transforms of IKEv2 are numbered alike, but for these two.
  const number = Number(name);
  const ikev2 = number === ESP_NULL_AUTH_AES_GMAC ? IKEV2_NULL_AUTH_AES_GMAC : number;
  return encryptionAlgorithms().filter(({ ianaId, token }) => ianaId === ikev2 && !token.endsWith('iiv'));
}

function integrityOf(name: string): readonly IntegrityAlgorithm[] {
  const byName = integrityNamed('solaris', name);
  if (byName.length > 0 || !isNumber(name)) return byName;
  const token = AH_TRANSFORMS.get(Number(name));
  return integrityAlgorithms().filter(algorithm => algorithm.token === token);
}

const isNumber = (name: string): boolean => /^[1-9][0-9]{0,2}$/.test(name);
const ESP_NULL_AUTH_AES_GMAC = 23;
const IKEV2_NULL_AUTH_AES_GMAC = 21;
/** The AH transform identifiers of RFC 2407 §4.4.3 and after, by which ipsecalgs numbers authentication. */
const AH_TRANSFORMS: ReadonlyMap<number, string> = new Map([
  [2, 'md5'],
  [3, 'sha1'],
  [5, 'sha256'],
  [6, 'sha384'],
  [7, 'sha512'],
  [9, 'aesxcbc'],
]);

/** The number that `ipsecalgs` shows for an integrity algorithm; null: it has none. */
export function ahTransformOf(token: string): number | null {
  return [...AH_TRANSFORMS].find(([, own]) => own === token)?.[0] ?? null;
}
