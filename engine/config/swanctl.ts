import type { PoolConfig, SharedSecretConfig } from '../ike/config.ts';
import { quoted, Report } from './diagnostic.ts';
import { withImplied } from './implied-policies.ts';
import type { PolicyReading, StatedPolicy } from './policy.ts';
import type { StatedConnection, StatedIke } from './stated-ike.ts';
import { didYouMean } from './suggest.ts';
import { readConnection } from './swanctl-connection.ts';
import { AUTHORITY_KEYS, judgeKeys, POOL_KEYS, SECRET_KEYS } from './swanctl-keys.ts';
import { readSettings, type SettingsSection } from './swanctl-settings.ts';
import type { XauthUser } from './swanctl-v1.ts';
import { ValueReader } from './swanctl-values.ts';

export interface SwanctlReading extends PolicyReading {
  /** null when there is any diagnostic. */
  readonly ike: StatedIke | null;
}

/**
 * Reads swanctl.conf: connections with their children, secrets, pools and authorities, with strongSwan's defaults. Each child
 * is an entry of the SPD as well, as strongSwan makes it for the kernel. What this engine has nothing for is named, unless it
 * says what is so anyway.
 */
export function readSwanctl(file: string, text: string, rules: { readonly legacy: boolean }): SwanctlReading {
  const report = new Report(file);
  const root = readSettings(text, report);
  reportUnknown(root, report);
  const part = (name: string) => root.sections.find(section => section.name === name)?.sections ?? [];
  const pools = readPools(part('pools'), report);
  const poolAddresses = (wanted: readonly string[]) =>
    pools.filter(({ name }) => wanted.includes(name)).flatMap(({ addresses }) => addresses);
  const names = new Set<string>();
  const { users, ...secrets } = readSecrets(part('secrets'), report);
  const context = { file, rules, names, poolAddresses, users };
  const read = part('connections').map(section => readConnection(section, context, report));
  const connections = read.flatMap(({ connection }) => connection ?? []);
  const policies = read.flatMap(found => found.policies);
  const ike: StatedIke = {
    connections,
    ...secrets,
    pools,
  };
  for (const section of part('authorities')) judgeKeys(section, AUTHORITY_KEYS, [], report);
  reportPools(ike, connections, report);
  const diagnostics = report.diagnostics();
  if (diagnostics.length > 0) return { stated: null, ike: null, diagnostics };
  return { stated: { policies: bypassFirst(withImplied(policies, file)), sas: [] }, ike, diagnostics };
}

const PARTS = ['connections', 'secrets', 'pools', 'authorities'];

function reportUnknown(root: SettingsSection, report: Report): void {
  for (const { key, place } of root.settings)
    report.error(place, `the setting ${quoted(key)} stands in no section`, 'put it into a connection');
  for (const { name, place } of root.sections) {
    if (PARTS.includes(name)) continue;
    report.error(place, `unknown section ${quoted(name)}`, didYouMean(name, PARTS, 'remove it'));
  }
  for (const { name, settings } of root.sections.filter(section => PARTS.includes(section.name)))
    for (const { key, place } of settings)
      report.error(place, `${quoted(key)} stands in ${name}, which has sections alone`, 'put it into one of them');
}

/** Kinds of secrets by how the names of their sections begin. */
const OTHER_SECRETS = ['eap', 'ntlm', 'private', 'rsa', 'ecdsa', 'pkcs8', 'pkcs12', 'token'];

function readSecrets(
  sections: readonly SettingsSection[],
  report: Report,
): Pick<StatedIke, 'secrets' | 'ppks'> & { readonly users: readonly XauthUser[] } {
  const secrets: SharedSecretConfig[] = [];
  const users: XauthUser[] = [];
  const ppks: { id: string; key: string }[] = [];
  for (const section of sections) {
    const { name, place } = section;
    const isPpk = name.startsWith('ppk');
    const isUser = name.startsWith('xauth');
    if (!isPpk && !isUser && !name.startsWith('ike')) {
      const known = OTHER_SECRETS.find(kind => name.startsWith(kind));
      const fix = known === undefined ? didYouMean(name, ['ike', 'ppk', 'xauth'], '') : 'remove it';
      report.error(place, `a secret ${quoted(name)}: there are those for ike, ppk and xauth here`, fix);
      continue;
    }
    judgeKeys(section, SECRET_KEYS, [], report);
    const values = new ValueReader(section, report);
    const secret = values.secret('secret');
    const keys = section.settings.map(({ key }) => key).filter(key => key.startsWith('id'));
    if (secret === null) {
      if (values.setting('secret') === null) report.error(place, `${name} has no secret`, 'add secret = …');
    } else if (isUser) {
      const password = Buffer.from(secret, 'hex').toString('utf8');
      const names = keys.flatMap(key => values.setting(key)?.value ?? []);
      if (names.length === 0) report.error(place, `${name} does not say whose it is`, 'add id = carol');
      users.push(...names.map(user => ({ user, password })));
    } else if (isPpk) {
      const id = keys.map(key => values.setting(key)?.value ?? '')[0] ?? '';
      if (id === '') report.error(place, `${name} does not say whose it is`, 'add id = …');
      ppks.push({ id, key: secret });
    } else {
      const identities = keys.flatMap(key => values.identity(key) ?? []).filter(identity => identity !== '%any');
      secrets.push({ identities, secret });
    }
  }
  return { secrets, ppks, users };
}

function readPools(sections: readonly SettingsSection[], report: Report): PoolConfig[] {
  return sections.map(section => {
    judgeKeys(section, POOL_KEYS, [], report);
    const values = new ValueReader(section, report);
    if (values.setting('addrs') === null)
      report.error(section.place, `the pool ${quoted(section.name)} is empty`, 'add addrs = 10.9.0.0/24');
    return {
      name: section.name,
      addresses: values.addresses('addrs'),
      dns: values.addresses('dns'),
      subnets: values.addresses('subnet'),
    };
  });
}

function reportPools({ pools }: StatedIke, connections: readonly StatedConnection[], report: Report): void {
  const known = pools.map(({ name }) => name);
  for (const { name, place, pools: wanted } of connections) {
    for (const pool of wanted.filter(each => !known.includes(each))) {
      const fix = didYouMean(pool, known, 'add it under pools { … }');
      report.error(place, `${name} names the pool ${quoted(pool)}, which is not there`, fix);
    }
  }
}

/** Shunts (`mode = pass` and `drop`) go before what is protected, as strongSwan gives them to the kernel. */
function bypassFirst(policies: readonly StatedPolicy[]): StatedPolicy[] {
  const [first, ...rest] = policies;
  if (first === undefined || !first.isImplied)
    return [...policies.filter(isShunt), ...policies.filter(policy => !isShunt(policy))];
  return [first, ...rest.filter(isShunt), ...rest.filter(policy => !isShunt(policy))];
}

const isShunt = ({ action, isImplied }: StatedPolicy): boolean => action.kind !== 'protect' && !isImplied;
