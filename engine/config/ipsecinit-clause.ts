import { espSuite } from '../crypto/esp-suite.ts';
import type { EncryptionAlgorithm } from '../crypto/encryption.ts';
import type { IntegrityAlgorithm } from '../crypto/integrity.ts';
import { quoted, type Report } from './diagnostic.ts';
import type { ClauseText, PairText } from './ipsecinit-grammar.ts';
import { type AlgorithmRules, type AlgorithmWish, encryptionWish, integrityWish } from './solaris-algorithms.ts';
import { didYouMean } from './suggest.ts';
import type { Word } from './words.ts';

/** What the properties of one `ipsec` say. */
export interface Protection {
  /** Suites, the preferred one first; null: no ESP. */
  readonly esp: readonly string[] | null;
  /** Integrity algorithms, likewise; null: no AH. */
  readonly ah: readonly string[] | null;
  readonly sharing: 'shared' | 'unique';
}

const NAMES = ['encr_algs', 'encr_auth_algs', 'auth_algs', 'sa', 'dir'] as const;
type Name = (typeof NAMES)[number];
type Values = Partial<Record<Name, { readonly name: Word; readonly value: Word }>>;

/** The properties of `ipsec`, `apply` and `permit`. null: reported. */
export function readProtection(clause: ClauseText, rules: AlgorithmRules, report: Report): Protection | null {
  const values = valuesOf(clause.properties, report);
  const { encr_algs: encr, encr_auth_algs: encrAuth, auth_algs: auth } = values;
  if (encr === undefined && encrAuth === undefined && auth === undefined) {
    const fix = 'add encr_algs with encr_auth_algs for ESP, or auth_algs for AH';
    report.error(clause.place, `${clause.action} without any algorithm`, fix);
    return null;
  }
  const before = report.count;
  const encryption = encr === undefined ? null : encryptionWish(encr.value, rules, report);
  const integrity = encrAuth === undefined ? null : integrityWish(encrAuth.value, rules, report);
  const ah = auth === undefined ? null : integrityWish(auth.value, rules, report);
  const esp = encryption === null && integrity === null ? null : espSuites(encryption, integrity, report);
  const sharing = sharingOf(values.sa?.value ?? null, report);
  if (report.count > before) return null;
  return { esp, ah: ah === null ? null : ah.algorithms.map(({ token }) => token), sharing };
}

/** The properties of `bypass`, `pass` and `drop`: there are none, but for the older form's `dir`. */
export function reportProperties(clause: ClauseText, report: Report): void {
  for (const { name } of clause.properties) {
    if (name.text.toLowerCase() === 'dir') continue;
    const message = `${quoted(name.text)} says nothing: ${clause.action} has no properties`;
    report.error(name.place, message, `write ${clause.action} {}`);
  }
}

function valuesOf(pairs: readonly PairText[], report: Report): Values {
  const values: Values = {};
  for (const { name, value } of pairs) {
    const key = NAMES.find(known => known === name.text.toLowerCase());
    if (key === undefined) {
      const message = `${quoted(name.text)} is not known in properties`;
      report.error(name.place, message, didYouMean(name.text, NAMES, ''));
    } else if (value === null) {
      report.error(name.place, `${quoted(name.text)} has no value`, 'write its value behind it');
    } else if (values[key] !== undefined) {
      const fix = 'name one algorithm here, and others behind "or": … or ipsec { … }';
      report.error(name.place, `these properties say ${key} twice`, key.endsWith('algs') ? fix : 'take one away');
    } else {
      values[key] = { name, value };
    }
  }
  return values;
}

function sharingOf(word: Word | null, report: Report): Protection['sharing'] {
  const text = word?.text.toLowerCase() ?? 'shared';
  if (text === 'shared' || text === 'unique') return text;
  if (word !== null) report.error(word.place, `${quoted(word.text)} is not a kind of sa`, 'use sa shared or sa unique');
  return 'shared';
}

const NO_INTEGRITY =
  'encryption without authentication is refused: RFC 8221 §4 lets nobody send ESP whose packets can be altered unnoticed';

/** What is only authenticated is encrypted with NULL, as the manual says. */
function espSuites(
  encryption: AlgorithmWish<EncryptionAlgorithm> | null,
  integrity: AlgorithmWish<IntegrityAlgorithm> | null,
  report: Report,
): string[] {
  if (encryption === null) return combine(NULL_ONLY, integrity?.algorithms ?? []);
  if (integrity === null) {
    const combined = encryption.algorithms.filter(isCombined);
    if (combined.length === 0 && encryption.algorithms.length > 0) {
      report.error(encryption.word.place, NO_INTEGRITY, 'add encr_auth_algs sha256');
    }
    return combined.map(({ token }) => token).filter(isSuite);
  }
  const separate = encryption.algorithms.filter(one => !one.aead && !(encryption.isAny && one.kind === 'null'));
  if (separate.length === 0 && encryption.algorithms.length > 0) {
    const message = `${quoted(encryption.word.text)} authenticates by itself`;
    report.error(integrity.word.place, message, 'take encr_auth_algs away');
    return [];
  }
  const suites = combine(
    separate.map(({ token }) => token),
    integrity.algorithms,
  );
  if (suites.length === 0 && separate.length > 0 && integrity.algorithms.length > 0) {
    const message = `the engine has no suite of ${quoted(encryption.word.text)} and ${quoted(integrity.word.text)}`;
    report.error(integrity.word.place, message, 'use sha256, sha384 or sha512');
  }
  return suites;
}

const NULL_ONLY = ['null'];

/** What `any` may mean: not what is a matter of taste alone, nor GMAC, which encrypts nothing. */
const isCombined = (algorithm: EncryptionAlgorithm): boolean =>
  algorithm.aead && !algorithm.implicitIv && algorithm.kind !== 'gmac';

const isSuite = (name: string): boolean => espSuite(name) !== null;

/** Every cipher with every integrity algorithm; the cipher is what is chosen first. */
function combine(ciphers: readonly string[], integrity: readonly IntegrityAlgorithm[]): string[] {
  return ciphers.flatMap(cipher => integrity.map(({ token }) => `${cipher}-${token}`)).filter(isSuite);
}
