import type { IkeProposalConfig } from '../ike/config.ts';
import { type Place, quoted, type Report } from './diagnostic.ts';
import { cipherOf, groupOf, hashOf, NOT_HERE, type RacoonRules } from './racoon-algorithms.ts';
import { type Statement, StatementReader } from './racoon-statements.ts';
import { didYouMean, nearest } from './suggest.ts';

export interface RemoteProposal {
  readonly place: Place;
  readonly method: Method;
  readonly proposal: IkeProposalConfig;
  readonly lifetimeSeconds: number | null;
}

const METHODS = [
  'pre_shared_key',
  'rsasig',
  'xauth_psk_client',
  'xauth_psk_server',
  'xauth_rsa_client',
  'xauth_rsa_server',
] as const;
export type Method = (typeof METHODS)[number];
const METHODS_REFUSED: ReadonlyMap<string, string> = new Map([
  ['dsssig', 'DSA keys are not made any more (FIPS 186-5)'],
  ['rsaenc', 'whoever can ask may decrypt with it (CVE-2018-5389)'],
  ['gssapi_krb', 'there is no Kerberos here'],
  ['hybrid_rsa_server', 'hybrid authentication is not here'],
  ['hybrid_rsa_client', 'hybrid authentication is not here'],
]);

export const PROPOSAL_KEYWORDS = [
  'encryption_algorithm',
  'hash_algorithm',
  'authentication_method',
  'dh_group',
  'lifetime',
  'gss_id',
] as const;

/** One `proposal { … }` of a remote; null after a diagnostic. */
export function readProposal(statement: Statement, rules: RacoonRules, report: Report): RemoteProposal | null {
  if (statement.block === null) {
    report.error(statement.place, 'a proposal has { }', 'write proposal { encryption_algorithm aes 256; … }');
    return null;
  }
  const seen = new Set<string>();
  const numbers = new Map<string, number>();
  let cipher: string | null = null;
  let hash: string | null = null;
  let group: string | null = null;
  let method: Method | null = null;
  for (const part of statement.block) {
    const reader = new StatementReader(part, report);
    const keyword = PROPOSAL_KEYWORDS.find(each => each === part.keyword);
    if (keyword === undefined) {
      const fix = didYouMean(part.keyword, PROPOSAL_KEYWORDS, 'take it away');
      report.error(part.place, `unknown statement ${quoted(part.keyword)} in a proposal`, fix);
      seen.add(nearest(part.keyword, PROPOSAL_KEYWORDS) ?? '');
      continue;
    }
    if (seen.has(keyword)) report.error(part.place, `${keyword} is there twice`, 'keep one of the two');
    seen.add(keyword);
    if (keyword === 'encryption_algorithm') cipher = ownCipher(reader, rules);
    else if (keyword === 'hash_algorithm') hash = hashOf(reader, rules);
    else if (keyword === 'dh_group') group = groupOf(reader, rules);
    else if (keyword === 'authentication_method') method = methodOf(reader);
    else if (keyword === 'lifetime') lifetimeOf(reader, numbers);
    else reader.text();
    reader.finish();
  }
  for (const keyword of PROPOSAL_KEYWORDS.slice(0, 4).filter(each => !seen.has(each)))
    report.error(statement.place, `this proposal has no ${keyword}`, `add ${keyword} …;`);
  if (cipher === null || hash === null || group === null || method === null) return null;
  const proposal = {
    encryption: [cipher],
    integrity: [hash],
    prf: [],
    keyExchange: [group],
    additionalKeyExchanges: [],
  };
  return { place: statement.place, method, proposal, lifetimeSeconds: numbers.get('lifetime') ?? null };
}

function ownCipher(reader: StatementReader, rules: RacoonRules): string | null {
  const { place } = reader;
  const found = cipherOf(reader, rules, 1);
  if (found !== NOT_HERE) return found;
  reader.error('racoon knows this cipher, and nobody here does', 'use aes 256', place);
  return null;
}

function methodOf(reader: StatementReader): Method | null {
  const refused = METHODS_REFUSED.get(reader.peek()?.text ?? '');
  if (refused === undefined) return reader.word(METHODS);
  const word = reader.next('');
  reader.error(`${word?.text ?? ''} is known and refused: ${refused}`, 'use pre_shared_key or rsasig', word?.place);
  return null;
}

/** `lifetime time 24 hour`, `lifetime byte 100 MB`: as `lifetime` in seconds, and as `kilobytes`. */
export function lifetimeOf(reader: StatementReader, numbers: Map<string, number>): void {
  const kind = reader.word(['time', 'byte']);
  if (kind === 'time') {
    const seconds = reader.time();
    if (seconds !== null) numbers.set('lifetime', seconds);
  } else if (kind === 'byte') {
    const amount = reader.number(1, 0xffff_ffff);
    const unit = reader.word(['B', 'byte', 'bytes', 'KB', 'MB', 'TB']);
    const scale = { B: 1 / 1024, byte: 1 / 1024, bytes: 1 / 1024, KB: 1, MB: 1024, TB: 1024 ** 3 };
    if (amount !== null && unit !== null) numbers.set('kilobytes', Math.max(1, Math.round(amount * scale[unit])));
  }
}
