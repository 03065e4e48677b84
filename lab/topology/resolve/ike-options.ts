import { DEFAULT_IKE_PROPOSALS, parseIkeProposal } from '../../../engine/config/ike-proposal.ts';
import { DEFAULT_V1_PROPOSALS, parseIkeV1Proposal } from '../../../engine/config/ike-v1-proposal.ts';
import type { ConnectionConfig, IkeProposalConfig, RemoteAuthenticationConfig } from '../../../engine/ike/config.ts';
import { quoted } from '../../../engine/config/diagnostic.ts';
import { didYouMean } from '../../../engine/config/suggest.ts';
import type { PeerOptionsText } from '../ike-description.ts';
import type { Located } from '../shape.ts';
import { v1Options, versionOf } from './ike-v1-options.ts';
import { judgeIdentity, methodOf, optionsFor, ownIdentity, schemesOf } from './ike-peers.ts';
import type { NodeScope, Scope } from './scope.ts';

/** A connection that is being resolved. */
export interface Towards {
  readonly scope: Scope;
  readonly node: NodeScope;
  /** null: known by its identity alone. */
  readonly peer: NodeScope | null;
  /** Of the connection. */
  readonly name: string;
  readonly options: PeerOptionsText;
}

const IKE_PORT = 500;
const NAT_T_PORT = 4500;
const REKEY_SECONDS = 4 * 3600;
const LIVENESS_SECONDS = 30;
const JITTER = 0.1;
const OVER = 0.1;

type Options = Omit<ConnectionConfig, 'name' | 'local' | 'remote' | 'authentication' | 'children'>;

/** What a connection says apart from who its two sides are. */
export function connectionOptions(towards: Towards): Options {
  const { options } = towards;
  const { lifetime } = options;
  const rekeySeconds = secondsOf(lifetime?.rekey ?? null, REKEY_SECONDS);
  return {
    ...v1Options(towards),
    port: IKE_PORT,
    natPort: NAT_T_PORT,
    proposals: proposalsOf(towards),
    ppk: options.ppk === null ? null : { ids: [options.ppk.id.value], isRequired: options.ppk.required?.value ?? true },
    requestAddresses: options.request?.items.map(({ value }) => value) ?? [],
    addressInterface: interfaceOf(towards),
    pools: poolNames(towards),
    unique: uniqueOf(options),
    fragmentation: ({ never: 'no', allow: 'yes', always: 'force' } as const)[options.fragmentation?.value ?? 'allow'],
    fragmentOctets: options['fragment-size']?.value ?? null,
    mobike: options.mobike?.value ?? true,
    forceEncapsulation: options.encapsulation?.value === 'always',
    childless: ({ never: 'no', allow: 'allow', prefer: 'prefer', force: 'force' } as const)[
      options.childless?.value ?? 'allow'
    ],
    resumption: options.resumption?.value ?? false,
    quickCrashDetection: options['quick-crash-detection']?.value ?? false,
    redirectTo: options.redirect?.to?.value ?? null,
    followsRedirects: options.redirect?.follow?.value ?? false,
    livenessSeconds: secondsOf(options.liveness, LIVENESS_SECONDS),
    rekeySeconds,
    reauthenticateSeconds: secondsOf(lifetime?.reauthenticate ?? null, 0),
    makeBeforeBreak: lifetime?.['make-before-break']?.value ?? false,
    overSeconds: secondsOf(lifetime?.over ?? null, Math.max(1, Math.round(rekeySeconds * OVER))),
    lifetimeJitter: lifetime?.jitter?.value ?? JITTER,
    retransmission: {
      firstMs: millisecondsOf(options.retransmission?.first ?? null, 2000),
      factor: options.retransmission?.factor?.value ?? 1.8,
      longestMs: millisecondsOf(options.retransmission?.longest ?? null, 60_000),
      sends: options.retransmission?.sends?.value ?? 6,
    },
    windowSize: options.window?.value ?? 1,
    attempts: options.attempts?.value ?? null,
  };
}

/** What is expected of the peer: as the file says, or as the peer says of itself. */
export function remoteAuthentication({ scope, node, peer, options }: Towards): RemoteAuthenticationConfig | null {
  const remote = options.remote;
  const theirs = peer === null ? null : optionsFor(peer, node.name);
  const told = remote?.id ?? null;
  const identity = told?.value ?? (peer === null || theirs === null ? null : ownIdentity(scope, peer, theirs));
  if (identity === null) return null;
  const stated = remote?.auth?.items.map(({ value }) => value) ?? [];
  const assumed = methodOf(theirs) ?? methodOf(options);
  const methods = stated.length > 0 ? stated : assumed === null ? [] : [assumed];
  const authorities = (remote?.authorities?.items ?? []).flatMap(each => authorityNamed(scope, each) ?? []);
  return {
    methods: [...new Set(methods.map(method => METHODS[method]))],
    identity: judgeIdentity(scope, identity, told, true),
    authorities,
    schemes: schemesOf(scope, remote?.schemes ?? null),
    revocation: ({ strict: 'strict', 'if-uri': 'ifUri', relaxed: 'relaxed', ignore: 'relaxed' } as const)[
      remote?.revocation?.value ?? 'if-uri'
    ],
    fetchesCertificates: remote?.fetch?.value ?? theirs?.send?.value === 'url',
  };
}

const METHODS = { psk: 'psk', certificate: 'signature', raw: 'signature', anonymous: 'null' } as const;

function authorityNamed(scope: Scope, reference: Located<string>): string | null {
  const names = (scope.text.pki?.authorities?.entries ?? []).map(({ name }) => name);
  if (names.includes(reference.value)) return reference.value;
  const fix = didYouMean(reference.value, names, 'declare it under pki: { authorities: … }');
  scope.report.error(reference.place, `there is no authority ${quoted(reference.value)} in "pki"`, fix);
  return null;
}

function proposalsOf({ scope, options }: Towards): IkeProposalConfig[] {
  const rules = { legacy: options.legacy?.value ?? false };
  const texts = options.proposals?.items ?? [];
  const [parse, usual] =
    versionOf(options) === 1 ? [parseIkeV1Proposal, DEFAULT_V1_PROPOSALS] : [parseIkeProposal, DEFAULT_IKE_PROPOSALS];
  const found = texts.flatMap(({ value, place }) => {
    const { proposal, problems } = parse(value, rules);
    for (const { message, fix } of problems) scope.report.error(place, `proposal ${quoted(value)}: ${message}`, fix);
    return proposal ?? [];
  });
  if (texts.length > 0) return found;
  return usual.flatMap(text => parse(text, rules).proposal ?? []);
}

/** Peers that nobody can tell apart must not replace each other. */
function uniqueOf({ unique, auth }: PeerOptionsText): ConnectionConfig['unique'] {
  if (unique !== null) return ({ allow: 'no', keep: 'keep', replace: 'replace' } as const)[unique.value];
  return auth !== null && auth.anonymous !== null ? 'no' : 'replace';
}

function interfaceOf({ scope, node, options }: Towards): string | null {
  const on = options['request-on'];
  if (on === null) return null;
  if (node.interfaces.has(on.value)) return on.value;
  const fix = didYouMean(on.value, [...node.interfaces.keys()], `declare it under the interfaces of ${node.name}`);
  scope.report.error(on.place, `${node.name} has no interface ${quoted(on.value)}`, fix);
  return null;
}

function poolNames({ scope, node, options }: Towards): string[] {
  const known = (node.text?.ike?.['address-pools']?.entries ?? []).map(({ name }) => name);
  return (options.pools?.items ?? []).flatMap(({ value, place }) => {
    if (known.includes(value)) return [value];
    const fix = didYouMean(value, known, 'declare it under ike: { address-pools: … }');
    scope.report.error(place, `${node.name} has no pool ${quoted(value)}`, fix);
    return [];
  });
}

const secondsOf = (text: Located<number> | null, otherwise: number): number =>
  text === null ? otherwise : text.value / 1e9;
const millisecondsOf = (text: Located<number> | null, otherwise: number): number =>
  text === null ? otherwise : Math.max(1, text.value / 1e6);
