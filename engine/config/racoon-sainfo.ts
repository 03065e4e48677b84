import { type Place, quoted, type Report } from './diagnostic.ts';
import type { ChildRule, RuleSelector } from './key-rules.ts';
import { cipherOf, groupOf, integrityOf, NOT_HERE, type RacoonRules } from './racoon-algorithms.ts';
import type { Notes } from './racoon-notes.ts';
import { lifetimeOf } from './racoon-proposal.ts';
import { type Statement, StatementReader } from './racoon-statements.ts';
import { identifierOf, selectorOf } from './racoon-values.ts';
import { didYouMean, nearest } from './suggest.ts';

export const SAINFO_KEYWORDS = [
  'pfs_group',
  'lifetime',
  'remoteid',
  'encryption_algorithm',
  'authentication_algorithm',
  'compression_algorithm',
] as const;
const LIFETIME_SECONDS = 8 * 3600;
/** KAME has the soft limit at four fifths of the hard one. */
const OVER = 0.25;
const OCTETS_PER_KILOBYTE = 1024;

/** One `sainfo`; null after a diagnostic. */
export function readSainfo(statement: Statement, rules: RacoonRules, report: Report, notes: Notes): ChildRule | null {
  const head = new StatementReader(statement, report);
  const local = sideOf(head);
  const remote = head.isAtEnd || !head.isGood ? null : sideOf(head);
  readPeer(head, notes);
  head.finish();
  if (statement.block === null) {
    report.error(statement.place, 'sainfo has { }', 'write sainfo anonymous { … }');
    return null;
  }
  const seen = new Map<string, Place>();
  const misspelt = new Set<string>();
  const numbers = new Map<string, number>();
  let encryption: readonly string[] = [];
  let integrity: readonly string[] = [];
  let group: string | null = null;
  for (const part of statement.block) {
    const reader = new StatementReader(part, report);
    const keyword = SAINFO_KEYWORDS.find(each => each === part.keyword);
    if (keyword === undefined) {
      const fix = didYouMean(part.keyword, SAINFO_KEYWORDS, 'take it away');
      report.error(part.place, `unknown statement ${quoted(part.keyword)} in a sainfo`, fix);
      misspelt.add(nearest(part.keyword, SAINFO_KEYWORDS) ?? '');
      continue;
    }
    const before = seen.get(keyword);
    if (before !== undefined && keyword !== 'lifetime')
      report.error(part.place, `${keyword} is in line ${before.line} already`, 'keep one of the two');
    seen.set(keyword, part.place);
    if (keyword === 'pfs_group') group = groupOf(reader, rules);
    else if (keyword === 'lifetime') lifetimeOf(reader, numbers);
    else if (keyword === 'remoteid') numbers.set(keyword, reader.number(0, 0xffff_ffff) ?? 0);
    else if (keyword === 'encryption_algorithm') encryption = ciphersOf(reader, rules, notes);
    else if (keyword === 'authentication_algorithm') integrity = listOf(reader, () => integrityOf(reader, rules));
    else reader.word(['deflate']);
    reader.finish();
  }
  for (const keyword of ['encryption_algorithm', 'authentication_algorithm'])
    if (!seen.has(keyword) && !misspelt.has(keyword))
      report.error(statement.place, `this sainfo has no ${keyword}`, `add ${keyword} …;`);
  const kilobytes = numbers.get('kilobytes');
  return {
    place: statement.place,
    rule: null,
    number: numbers.get('remoteid') ?? 0,
    local,
    remote,
    encryption,
    integrity,
    groups: group === null ? [] : [group],
    rekey: {
      seconds: numbers.get('lifetime') ?? LIFETIME_SECONDS,
      octets: kilobytes === undefined ? null : kilobytes * OCTETS_PER_KILOBYTE,
      packets: null,
    },
    over: OVER,
  };
}

/** null: anybody. */
function sideOf(reader: StatementReader): RuleSelector | null {
  if (reader.takes('anonymous') || reader.takes('clientaddr')) return null;
  if (reader.isAtEnd) {
    reader.error('nothing says for whom it is', 'write sainfo anonymous { … }');
    return null;
  }
  const next = reader.peek();
  if (next?.text === 'from' || next?.text === 'group') return null;
  const kinds = ['anonymous', 'clientaddr', 'address', 'subnet'];
  if (next !== null && kinds.includes(next.text)) return selectorOf(reader);
  reader.error(
    `${quoted(next?.text ?? '')} is not anonymous, address or subnet`,
    didYouMean(next?.text ?? '', kinds, ''),
  );
  return null;
}

function readPeer(reader: StatementReader, notes: Notes): void {
  const { place } = reader.statement;
  if (reader.takes('from')) {
    identifierOf(reader);
    notes.add(place, 'from has no effect here: a sainfo is for all who prove who they are');
  }
  if (reader.takes('group')) {
    reader.text();
    notes.add(place, 'group has no effect here: users have no groups');
  }
}

/** What comes between commas, without what is null. */
function listOf<T>(reader: StatementReader, read: () => T | null): T[] {
  const found: T[] = [];
  do {
    const one = read();
    if (one !== null && !found.includes(one)) found.push(one);
  } while (reader.takes(','));
  return found;
}

/** Those that nobody here knows are left out, as long as there is another one. */
function ciphersOf(reader: StatementReader, rules: RacoonRules, notes: Notes): string[] {
  const all = listOf(reader, () => cipherOf(reader, rules, 2));
  const known = all.filter(token => token !== NOT_HERE);
  if (known.length === all.length) return known;
  if (known.length === 0) reader.error('racoon knows these ciphers, and nobody here does', 'add aes 256');
  else notes.add(reader.statement.place, 'one of these ciphers is not here: the others are offered');
  return known;
}
