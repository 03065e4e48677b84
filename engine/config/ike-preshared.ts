import { formatRange } from './address-range.ts';
import { type Place, quoted, Report } from './diagnostic.ts';
import type { SecretsReading } from './key-rules.ts';
import type { SharedSecretConfig } from '../ike/config.ts';
import { solarisWords, type SolarisWord } from './solaris-words.ts';
import { didYouMean, nearest } from './suggest.ts';

const KEYS = ['localidtype', 'localid', 'remoteidtype', 'remoteid', 'key'] as const;
type Key = (typeof KEYS)[number];
const TYPES = ['ip', 'ipv4', 'ipv6', 'ipv4_addr', 'ipv6_addr'];

/** Reads `/etc/inet/secret/ike.preshared` (ike.preshared(4)). No message shows a key. */
export function readIkePreshared(file: string, text: string): SecretsReading {
  const report = new Report(file);
  const words = solarisWords(text, report);
  const secrets: SharedSecretConfig[] = [];
  const pairs = new Map<string, number>();
  let at = 0;
  while (at < words.length) {
    const brace = words[at];
    if (brace === undefined) break;
    at += 1;
    if (brace.text !== '{' || brace.isQuoted) {
      // Not quoted: what stands there may be a key.
      report.error(brace.place, 'this stands in no entry', 'begin an entry with {');
      while (at < words.length && words[at]?.text !== '{') at += 1;
      continue;
    }
    const entry = readEntry(brace, words, at, report);
    at = entry.end;
    const { secret } = entry;
    if (secret === null) continue;
    const pair = secret.identities.join(' ');
    const before = pairs.get(pair);
    if (before !== undefined)
      report.error(brace.place, `the entry in line ${before} is for the same two addresses`, 'keep one of the two');
    pairs.set(pair, brace.place.line);
    secrets.push(secret);
  }
  const diagnostics = report.diagnostics();
  return { secrets: diagnostics.length > 0 ? null : secrets, diagnostics };
}

function readEntry(
  brace: SolarisWord,
  words: readonly SolarisWord[],
  start: number,
  report: Report,
): { readonly secret: SharedSecretConfig | null; readonly end: number } {
  const values = new Map<Key, SolarisWord>();
  const misspelt = new Set<string>();
  let at = start;
  for (;;) {
    const name = words[at];
    if (name === undefined || (name.text === '{' && !name.isQuoted)) {
      report.error(brace.place, 'the { of this entry is never closed', 'write } where it ends');
      return { secret: null, end: at };
    }
    at += 1;
    if (name.text === '}' && !name.isQuoted) break;
    const key = KEYS.find(each => each === name.text.toLowerCase());
    const value = words[at];
    const hasValue = value !== undefined && (value.isQuoted || !'{}'.includes(value.text));
    if (key === undefined) {
      // A word that looks like digits may be a key whose name is missing.
      const shown = /^[a-z_]{1,24}$/i.test(name.text) ? quoted(name.text) : 'what stands here';
      report.error(name.place, `${shown} is no part of an entry`, didYouMean(name.text, KEYS, ''));
      misspelt.add(nearest(name.text, KEYS) ?? '');
      if (hasValue && value.place.line === name.place.line) at += 1;
      continue;
    }
    if (!hasValue) {
      report.error(name.place, `${key} has no value`, `write ${key} ${EXAMPLES[key]}`);
      continue;
    }
    at += 1;
    if (values.has(key)) report.error(name.place, `${key} is there twice`, 'keep one of the two');
    values.set(key, value);
  }
  for (const key of KEYS.filter(each => !values.has(each) && !misspelt.has(each)))
    report.error(brace.place, `this entry has no ${key}`, `add ${key} ${EXAMPLES[key]}`);
  return { secret: secretOf(values, report), end: at };
}

const EXAMPLES: Readonly<Record<Key, string>> = {
  localidtype: 'IP',
  localid: '192.0.2.1',
  remoteidtype: 'IP',
  remoteid: '192.0.2.2',
  key: 'DIGITS, as openssl rand -hex 64 makes them',
};

function secretOf(values: ReadonlyMap<Key, SolarisWord>, report: Report): SharedSecretConfig | null {
  for (const key of ['localidtype', 'remoteidtype'] as const) {
    const type = values.get(key);
    if (type !== undefined && !TYPES.includes(type.text.toLowerCase()))
      report.error(type.place, `${key} ${quoted(type.text)}: preshared keys are for addresses`, `write ${key} IP`);
  }
  const identities = (['localid', 'remoteid'] as const).map(key => {
    const word = values.get(key);
    if (word === undefined) return null;
    const found = formatRange(word.text);
    if (found !== null && !/[/-]/.test(found)) return found;
    const what = found === null ? 'no address' : 'a network, and each peer needs an entry of its own here';
    report.error(word.place, `${key} ${quoted(word.text)}: ${what}`, `write ${key} ${EXAMPLES[key]}`);
    return null;
  });
  const key = values.get('key');
  const secret = key === undefined ? null : octetsOf(key, report);
  const [local, remote] = identities;
  return secret === null || !local || !remote ? null : { identities: [local, remote], secret };
}

const KEY_OCTETS_MAX = 4096;

/** Hexadecimal digits, with 0x before them or without, or text in quotes. */
function octetsOf({ text, isQuoted, place }: SolarisWord, report: Report): string | null {
  if (isQuoted) return sized(Buffer.from(text, 'utf8').toString('hex'), place, report);
  const digits = text.replace(/^0x/i, '').toLowerCase();
  if (/^([0-9a-f]{2})+$/.test(digits)) return sized(digits, place, report);
  const isOdd = /^[0-9a-f]+$/.test(digits);
  const message = isOdd
    ? `the key has ${digits.length} hexadecimal digits: they come in pairs`
    : 'the key is not hexadecimal';
  report.error(place, message, 'write pairs of digits, as openssl rand -hex 64 makes them, or text in quotes');
  return null;
}

function sized(hex: string, place: Place, report: Report): string | null {
  if (hex.length > 0 && hex.length <= 2 * KEY_OCTETS_MAX) return hex;
  report.error(place, `a key of ${hex.length / 2} octets`, `use 1 to ${KEY_OCTETS_MAX}`);
  return null;
}
