import { type Diagnostic, formatDiagnostic } from '../../engine/config/diagnostic.ts';
import { readIkePreshared } from '../../engine/config/ike-preshared.ts';
import {
  connectionsFor,
  type KeyConnections,
  type NegotiatedPolicy,
  type NegotiatedTransform,
} from '../../engine/config/key-connections.ts';
import type { KeyRules } from '../../engine/config/key-rules.ts';
import type { StatedPolicy, StatedTransform } from '../../engine/config/policy.ts';
import { readSolarisIke } from '../../engine/config/solaris-ike.ts';
import type { StatedConnection } from '../../engine/config/stated-ike.ts';
import {
  type ConnectionConfig,
  DEFAULT_LIMITS,
  type IkeConfig,
  type SharedSecretConfig,
} from '../../engine/ike/config.ts';
import { type Files, readText } from './files.ts';
import { ikeCredentials } from './ike-credentials.ts';
import { IKE_CONFIG, IKE_PRESHARED } from './service-files.ts';
import { activeOf } from './settings.ts';
import type { System } from './system.ts';

/** What in.iked finds in its files. */
export type IkeFilesReading =
  | {
      readonly kind: 'read';
      readonly rules: KeyRules;
      readonly secrets: readonly SharedSecretConfig[];
      readonly notes: readonly Diagnostic[];
    }
  | { readonly kind: 'missing' }
  | { readonly kind: 'wrong'; readonly diagnostics: readonly Diagnostic[] };

/** All algorithms that in.iked has: whoever follows an old guide gets what it asks for, and hears that it is weak. */
const RULES = { legacy: true } as const;

export function readIkeFiles(files: Files): IkeFilesReading {
  const text = readText(files, IKE_CONFIG);
  if (text === null) return { kind: 'missing' };
  const { stated, diagnostics, notes } = readSolarisIke(IKE_CONFIG, text, RULES);
  const { secrets, diagnostics: more } = readIkePreshared(IKE_PRESHARED, readText(files, IKE_PRESHARED) ?? '');
  if (stated === null || secrets === null) return { kind: 'wrong', diagnostics: [...diagnostics, ...more] };
  return { kind: 'read', rules: stated, secrets, notes };
}

export interface NodeIkeConfig {
  readonly config: IkeConfig;
  /** What it cannot do with what the node has, and what it leaves alone; a line each, or two. */
  readonly notes: readonly string[];
}

/** What in.iked negotiates by those files for the policies and tunnels that the node has now. null: it cannot read them. */
export function ikeConfigOf(system: System, files: Files): NodeIkeConfig | null {
  const reading = readIkeFiles(files);
  if (reading.kind !== 'read') return null;
  const { rules, secrets, notes } = reading;
  const credentials = ikeCredentials(files);
  const found = connectionsFor(rules, negotiatedPolicies(system), credentials.known);
  const connections = found.connections.flatMap(stated => connectionConfig(stated, credentials.keyNamed) ?? []);
  const config: IkeConfig = {
    connections,
    secrets,
    ppks: [],
    credentials: credentials.config,
    pools: rules.pools,
    limits: { ...DEFAULT_LIMITS, ...rules.limits },
    revealsSecrets: false,
  };
  return {
    config,
    notes: [...notes.map(formatDiagnostic), ...problemLines(found), ...missingSecrets(connections, secrets)],
  };
}

/** Those of ipsec/policy that protect, with the ends that their SAs have: of a tunnel, its own. One whose tunnel is not there waits. */
export function negotiatedPolicies({ loaded, settings }: System): NegotiatedPolicy[] {
  const tunnels = activeOf(settings.tunnels);
  return (loaded.policies ?? []).flatMap(policy => {
    if (policy.action.kind !== 'protect') return [];
    const { name, local, remote, protocol, localPort, remotePort, icmp, action, tunnel } = policy;
    const via = tunnel === null ? null : (tunnels.find(each => each.name === tunnel.name) ?? null);
    if (tunnel !== null && via === null) return [];
    const selectors = { local, remote, protocol, localPort, remotePort, ...(icmp === undefined ? {} : { icmp }) };
    const ends = via === null ? null : { local: via.local, remote: via.remote };
    const transforms = action.transforms.map(transform => negotiated(transform, policy, ends));
    return [{ name, ...selectors, sharing: action.sharing, transforms }];
  });
}

function negotiated(
  { protocol, mode, requestId, suites, ends }: StatedTransform,
  policy: StatedPolicy,
  tunnel: { readonly local: string; readonly remote: string } | null,
): NegotiatedTransform {
  const known = ends ?? tunnel;
  return { protocol, mode, requestId, suites: suites ?? [], ends: known === null ? hostPairs(policy) : [known] };
}

const PAIRS_MAX = 1024;

/** Without a tunnel, SAs are between the hosts themselves that a policy names. */
function hostPairs({ local, remote }: StatedPolicy): NegotiatedTransform['ends'] {
  const others = hostsOf(remote);
  return hostsOf(local)
    .flatMap(from =>
      others.filter(to => to.includes(':') === from.includes(':')).map(to => ({ local: from, remote: to })),
    )
    .slice(0, PAIRS_MAX);
}

/** Those of a list that are one address each. */
function hostsOf(list: StatedPolicy['local']): string[] {
  const texts = typeof list === 'string' ? [] : list;
  return texts.flatMap(text => /^([^/-]+)(?:\/(?:32|128))?$/.exec(text)?.[1] ?? []);
}

/** null: its key is not there, which has been said. */
function connectionConfig(
  stated: StatedConnection,
  keyNamed: (name: string) => number | null,
): ConnectionConfig | null {
  const { place: _place, authentication, ...rest } = stated;
  const { certificates: _certificates, keys: _keys, ...remote } = authentication.remote;
  const { local } = authentication;
  if (local.method !== 'signature') return { ...rest, authentication: { local, remote } };
  const key = keyNamed(local.key.file);
  if (key === null) return null;
  const own = { ...local, key, url: null, identity: local.identity ?? '%any' };
  return { ...rest, authentication: { local: own, remote } };
}

function problemLines({ problems, unserved }: KeyConnections): string[] {
  return [
    ...problems.map(({ place, message, fix }) => formatDiagnostic({ file: IKE_CONFIG, ...place, message, fix })),
    ...unserved.map(
      ({ policy, local, remote }) =>
        `${IKE_CONFIG}: no rule is for ${local} and ${remote}, which ${policy} wants SAs between\n  fix: add one with local_addr ${local} and remote_addr ${remote}`,
    ),
  ];
}

function missingSecrets(connections: readonly ConnectionConfig[], secrets: readonly SharedSecretConfig[]): string[] {
  return connections.flatMap(({ name, local, remote, authentication }) => {
    if (authentication.local.method !== 'psk') return [];
    const [own, other] = [local[0], remote[0]];
    const isFor = ({ identities }: SharedSecretConfig) =>
      identities.length === 0 || (identities.includes(own ?? '') && identities.includes(other ?? ''));
    if (own === undefined || other === undefined || secrets.some(isFor)) return [];
    return [
      `${IKE_PRESHARED}: no key for ${own} and ${other}, which rule "${name}" needs\n  fix: add an entry with localid ${own} and remoteid ${other}`,
    ];
  });
}
