import { type Diagnostic, formatDiagnostic } from '../../engine/config/diagnostic.ts';
import { connectionsFor, type KeyConnections, type NegotiatedPolicy } from '../../engine/config/key-connections.ts';
import type { KeyRules } from '../../engine/config/key-rules.ts';
import type { StatedConnection } from '../../engine/config/stated-ike.ts';
import {
  type ConnectionConfig,
  DEFAULT_LIMITS,
  type IkeConfig,
  type SharedSecretConfig,
} from '../../engine/ike/config.ts';
import type { NodeCredentials } from './ike-credentials.ts';

/** What a key daemon, in.iked or racoon, finds in its files. */
export type KeyFilesReading =
  | {
      readonly kind: 'read';
      readonly rules: KeyRules;
      readonly secrets: readonly SharedSecretConfig[];
      readonly notes: readonly Diagnostic[];
    }
  | { readonly kind: 'missing' }
  | { readonly kind: 'wrong'; readonly diagnostics: readonly Diagnostic[] };

/** How a daemon speaks of its files. */
export interface KeyDaemon {
  /** The path of its rules. */
  readonly rulesFile: string;
  readonly secretsFile: string;
  /** What to add there for two ends that have no rule, or no key. */
  readonly ruleFor: (local: string, remote: string) => string;
  readonly secretFor: (local: string, remote: string) => string;
  /** Where certificates and their keys are. */
  readonly certificates: string;
}

export interface NodeIkeConfig {
  readonly config: IkeConfig;
  /** What it cannot do with what the node has, and what it leaves alone; a line each, or two. */
  readonly notes: readonly string[];
}

/** What a daemon negotiates by its files for the policies that the node has now. */
export function keyDaemonConfig(
  daemon: KeyDaemon,
  { rules, secrets, notes }: Extract<KeyFilesReading, { kind: 'read' }>,
  credentials: NodeCredentials,
  policies: readonly NegotiatedPolicy[],
): NodeIkeConfig {
  const found = connectionsFor(rules, policies, credentials.known);
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
  const absent = missingFiles(daemon, found.connections, credentials);
  const lines = [...notes.map(formatDiagnostic), ...absent, ...problemLines(daemon, found)];
  return { config, notes: [...lines, ...missingSecrets(daemon, connections, secrets)] };
}

/** null: its key is not there, which is said elsewhere. */
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

/** Files that the rules name and that are not there; each once. */
function missingFiles(
  { rulesFile, certificates }: KeyDaemon,
  stated: readonly StatedConnection[],
  { keyNamed, config }: NodeCredentials,
): string[] {
  const anchors = new Set(config.anchors.map(({ name }) => name));
  const lines = stated.flatMap(({ place, authentication: { local, remote } }) => {
    const complain = (at: typeof place, message: string, fix: string) =>
      formatDiagnostic({ file: rulesFile, ...at, message, fix });
    const own =
      local.method === 'signature' && keyNamed(local.key.file) === null
        ? [
            complain(
              local.key.place,
              `there is no certificate "${local.key.file}" with its private key in ${certificates}`,
              `write both there, as PEM`,
            ),
          ]
        : [];
    const roots = remote.authorities
      .filter(name => !anchors.has(name))
      .map(name =>
        complain(
          place,
          `there is no certificate "${name}" of an authority in ${certificates}`,
          'write it there, as PEM',
        ),
      );
    return [...own, ...roots];
  });
  return [...new Set(lines)];
}

function problemLines({ rulesFile, ruleFor }: KeyDaemon, { problems, unserved }: KeyConnections): string[] {
  return [
    ...problems.map(({ place, message, fix }) => formatDiagnostic({ file: rulesFile, ...place, message, fix })),
    ...unserved.map(
      ({ policy, local, remote }) =>
        `${rulesFile}: no rule is for ${local} and ${remote}, which ${policy} wants SAs between\n  fix: ${ruleFor(local, remote)}`,
    ),
  ];
}

function missingSecrets(
  { secretsFile, secretFor }: KeyDaemon,
  connections: readonly ConnectionConfig[],
  secrets: readonly SharedSecretConfig[],
): string[] {
  return connections.flatMap(({ name, local, remote, authentication }) => {
    if (authentication.local.method !== 'psk') return [];
    const [own, other] = [local[0], remote[0]];
    const named = [authentication.local.identity, authentication.remote.identity];
    const isFor = ({ identities }: SharedSecretConfig) =>
      identities.every(identity => [own, other, ...named].includes(identity));
    if (own === undefined || other === undefined || secrets.some(isFor)) return [];
    return [
      `${secretsFile}: no key for ${own} and ${other}, which rule "${name}" needs\n  fix: ${secretFor(own, other)}`,
    ];
  });
}
