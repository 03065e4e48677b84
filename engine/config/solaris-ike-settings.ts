import { type Place, quoted } from './diagnostic.ts';
import type { CertificateSelector } from './certificate-selector.ts';
import type { SolarisReader } from './solaris-ike-reader.ts';
import { groupOf, readTransform, type SolarisRules, type SolarisTransform } from './solaris-ike-transform.ts';
import type { SolarisWord } from './solaris-words.ts';
import { didYouMean, nearest } from './suggest.ts';

/** What may be said of all rules and of each, ike.config(4). null: not said. */
export interface SolarisSettings {
  readonly transforms: readonly SolarisTransform[];
  readonly numbers: ReadonlyMap<NumberKey, number>;
  readonly idType: IdType | null;
  /** undefined: not said; null: no perfect forward secrecy. */
  readonly pfs: string | null | undefined;
}

export interface SolarisGlobals extends SolarisSettings {
  readonly roots: readonly CertificateSelector[];
  readonly trusted: readonly CertificateSelector[];
  readonly ignoresCrls: boolean;
  readonly retry: { readonly limit: number; readonly firstSeconds: number; readonly longestSeconds: number };
  readonly expireSeconds: number;
  /** Keywords that have no effect here. */
  readonly idle: readonly SolarisWord[];
}

export interface SolarisRule extends SolarisSettings {
  readonly place: Place;
  readonly label: string;
  readonly local: readonly string[];
  readonly remote: readonly string[];
  readonly localId: CertificateSelector | null;
  readonly remoteIds: readonly CertificateSelector[];
}

export type IdType = 'dn' | 'fqdn' | 'address' | 'email';

const ID_TYPES: ReadonlyMap<string, IdType | null> = new Map([
  ['dn', 'dn'],
  ['dns', 'fqdn'],
  ['fqdn', 'fqdn'],
  ['gn', null],
  ['ip', 'address'],
  ['ipv4', 'address'],
  ['ipv4_prefix', null],
  ['ipv4_range', null],
  ['ipv6', 'address'],
  ['ipv6_prefix', null],
  ['ipv6_range', null],
  ['mbox', 'email'],
  ['user_fqdn', 'email'],
]);

/** Keywords with a number, and what it may be. */
const NUMBERS = {
  p1_lifetime_secs: [1, 0xffff_ffff],
  p1_nonce_len: [8, 256],
  p2_nonce_len: [8, 256],
  p2_lifetime_secs: [1, 0xffff_ffff],
  p2_softlife_secs: [1, 0xffff_ffff],
  p2_idletime_secs: [1, 0xffff_ffff],
  p2_lifetime_kb: [1, 0xffff_ffff],
  p2_softlife_kb: [1, 0xffff_ffff],
} as const;
export type NumberKey = keyof typeof NUMBERS;

const isNumberKey = (key: string): key is NumberKey => Object.hasOwn(NUMBERS, key);

/** Of a file alone; those of a rule besides. */
const FILE_ONLY = ['p1_lifetime_secs', 'p1_nonce_len', 'p2_nonce_len'];
const COMMON_KEYS = ['p1_xform', 'p2_pfs', 'local_id_type', ...Object.keys(NUMBERS)];
const GLOBAL_KEYS = [
  'cert_root',
  'cert_trust',
  'expire_timer',
  'ignore_crls',
  'ldap_server',
  'pkcs11_path',
  'retry_limit',
  'retry_timer_init',
  'retry_timer_max',
  'proxy',
  'socks',
  'use_http',
  ...COMMON_KEYS,
];
const RULE_KEYS = [
  'label',
  'local_addr',
  'remote_addr',
  'local_id',
  'remote_id',
  ...COMMON_KEYS.filter(key => !FILE_ONLY.includes(key)),
];

/** What both levels have, while it is read. */
class SettingsReader {
  readonly transforms: SolarisTransform[] = [];
  readonly numbers = new Map<NumberKey, number>();
  readonly seen = new Map<string, Place>();
  readonly misspelt = new Set<string>();
  idType: IdType | null = null;
  pfs: string | null | undefined = undefined;
  readonly #reader: SolarisReader;
  readonly #rules: SolarisRules;

  constructor(reader: SolarisReader, rules: SolarisRules) {
    this.#reader = reader;
    this.#rules = rules;
  }

  /** Whether it was one of these. */
  takes(key: SolarisWord): boolean {
    const { text } = key;
    if (text === 'p1_xform') {
      const transform = readTransform(key, this.#reader, this.#rules);
      if (transform !== null) this.transforms.push(transform);
    } else if (text === 'p2_pfs') this.pfs = pfsOf(key, this.#reader, this.#rules);
    else if (text === 'local_id_type') this.idType = idTypeOf(key, this.#reader);
    else if (isNumberKey(text)) {
      const [least, most] = NUMBERS[text];
      const value = this.#reader.number(key, least, most);
      if (value !== null) this.numbers.set(text, value);
    } else return false;
    return true;
  }

  /** Reports a keyword that is there a second time; those that add up are not given here. */
  once(key: SolarisWord): void {
    const before = this.seen.get(key.text);
    if (before !== undefined)
      this.#reader.error(key.place, `${key.text} is in line ${before.line} already`, 'keep one of the two');
    this.seen.set(key.text, key.place);
  }
}

const ADDITIVE = ['p1_xform', 'cert_root', 'cert_trust', 'ldap_server', 'local_addr', 'remote_addr', 'remote_id'];

/** The whole file. */
export function readFile(
  reader: SolarisReader,
  rules: SolarisRules,
): { globals: SolarisGlobals; rules: SolarisRule[] } {
  const settings = new SettingsReader(reader, rules);
  const found: SolarisRule[] = [];
  const roots: CertificateSelector[] = [];
  const trusted: CertificateSelector[] = [];
  const idle: SolarisWord[] = [];
  const retry = { limit: 5, firstSeconds: 0.5, longestSeconds: 30 };
  let expireSeconds = 300;
  let ignoresCrls = false;
  for (let key = reader.next(); key !== null; key = reader.next()) {
    if (!key.isQuoted && key.text === '{') {
      const rule = readRule(key, reader, rules);
      if (rule !== null) found.push(rule);
      continue;
    }
    if (!GLOBAL_KEYS.includes(key.text) || key.isQuoted) {
      unknown(key, GLOBAL_KEYS, RULE_KEYS, reader);
      continue;
    }
    if (!ADDITIVE.includes(key.text)) settings.once(key);
    if (settings.takes(key)) continue;
    switch (key.text) {
      case 'cert_root':
      case 'cert_trust': {
        const selector = reader.selector(key);
        if (selector !== null) (key.text === 'cert_root' ? roots : trusted).push(selector);
        break;
      }
      case 'expire_timer':
        expireSeconds = reader.number(key, 1, 86_400) ?? expireSeconds;
        break;
      case 'retry_limit':
        retry.limit = reader.number(key, 0, 49) ?? retry.limit;
        break;
      case 'retry_timer_init':
        retry.firstSeconds = reader.seconds(key) ?? retry.firstSeconds;
        break;
      case 'retry_timer_max':
        retry.longestSeconds = reader.seconds(key) ?? retry.longestSeconds;
        break;
      case 'ignore_crls':
        ignoresCrls = true;
        break;
      default:
        if (key.text !== 'use_http') reader.value(key, '"…"');
        idle.push(key);
    }
  }
  const { transforms, numbers, idType, pfs } = settings;
  const globals = { transforms, numbers, idType, pfs, roots, trusted, ignoresCrls, retry, expireSeconds, idle };
  return { globals, rules: found };
}

/** Behind its brace; null: it is not closed, or says not what it is. */
function readRule(brace: SolarisWord, reader: SolarisReader, rules: SolarisRules): SolarisRule | null {
  const settings = new SettingsReader(reader, rules);
  const local: string[] = [];
  const remote: string[] = [];
  const remoteIds: CertificateSelector[] = [];
  let label: string | null = null;
  let localId: CertificateSelector | null = null;
  for (;;) {
    if (reader.takes('}')) break;
    const key = reader.next();
    if (key === null || (!key.isQuoted && key.text === '{')) {
      reader.error(
        key === null ? brace.place : key.place,
        'the { of this rule is never closed',
        'write } where it ends',
      );
      break;
    }
    if (!RULE_KEYS.includes(key.text) || key.isQuoted) {
      settings.misspelt.add(nearest(key.text, RULE_KEYS) ?? '');
      unknown(key, RULE_KEYS, GLOBAL_KEYS, reader);
      continue;
    }
    if (ADDITIVE.includes(key.text)) settings.seen.set(key.text, key.place);
    else settings.once(key);
    if (settings.takes(key)) continue;
    if (key.text === 'label') label = reader.value(key, '"bob"')?.text ?? null;
    else if (key.text === 'local_id') localId = reader.selector(key);
    else if (key.text === 'remote_id') {
      const selector = reader.selector(key);
      if (selector !== null) remoteIds.push(selector);
    } else {
      const addresses = reader.addresses(key);
      if (addresses !== null) (key.text === 'local_addr' ? local : remote).push(addresses);
    }
  }
  const { transforms, numbers, idType, pfs, seen, misspelt } = settings;
  for (const [key, isThere] of [
    ['label', seen.has('label')],
    ['local_addr', seen.has('local_addr')],
    ['remote_addr', seen.has('remote_addr')],
  ] as const)
    if (!isThere && !misspelt.has(key))
      reader.error(brace.place, `this rule has no ${key}`, `add ${key} ${key === 'label' ? '"bob"' : '192.0.2.1'}`);
  if (label === null) return null;
  return { place: brace.place, label, local, remote, localId, remoteIds, transforms, numbers, idType, pfs };
}

function unknown(key: SolarisWord, here: readonly string[], elsewhere: readonly string[], reader: SolarisReader): void {
  const isMisplaced = elsewhere.includes(key.text) && !key.isQuoted;
  if (isMisplaced) {
    const where = elsewhere === RULE_KEYS ? 'a rule: { label "…" … }' : 'no rule, but before the first one';
    reader.error(key.place, `${key.text} stands in the wrong place`, `put it into ${where}`);
  } else if (key.text === '}' && !key.isQuoted) {
    reader.error(key.place, 'there is no { that this } could close', 'take it away');
    return;
  } else reader.error(key.place, `unknown keyword ${quoted(key.text)}`, didYouMean(key.text, here, 'take it away'));
  reader.skipUnknown();
}

function pfsOf(key: SolarisWord, reader: SolarisReader, rules: SolarisRules): string | null | undefined {
  const value = reader.peek();
  if (value !== null && /^0+$/.test(value.text)) {
    reader.next();
    return null;
  }
  return groupOf(key, reader, rules) ?? undefined;
}

function idTypeOf(key: SolarisWord, reader: SolarisReader): IdType | null {
  const place = reader.peek()?.place ?? key.place;
  const word = reader.word(key, [...ID_TYPES.keys()]);
  if (word === null) return null;
  const found = ID_TYPES.get(word) ?? null;
  if (found === null)
    reader.error(
      place,
      `${key.text} ${word}: an identity that stands for many, or for none`,
      'use dn, dns, mbox or ip',
    );
  return found;
}
