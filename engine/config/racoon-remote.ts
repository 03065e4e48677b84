import { type Place, quoted, type Report } from './diagnostic.ts';
import type { NamedFile } from './key-rules.ts';
import type { RacoonRules } from './racoon-algorithms.ts';
import type { Notes } from './racoon-notes.ts';
import { lifetimeOf, readProposal, type RemoteProposal } from './racoon-proposal.ts';
import { type Statement, StatementReader } from './racoon-statements.ts';
import { addressOf, fileOf, identifierOf, type RacoonIdentifier } from './racoon-values.ts';
import { didYouMean } from './suggest.ts';

/** What one `remote` says; null: nothing, and racoon's default counts. */
export interface RemoteText {
  readonly modes: readonly ('main' | 'aggressive')[];
  readonly address: string | null;
  readonly mine: RacoonIdentifier | null;
  readonly peers: readonly RacoonIdentifier[];
  readonly certificate: NamedFile | null;
  readonly roots: readonly NamedFile[];
  readonly peerFiles: readonly NamedFile[];
  readonly login: string | null;
  readonly proposals: readonly RemoteProposal[];
  readonly flags: ReadonlyMap<string, boolean>;
  readonly words: ReadonlyMap<string, string>;
  readonly numbers: ReadonlyMap<string, number>;
}

const FLAGS = [
  'verify_identifier',
  'mode_cfg',
  'weak_phase1_check',
  'send_cert',
  'send_cr',
  'match_empty_cr',
  'verify_cert',
  'initial_contact',
  'passive',
  'support_proxy',
];
/** Those that say what is so anyway need no note. */
const FLAGS_WITHOUT_EFFECT: ReadonlyMap<string, readonly [effective: boolean, why: string]> = new Map([
  ['weak_phase1_check', [false, 'what is not protected deletes nothing']],
  ['verify_cert', [true, 'who a peer says it is has to be in its certificate']],
  ['support_proxy', [false, 'the ends of SAs are those of their ISAKMP SA']],
]);
const WORDS: Readonly<Record<string, readonly string[]>> = {
  ike_frag: ['on', 'off', 'force'],
  nat_traversal: ['on', 'off', 'force'],
  proposal_check: ['obey', 'strict', 'claim', 'exact'],
  generate_policy: ['on', 'off', 'require', 'unique'],
  rekey: ['on', 'off', 'force'],
  doi: ['ipsec_doi'],
  situation: ['identity_only'],
};
const NUMBERS: Readonly<Record<string, readonly [number, number]>> = {
  dpd_delay: [0, 86_400],
  dpd_retry: [1, 86_400],
  dpd_maxfail: [1, 1000],
  nonce_size: [8, 256],
  ph1id: [0, 0xffff_ffff],
  esp_frag: [1, 65_535],
};
const OTHER = [
  'remote_address',
  'exchange_mode',
  'my_identifier',
  'peers_identifier',
  'certificate_type',
  'ca_type',
  'peers_certfile',
  'script',
  'lifetime',
  'xauth_login',
  'proposal',
];
export const REMOTE_KEYWORDS = [...FLAGS, ...Object.keys(WORDS), ...Object.keys(NUMBERS), ...OTHER];
const ADDITIVE = ['peers_identifier', 'ca_type', 'peers_certfile', 'script', 'proposal', 'lifetime'];

/** The statements in its braces; those of its parent among them, by `inherited`. */
export function readRemote(
  statements: readonly Statement[],
  rules: RacoonRules,
  report: Report,
  notes: Notes,
): RemoteText {
  const reading = new RemoteReading(rules, report, notes);
  for (const statement of statements) reading.take(statement);
  return reading.text();
}

/** The parent's statements with those of the child in their place. */
export function inherited(parent: readonly Statement[], own: readonly Statement[]): Statement[] {
  const said = new Set(own.map(({ keyword }) => keyword));
  return [...parent.filter(({ keyword }) => !said.has(keyword)), ...own];
}

class RemoteReading {
  readonly #rules: RacoonRules;
  readonly #report: Report;
  readonly #notes: Notes;
  readonly #seen = new Map<string, Place>();
  readonly #flags = new Map<string, boolean>();
  readonly #words = new Map<string, string>();
  readonly #numbers = new Map<string, number>();
  readonly #peers: RacoonIdentifier[] = [];
  readonly #roots: NamedFile[] = [];
  readonly #peerFiles: NamedFile[] = [];
  readonly #proposals: RemoteProposal[] = [];
  #modes: ('main' | 'aggressive')[] = ['main'];
  #address: string | null = null;
  #mine: RacoonIdentifier | null = null;
  #certificate: NamedFile | null = null;
  #login: string | null = null;

  constructor(rules: RacoonRules, report: Report, notes: Notes) {
    this.#rules = rules;
    this.#report = report;
    this.#notes = notes;
  }

  text(): RemoteText {
    return {
      modes: this.#modes,
      address: this.#address,
      mine: this.#mine,
      peers: this.#peers,
      certificate: this.#certificate,
      roots: this.#roots,
      peerFiles: this.#peerFiles,
      login: this.#login,
      proposals: this.#proposals,
      flags: this.#flags,
      words: this.#words,
      numbers: this.#numbers,
    };
  }

  take(statement: Statement): void {
    const { keyword, place } = statement;
    const reader = new StatementReader(statement, this.#report);
    if (!REMOTE_KEYWORDS.includes(keyword)) {
      const fix = didYouMean(keyword, REMOTE_KEYWORDS, 'take it away');
      this.#report.error(place, `unknown statement ${quoted(keyword)} in a remote`, fix);
      return;
    }
    const before = this.#seen.get(keyword);
    if (before !== undefined && !ADDITIVE.includes(keyword))
      this.#report.error(place, `${keyword} is in line ${before.line} already`, 'keep one of the two');
    this.#seen.set(keyword, place);
    if (statement.block !== null && keyword !== 'proposal')
      this.#report.error(place, `${keyword} has no { }`, 'write ; behind it');
    if (FLAGS.includes(keyword)) this.#flag(keyword, reader);
    else if (WORDS[keyword] !== undefined) this.#word(keyword, WORDS[keyword], reader);
    else if (NUMBERS[keyword] !== undefined) {
      const value = reader.number(...NUMBERS[keyword]);
      if (value !== null) this.#numbers.set(keyword, value);
      if (keyword === 'esp_frag') this.#notes.add(place, 'esp_frag has no effect here: path MTUs are found out');
    } else if (keyword === 'proposal') this.#proposal(statement);
    else this.#other(keyword, reader, place);
    if (keyword !== 'proposal' && keyword !== 'script') reader.finish();
  }

  #flag(keyword: string, reader: StatementReader): void {
    const value = reader.flag();
    if (value === null) return;
    this.#flags.set(keyword, value);
    const [effective, why] = FLAGS_WITHOUT_EFFECT.get(keyword) ?? [];
    if (effective !== undefined && effective !== value)
      this.#notes.add(reader.statement.place, `${keyword} has no effect here: ${why}`);
  }

  #word(keyword: string, words: readonly string[], reader: StatementReader): void {
    const value = reader.word(words);
    if (value === null) return;
    this.#words.set(keyword, value);
    const { place } = reader.statement;
    if (keyword === 'generate_policy' && value !== 'off')
      this.#notes.add(place, 'generate_policy has no effect here: policies are those of the node');
    if (keyword === 'rekey' && value === 'off') this.#notes.add(place, 'rekey off has no effect here');
  }

  #other(keyword: string, reader: StatementReader, place: Place): void {
    switch (keyword) {
      case 'remote_address':
        this.#address = addressOf(reader);
        return;
      case 'exchange_mode':
        this.#modes = modesOf(reader, this.#notes);
        return;
      case 'my_identifier':
        this.#mine = identifierOf(reader);
        return;
      case 'peers_identifier': {
        const identifier = identifierOf(reader);
        if (identifier !== null) this.#peers.push(identifier);
        return;
      }
      case 'certificate_type':
        if (!isX509(reader)) return;
        this.#certificate = fileOf(reader);
        fileOf(reader); // its key: a certificate of the lab has it with it
        return;
      case 'ca_type':
        if (isX509(reader)) this.#roots.push(...some(fileOf(reader)));
        return;
      case 'peers_certfile':
        if (reader.peek()?.quotes !== 'none' || isX509(reader)) this.#peerFiles.push(...some(fileOf(reader)));
        return;
      case 'script':
        this.#notes.add(place, 'script has no effect here: nothing is run');
        return;
      case 'lifetime':
        lifetimeOf(reader, this.#numbers);
        return;
      default:
        this.#login = reader.text()?.text ?? null;
    }
  }

  #proposal(statement: Statement): void {
    const found = readProposal(statement, this.#rules, this.#report);
    if (found !== null) this.#proposals.push(found);
  }
}

const some = (file: NamedFile | null): NamedFile[] => (file === null ? [] : [file]);

function modesOf(reader: StatementReader, notes: Notes): ('main' | 'aggressive')[] {
  const modes: ('main' | 'aggressive')[] = [];
  let hasBase = false;
  do {
    const mode = reader.word(['main', 'aggressive', 'base']);
    if (mode === 'base') hasBase = true;
    else if (mode !== null && !modes.includes(mode)) modes.push(mode);
  } while (reader.takes(','));
  if (hasBase && modes.length === 0) reader.error('base mode is not here', 'write exchange_mode main;');
  else if (hasBase) notes.add(reader.statement.place, 'base mode is not here: the other modes are');
  return modes.length === 0 ? ['main'] : modes;
}

function isX509(reader: StatementReader): boolean {
  const word = reader.next('x509 "…"');
  if (word === null || word.text === 'x509') return word !== null;
  const what = { plain_rsa: 'keys without certificates are not here', dnssec: 'nothing is looked up in DNS here' }[
    word.text
  ];
  reader.error(what ?? `${quoted(word.text)} is not x509`, 'write x509 and the names of the files', word.place);
  while (!reader.isAtEnd) reader.next('');
  return false;
}
