import type { SharedSecretConfig } from '../ike/config.ts';
import type { XauthConfig } from '../ike/v1-config.ts';
import { parseAddress, isUnspecified } from '../wire/address.ts';
import { quoted, Report } from './diagnostic.ts';
import { keyOptions } from './key-options.ts';
import type { ChildRule, KeyRule, KeyRulesReading, OwnAuthentication, PeerAuthentication } from './key-rules.ts';
import { GLOBAL_KEYWORDS, type RacoonGlobals, readGlobals } from './racoon-globals.ts';
import { Notes } from './racoon-notes.ts';
import { PROPOSAL_KEYWORDS } from './racoon-proposal.ts';
import { inherited, readRemote, REMOTE_KEYWORDS, type RemoteText } from './racoon-remote.ts';
import { readSainfo, SAINFO_KEYWORDS } from './racoon-sainfo.ts';
import { readStatements, type Statement, StatementReader } from './racoon-statements.ts';
import { addressOf, portOf } from './racoon-values.ts';
import { didYouMean } from './suggest.ts';

/** Of racoon.conf. `secrets`: those of psk.txt, where the passwords of XAuth are as well. */
export interface RacoonInput {
  readonly legacy: boolean;
  readonly secrets: readonly SharedSecretConfig[];
}

const KEYWORDS = new Set<string>([...GLOBAL_KEYWORDS, ...REMOTE_KEYWORDS, ...PROPOSAL_KEYWORDS, ...SAINFO_KEYWORDS]);
const LIFETIME_SECONDS = 8 * 3600;
const NONCE_OCTETS = 16;
const DPD_RETRY_SECONDS = 5;
const DPD_MAXFAIL = 5;

/** Reads racoon.conf as racoon of the IPsec-Tools does (racoon.conf(5)). */
export function readRacoon(file: string, text: string, input: RacoonInput): KeyRulesReading {
  const report = new Report(file);
  const notes = new Notes(file);
  const statements = readStatements(text, KEYWORDS, report);
  for (const { keyword, place } of statements) {
    if (GLOBAL_KEYWORDS.some(known => known === keyword)) continue;
    report.error(place, `unknown statement ${quoted(keyword)}`, didYouMean(keyword, GLOBAL_KEYWORDS, 'take it away'));
  }
  const globals = readGlobals(statements, report, notes);
  const remotes = readRemotes(statements, report);
  const rules = remotes
    .filter(({ isTemplate }) => !isTemplate)
    .flatMap(remote => keyRule(remote, globals, input, report, notes) ?? []);
  const sainfos = statements
    .filter(({ keyword }) => keyword === 'sainfo')
    .flatMap(statement => readSainfo(statement, input, report, notes) ?? []);
  if (remotes.length === 0 && report.count === 0)
    report.error({ line: 1, column: 1 }, 'the file has no remote', 'add remote anonymous { … }');
  if (sainfos.length === 0 && report.count === 0)
    report.error({ line: 1, column: 1 }, 'the file has no sainfo', 'add sainfo anonymous { … }');
  const diagnostics = report.diagnostics();
  if (diagnostics.length > 0) return { stated: null, diagnostics, notes: notes.all() };
  const stated = {
    rules: rules.toSorted((a, b) => (a.remote.length === b.remote.length ? 0 : b.remote.length - a.remote.length)),
    children: sainfos.toSorted((a, b) => exactness(b) - exactness(a)),
    trust: { roots: 'any', peers: [] } as const,
    pools: globals.pool === null ? [] : [globals.pool],
    limits: { halfOpenSeconds: globals.timer.phase1Seconds },
    listen: globals.listen,
  };
  return { stated, diagnostics, notes: notes.all() };
}

/** Where its text says that the other files are; null: it does not say. A text that is none says nothing. */
export function racoonPaths(text: string): { readonly certificates: string | null; readonly secrets: string | null } {
  const paths = new Map<string, string>();
  const report = new Report('');
  for (const statement of readStatements(text, KEYWORDS, report)) {
    if (statement.keyword !== 'path') continue;
    const reader = new StatementReader(statement, report);
    const [what, path] = [reader.next('')?.text, reader.text()?.text];
    if (what !== undefined && path !== undefined) paths.set(what, path);
  }
  return { certificates: paths.get('certificate') ?? null, secrets: paths.get('pre_shared_key') ?? null };
}

const exactness = ({ local, remote }: ChildRule): number => Number(local !== null) + Number(remote !== null);

interface Remote {
  readonly statement: Statement;
  /** As `inherit` calls it. */
  readonly name: string;
  /** Of its head; null: `anonymous`, or a name. */
  readonly address: string | null;
  /** Its own statements and those of its parents. */
  readonly statements: readonly Statement[];
  /** For the address of nobody: only there to be inherited. */
  readonly isTemplate: boolean;
}

function readRemotes(statements: readonly Statement[], report: Report): Remote[] {
  const all: Remote[] = [];
  const found = new Map<string, Remote>();
  for (const statement of statements.filter(({ keyword }) => keyword === 'remote')) {
    const head = new StatementReader(statement, report);
    const isNamed = head.peek()?.quotes === 'closed';
    const isAnonymous = !isNamed && head.takes('anonymous');
    const address = isNamed || isAnonymous ? null : addressOf(head);
    const name = isNamed ? (head.text()?.text ?? '') : (address ?? 'anonymous');
    if (!isAnonymous && !isNamed && address === null) continue;
    portOf(head);
    let parent: Remote | null = null;
    if (head.takes('inherit')) {
      const wanted = head.next('anonymous');
      const key = wanted === null ? '' : (canonical(wanted.text) ?? wanted.text);
      parent = found.get(key) ?? null;
      if (wanted !== null && parent === null)
        head.error(
          `no remote ${quoted(wanted.text)} stands before this one`,
          didYouMean(key, [...found.keys()], 'write it out'),
          wanted.place,
        );
    } else if (statement.block === null)
      head.error('a remote has { }', 'write remote anonymous { … }', statement.place);
    head.finish();
    const before = found.get(name);
    if (before !== undefined) {
      const message = `the remote in line ${before.statement.place.line} is for the same`;
      report.error(statement.place, message, 'keep one of the two');
    }
    const isTemplate = address !== null && isUnspecified(parseAddress(address) ?? new Uint8Array([1]));
    const own = inherited(parent?.statements ?? [], statement.block ?? []);
    const remote = { statement, name, address, statements: own, isTemplate };
    found.set(name, remote);
    all.push(remote);
  }
  return all;
}

const canonical = (text: string): string | null => (parseAddress(text) === null ? null : text);

/** null after a diagnostic. */
function keyRule(
  { statement, name, address, statements }: Remote,
  globals: RacoonGlobals,
  input: RacoonInput,
  report: Report,
  notes: Notes,
): KeyRule | null {
  const before = report.count;
  const text = readRemote(statements, input, report, notes);
  const [first] = text.proposals;
  if (first === undefined) {
    if (report.count === before) {
      const fix = 'add proposal { encryption_algorithm aes 256; hash_algorithm sha256; … }';
      report.error(statement.place, 'this remote has no proposal', fix);
    }
    return null;
  }
  const other = text.proposals.find(({ method }) => method !== first.method);
  if (other !== undefined) {
    const message = 'the proposals of one remote authenticate in different ways';
    report.error(other.place, message, 'use one authentication_method in all of them');
    return null;
  }
  const remote = address ?? text.address;
  const authentication = authenticationOf(statement, text, report);
  if (authentication === null) return null;
  return {
    name,
    place: statement.place,
    local: globals.listen,
    remote: remote === null ? [] : [remote],
    options: optionsOf(statement, text, globals, input, report),
    ...authentication,
    isPassive: text.flags.get('passive') ?? false,
    number: text.numbers.get('ph1id') ?? 0,
  };
}

function optionsOf(
  statement: Statement,
  text: RemoteText,
  globals: RacoonGlobals,
  input: RacoonInput,
  report: Report,
): KeyRule['options'] {
  const { modes, proposals, flags, words, numbers } = text;
  const [mode = 'main'] = modes;
  const usual = numbers.get('lifetime') ?? LIFETIME_SECONDS;
  const nonceOctets = numbers.get('nonce_size') ?? NONCE_OCTETS;
  const wantsAddress = flags.get('mode_cfg') ?? false;
  const xauth = xauthOf(statement, text, input, report);
  const { counter, intervalSeconds } = globals.timer;
  const interval = intervalSeconds * 1000;
  return keyOptions(
    {
      proposals: proposals.map(({ proposal }) => proposal),
      rekeySeconds: Math.min(...proposals.map(({ lifetimeSeconds }) => lifetimeSeconds ?? usual)),
      retransmission: { firstMs: interval, factor: 1, longestMs: interval, sends: counter + 1 },
      livenessSeconds: numbers.get('dpd_delay') ?? 0,
      fragmentation: ({ on: 'yes', force: 'force' } as const)[words.get('ike_frag') ?? ''] ?? 'no',
      requestAddresses: wantsAddress ? ['0.0.0.0'] : [],
      pools: globals.pool === null || wantsAddress ? [] : [globals.pool.name],
    },
    {
      mode,
      accepts: modes,
      nonceOctets,
      quickNonceOctets: nonceOctets,
      lifetimeKilobytes: numbers.get('kilobytes') ?? null,
      lifetimeCheck:
        (['obey', 'claim', 'exact'] as const).find(level => level === words.get('proposal_check')) ?? 'strict',
      initialContact: flags.get('initial_contact') ?? true,
      natTraversal: ({ on: 'yes', force: 'force' } as const)[words.get('nat_traversal') ?? ''] ?? 'no',
      livenessTimeoutSeconds:
        (numbers.get('dpd_retry') ?? DPD_RETRY_SECONDS) * (numbers.get('dpd_maxfail') ?? DPD_MAXFAIL),
      modeConfig: wantsAddress || globals.pool !== null ? 'pull' : 'none',
      requestsCertificates: flags.get('send_cr') ?? true,
      xauth,
    },
  );
}

const passwordOf = ({ secret }: SharedSecretConfig): string => Buffer.from(secret, 'hex').toString('utf8');

/** Passwords are in psk.txt, by the names of users: as a user its own, as a gateway those of all who are no addresses. */
function xauthOf(
  statement: Statement,
  { proposals, login }: RemoteText,
  { secrets }: RacoonInput,
  report: Report,
): XauthConfig | null {
  const method = proposals[0]?.method ?? 'rsasig';
  if (method.endsWith('_client')) {
    const found = secrets.find(({ identities }) => login !== null && identities.includes(login));
    if (login === null) report.error(statement.place, `${method}, and nobody says as whom`, 'add xauth_login "alice";');
    else if (found === undefined)
      report.error(
        statement.place,
        `psk.txt has no password of ${quoted(login)}`,
        'add a line with the name and the password',
      );
    else return { side: 'user', user: login, password: passwordOf(found) };
  } else if (method.endsWith('_server')) {
    const users = secrets.flatMap(each =>
      each.identities.filter(name => parseAddress(name) === null).map(user => ({ user, password: passwordOf(each) })),
    );
    return { side: 'gateway', users };
  }
  return null;
}

function authenticationOf(
  statement: Statement,
  text: RemoteText,
  report: Report,
): { own: OwnAuthentication; peer: PeerAuthentication } | null {
  const { mine, peers, certificate, flags, proposals } = text;
  const isChecked = flags.get('verify_identifier') ?? false;
  if (isChecked && peers.length === 0)
    report.error(statement.place, 'verify_identifier on, and no peers_identifier', 'add peers_identifier address;');
  const identity = mine?.text ?? null;
  if (/psk|pre_shared/.test(proposals[0]?.method ?? '')) {
    if (mine?.kind === 'dn' && identity === null) {
      report.error(statement.place, 'asn1dn without a name: there is no certificate to take it from', 'write the name');
      return null;
    }
    const identities = isChecked ? peers.map(each => each.text) : ['%any'];
    return { own: { method: 'psk', identity }, peer: { method: 'psk', identities } };
  }
  if (certificate === null) {
    report.error(
      statement.place,
      'rsasig, and this remote has no certificate_type',
      'add certificate_type x509 "alice.pem" "alice.key";',
    );
    return null;
  }
  const idKind = mine === null || mine.kind === 'address' ? 'address' : mine.kind === 'dn' ? 'dn' : null;
  return {
    own: {
      method: 'signature',
      certificate,
      idKind,
      identity,
      sends: flags.get('send_cert') === false ? 'never' : 'always',
    },
    peer: {
      method: 'signature',
      identities: isChecked ? peers.flatMap(each => each.text ?? []) : [],
      files: text.peerFiles,
      roots: text.roots,
      revocation: 'relaxed',
    },
  };
}
