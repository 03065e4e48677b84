import type { PoolConfig } from '../ike/config.ts';
import { formatAddress, parseAddress } from '../wire/address.ts';
import { type Place, quoted, type Report } from './diagnostic.ts';
import type { Notes } from './racoon-notes.ts';
import { type Statement, StatementReader } from './racoon-statements.ts';
import { addressOf, portOf } from './racoon-values.ts';
import { didYouMean } from './suggest.ts';

/** What a racoon.conf says besides its remotes and sainfos. */
export interface RacoonGlobals {
  readonly listen: readonly string[];
  readonly timer: { readonly counter: number; readonly intervalSeconds: number; readonly phase1Seconds: number };
  /** Of `mode_cfg { … }`; null: it gives nobody an address. */
  readonly pool: PoolConfig | null;
}

/** Sections and statements at the top of the file; those of remotes and sainfos are `remote` and `sainfo`. */
export const GLOBAL_KEYWORDS = [
  'path',
  'include',
  'timer',
  'listen',
  'log',
  'padding',
  'privsep',
  'mode_cfg',
  'ldapcfg',
  'radiuscfg',
  'gss_id_enc',
  'pfkey_buffer',
  'complex_bundle',
  'remote',
  'sainfo',
] as const;

const PATHS = ['include', 'pre_shared_key', 'certificate', 'backupsa', 'script', 'pidfile'] as const;
const LEVELS = ['error', 'warning', 'notify', 'info', 'debug', 'debug2'] as const;

export function readGlobals(statements: readonly Statement[], report: Report, notes: Notes): RacoonGlobals {
  const listen: string[] = [];
  const timer = { counter: 5, intervalSeconds: 10, phase1Seconds: 15 };
  let pool: PoolConfig | null = null;
  for (const statement of statements) {
    const reader = new StatementReader(statement, report);
    switch (statement.keyword) {
      case 'path':
        if (reader.word(PATHS) !== null) reader.text();
        reader.finish();
        break;
      case 'include':
        reader.error('only this file is read', 'write what is in it here', statement.place);
        break;
      case 'log':
        reader.word(LEVELS);
        reader.finish();
        break;
      case 'timer':
        readTimer(statement, timer, report, notes);
        break;
      case 'listen':
        for (const part of blockOf(statement, LISTEN, report)) readListen(part, listen, report);
        break;
      case 'padding':
        for (const part of blockOf(statement, PADDING, report)) skip(part);
        notes.add(statement.place, 'padding has no effect here: it is of whole cipher blocks, and checked');
        break;
      case 'mode_cfg':
        pool = readModeCfg(statement, report, notes);
        break;
      case 'ldapcfg':
      case 'radiuscfg':
        reader.error('there is no such directory here', 'take it away: users are those of psk.txt', statement.place);
        break;
      case 'privsep':
      case 'gss_id_enc':
      case 'pfkey_buffer':
        notes.add(statement.place, `${statement.keyword} has no effect here`);
        break;
      case 'complex_bundle':
        if (reader.flag() === true)
          reader.error('bundles are not proposed here', 'write complex_bundle off;', statement.place);
        break;
      default:
    }
  }
  return { listen, timer, pool };
}

const TIMER = ['counter', 'interval', 'persend', 'phase1', 'phase2', 'natt_keepalive'];
const LISTEN = ['isakmp', 'isakmp_natt', 'strict_address', 'adminsock', 'admin'];
const PADDING = ['randomize', 'randomize_length', 'maximum_length', 'exclusive_tail', 'strict_check', 'restrict_check'];

/** The statements of a section that has these and no others. */
function blockOf(statement: Statement, keywords: readonly string[], report: Report): readonly Statement[] {
  const { keyword, place, block } = statement;
  if (block === null) report.error(place, `${keyword} has { }`, `write ${keyword} { … }`);
  return (block ?? []).filter(part => {
    if (keywords.includes(part.keyword)) return true;
    const fix = didYouMean(part.keyword, keywords, 'take it away');
    report.error(part.place, `unknown statement ${quoted(part.keyword)} in ${keyword}`, fix);
    return false;
  });
}

function skip(_statement: Statement): void {
  // What it says is of no account.
}

function readTimer(
  statement: Statement,
  timer: { counter: number; intervalSeconds: number; phase1Seconds: number },
  report: Report,
  notes: Notes,
): void {
  for (const part of blockOf(statement, TIMER, report)) {
    const reader = new StatementReader(part, report);
    if (part.keyword === 'counter') timer.counter = reader.number(0, 49) ?? timer.counter;
    else if (part.keyword === 'persend') {
      if ((reader.number(1, 100) ?? 1) > 1) notes.add(part.place, 'persend has no effect here: one packet a send');
    } else {
      const seconds = reader.time();
      if (part.keyword === 'interval') timer.intervalSeconds = Math.max(1, seconds ?? timer.intervalSeconds);
      else if (part.keyword === 'phase1') timer.phase1Seconds = Math.max(1, seconds ?? timer.phase1Seconds);
      else if (part.keyword === 'natt_keepalive' && seconds !== 20)
        notes.add(part.place, 'natt_keepalive has no effect here: one is sent after 20 s (RFC 3948 §4)');
    }
    reader.finish();
  }
}

function readListen(part: Statement, listen: string[], report: Report): void {
  if (part.keyword === 'adminsock' || part.keyword === 'admin') return;
  const reader = new StatementReader(part, report);
  if (part.keyword !== 'strict_address') {
    const address = addressOf(reader);
    const { place } = reader;
    const port = portOf(reader) ?? 500;
    const usual = part.keyword === 'isakmp' ? 500 : 4500;
    if (port !== usual && address !== null && !(part.keyword === 'isakmp' && port === 4500))
      reader.error(`port ${port}: IKE has 500, and 4500 behind a NAT`, `write [${usual}]`, place);
    const isAny = address === '0.0.0.0' || address === '::';
    if (address !== null && !isAny && !listen.includes(address)) listen.push(address);
  }
  reader.finish();
}

const MODE_CFG = [
  'auth_source',
  'auth_groups',
  'group_source',
  'conf_source',
  'accounting',
  'pool_size',
  'network4',
  'netmask4',
  'dns4',
  'wins4',
  'nbns4',
  'split_network',
  'default_domain',
  'split_dns',
  'banner',
  'auth_throttle',
  'pfs_group',
  'save_passwd',
];

/** What comes from elsewhere is not here; null: it names no addresses. */
function readModeCfg(statement: Statement, report: Report, notes: Notes): PoolConfig | null {
  let [first, size]: [Uint8Array | null, number] = [null, 255];
  const dns: string[] = [];
  const subnets: string[] = [];
  let at: Place = statement.place;
  for (const part of blockOf(statement, MODE_CFG, report)) {
    const reader = new StatementReader(part, report);
    const { keyword, place } = part;
    if (keyword === 'network4') {
      at = place;
      const text = addressOf(reader);
      first = text === null ? null : parseAddress(text);
    } else if (keyword === 'pool_size') size = reader.number(1, 65_536) ?? size;
    else if (keyword === 'dns4') {
      do {
        const text = addressOf(reader);
        if (text !== null) dns.push(text);
      } while (reader.takes(','));
    } else if (keyword === 'split_network' && reader.takes('include')) {
      do subnets.push(...networkOf(reader));
      while (reader.takes(','));
    } else if (/^(auth|conf|group)_source$/.test(keyword)) {
      const known = keyword === 'conf_source' ? 'local' : 'system';
      if (!reader.takes(known)) reader.error('there is no such service here', `write ${keyword} ${known};`);
    } else if (keyword !== 'netmask4') notes.add(place, `${keyword} has no effect here`);
  }
  if (first === null) return null;
  const last = first.length === 4 ? plus(first, size - 1) : null;
  if (last === null) {
    report.error(at, 'network4: the pool goes beyond the last address', 'write the first address of a network');
    return null;
  }
  return { name: 'mode_cfg', addresses: [`${formatAddress(first)}-${formatAddress(last)}`], dns, subnets };
}

function networkOf(reader: StatementReader): string[] {
  const address = addressOf(reader);
  if (!reader.takes('/')) {
    reader.error('a network has a mask', 'write 10.0.0.0/24');
    return [];
  }
  const word = reader.next('24');
  const mask = word === null ? null : /^[0-9]{1,2}$/.test(word.text) ? Number(word.text) : bitsOf(word.text);
  if (mask === null || mask > 32) reader.error('this is no mask', 'write 10.0.0.0/24', word?.place);
  return address === null || mask === null || mask > 32 ? [] : [`${address}/${mask}`];
}

/** Of 255.255.255.0. */
function bitsOf(mask: string): number | null {
  const octets = parseAddress(mask);
  if (octets?.length !== 4) return null;
  const bits = [...octets].map(octet => octet.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) ? bits.replace(/0/g, '').length : null;
}

/** So many addresses further; null: there is none. */
function plus(address: Uint8Array, count: number): Uint8Array | null {
  const view = new DataView(Uint8Array.from(address).buffer);
  const sum = view.getUint32(0) + count;
  if (sum > 0xffff_ffff) return null;
  view.setUint32(0, sum);
  return new Uint8Array(view.buffer);
}
