import { parseAddress } from '../wire/address.ts';
import type { Report } from './diagnostic.ts';
import { DEFAULT_IKE_PROPOSALS, parseIkeProposal, type ProposalRules } from './ike-proposal.ts';
import { DEFAULT_V1_PROPOSALS, parseIkeV1Proposal } from './ike-v1-proposal.ts';
import type { StatedPolicy } from './policy.ts';
import type { StatedAuthentication, StatedConnection } from './stated-ike.ts';
import { readAuth } from './swanctl-auth.ts';
import { readChild } from './swanctl-child.ts';
import { CONNECTION_KEYS, judgeKeys, LOCAL_KEYS, REMOTE_KEYS } from './swanctl-keys.ts';
import type { SettingsSection } from './swanctl-settings.ts';
import { proposalsOf } from './swanctl-proposals.ts';
import { judgeV1Children, roundOf, v1Of, versionOf, type XauthUser } from './swanctl-v1.ts';
import { ValueReader } from './swanctl-values.ts';

export interface ConnectionReading {
  /** null: it does not say who is who, after a diagnostic. */
  readonly connection: StatedConnection | null;
  readonly policies: readonly StatedPolicy[];
}

const IKE_PORT = 500;
const NAT_T_PORT = 4500;
const REKEY_SECONDS = 4 * 3600;
const OVER = 0.1;
/** What swanctl.conf says nothing of. */
const NOT_IN_THE_FILE = {
  addressInterface: null,
  fragmentOctets: null,
  resumption: false,
  quickCrashDetection: false,
  redirectTo: null,
  followsRedirects: true,
  makeBeforeBreak: false,
  /** charon's own (strongswan.conf, charon.retransmit_*): 4 s, 1.8 times as long each, 5 times more. */
  retransmission: { firstMs: 4000, factor: 1.8, longestMs: 60_000, sends: 6 },
  windowSize: 1,
} as const;

/** What stands around the connections of a file. */
export interface ConnectionContext {
  readonly file: string;
  readonly rules: ProposalRules;
  /** Of the policies of the file so far. */
  readonly names: Set<string>;
  readonly poolAddresses: (pools: readonly string[]) => readonly string[];
  /** With the passwords of XAuth. */
  readonly users: readonly XauthUser[];
}

export function readConnection(
  section: SettingsSection,
  { file, rules, names, poolAddresses, users }: ConnectionContext,
  report: Report,
): ConnectionReading {
  judgeKeys(section, CONNECTION_KEYS, ['local', 'remote', 'children'], report);
  const values = new ValueReader(section, report);
  const version = versionOf(values);
  const local = values.addresses('local_addrs');
  const remote = values.addresses('remote_addrs');
  const requestAddresses = values.addresses('vips');
  const pools = values.list('pools');
  const dynamic = {
    local: requestAddresses.length > 0 ? [] : local,
    remote: pools.length > 0 ? poolAddresses(pools) : remote,
  };
  const ends = { local, remote, dynamic };
  const children = (section.sections.find(({ name }) => name === 'children')?.sections ?? []).map(child =>
    readChild(child, section.name, ends, file, rules, names, report),
  );
  const rounds = { local: roundOf(section, 'local', report), remote: roundOf(section, 'remote', report) };
  const configs = children.flatMap(child => child.configs);
  if (version === 1) judgeV1Children(section, configs, report);
  const authentication = {
    local: readLocal(section, rounds.local, values, local, report),
    remote: readRemote(section, rounds.remote, report),
  };
  const policies = children.flatMap(child => child.policies);
  const ppk = values.setting('ppk_id');
  const tries = values.setting('keyingtries')?.value === '%forever' ? 0 : values.number('keyingtries', 1, 1000);
  const options: Omit<StatedConnection, 'authentication'> = {
    name: section.name,
    place: section.place,
    ...(version === 1 ? { version, v1: v1Of(section, values, users, report) } : { version }),
    local,
    remote,
    ...portsOf(values),
    proposals: ikeProposals(values, version, rules),
    ppk: ppk === null ? null : { ids: [ppk.value], isRequired: values.flag('ppk_required', false) },
    requestAddresses,
    pools,
    unique: ({ no: 'no', never: 'no', keep: 'keep', replace: 'replace' } as const)[
      values.word('unique', ['no', 'never', 'keep', 'replace'], 'no')
    ],
    fragmentation: ({ yes: 'yes', accept: 'yes', force: 'force', no: 'no' } as const)[
      values.word('fragmentation', ['yes', 'accept', 'force', 'no'], 'yes')
    ],
    mobike: values.flag('mobike', true),
    forceEncapsulation: values.flag('encap', false),
    childless: ({ allow: 'allow', prefer: 'prefer', force: 'force', never: 'no' } as const)[
      values.word('childless', ['allow', 'prefer', 'force', 'never'], 'allow')
    ],
    ...NOT_IN_THE_FILE,
    livenessSeconds: values.seconds('dpd_delay', 0),
    ...lifetimesOf(values),
    attempts: tries === 0 ? null : tries,
    children: configs,
  };
  const { local: own, remote: expected } = authentication;
  const isWhole = own !== null && expected !== null;
  return { connection: isWhole ? { ...options, authentication: { local: own, remote: expected } } : null, policies };
}

type Lifetimes = 'rekeySeconds' | 'reauthenticateSeconds' | 'overSeconds' | 'lifetimeJitter';

function lifetimesOf(values: ValueReader): Pick<StatedConnection, Lifetimes> {
  const rekeySeconds = values.seconds('rekey_time', REKEY_SECONDS);
  const reauthenticateSeconds = values.seconds('reauth_time', 0);
  const longest = Math.max(rekeySeconds, reauthenticateSeconds);
  const overSeconds = values.seconds('over_time', Math.round(longest * OVER));
  const randSeconds = values.seconds('rand_time', overSeconds);
  const lifetimeJitter = longest === 0 ? 0 : Math.min(1, randSeconds / longest);
  return { rekeySeconds, reauthenticateSeconds, overSeconds, lifetimeJitter };
}

function ikeProposals(values: ValueReader, version: 1 | 2, rules: ProposalRules): StatedConnection['proposals'] {
  const [usual, parse] =
    version === 1 ? [DEFAULT_V1_PROPOSALS, parseIkeV1Proposal] : [DEFAULT_IKE_PROPOSALS, parseIkeProposal];
  return proposalsOf(values, 'proposals', usual, text => parse(text, rules));
}

function portsOf(values: ValueReader): Pick<StatedConnection, 'port' | 'natPort'> {
  const local = values.number('local_port', IKE_PORT, 65_535);
  const remote = values.number('remote_port', local, 65_535);
  const setting = values.setting('remote_port');
  if (setting !== null && local !== remote)
    values.error(setting, `the other port is ${local}`, 'use one port at both ends');
  return { port: local === NAT_T_PORT ? IKE_PORT : local, natPort: NAT_T_PORT };
}

function readLocal(
  section: SettingsSection,
  round: SettingsSection | null,
  connection: ValueReader,
  addresses: readonly string[],
  report: Report,
): StatedAuthentication | null {
  if (round === null) {
    report.error(section.place, `${section.name} does not say how it proves who it is`, 'add local { auth = psk … }');
    return null;
  }
  judgeKeys(round, LOCAL_KEYS, [], report);
  const values = new ValueReader(round, report);
  const auth = readAuth(values);
  const [address] = addresses;
  const stated = values.identity('id');
  const identity = stated === '%any' ? null : stated;
  if (auth === null) return null;
  if (auth.method === 'psk') {
    const own = identity ?? (address !== undefined && parseAddress(address) !== null ? address : null);
    if (own === null) report.error(round.place, 'nothing says who this is', 'add id = alice.lab');
    return own === null ? null : { method: 'psk', identity: own };
  }
  const send = connection.word('send_cert', ['always', 'ifasked', 'never'], 'ifasked');
  const raw = values.files('pubkeys')[0];
  const [file = raw, second] = values.files('certs');
  const setting = values.setting('certs') ?? values.setting('pubkeys');
  if (second !== undefined && setting !== null) values.error(setting, 'several certificates', 'name one');
  if (file === undefined || setting === null) {
    report.error(round.place, 'auth = pubkey, and nothing says with which key', 'add certs = alice.pem');
    return null;
  }
  return {
    method: 'signature',
    identity,
    key: { file, place: setting.valuePlace },
    schemes: auth.schemes,
    sends: setting.key === 'pubkeys' ? 'raw' : ({ always: 'always', ifasked: 'asked', never: 'never' } as const)[send],
  };
}

function readRemote(
  section: SettingsSection,
  round: SettingsSection | null,
  report: Report,
): StatedConnection['authentication']['remote'] | null {
  if (round === null) {
    report.error(
      section.place,
      `${section.name} does not say what it expects of the peer`,
      'add remote { auth = psk … }',
    );
    return null;
  }
  judgeKeys(round, REMOTE_KEYS, [], report);
  const values = new ValueReader(round, report);
  const auth = readAuth(values);
  if (auth === null) return null;
  const revocation = values.word('revocation', ['strict', 'ifuri', 'relaxed'], 'relaxed');
  return {
    methods: [auth.method],
    identity: values.identity('id') ?? '%any',
    authorities: values.files('cacerts'),
    schemes: auth.schemes,
    revocation: ({ strict: 'strict', ifuri: 'ifUri', relaxed: 'relaxed' } as const)[revocation],
    certificates: values.files('certs'),
    keys: values.files('pubkeys'),
  };
}
