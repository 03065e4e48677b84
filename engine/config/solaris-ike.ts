import { type Diagnostic, Report } from './diagnostic.ts';
import { keyOptions } from './key-options.ts';
import type { ChildRule, KeyRule, KeyRulesReading } from './key-rules.ts';
import { SolarisReader } from './solaris-ike-reader.ts';
import { type NumberKey, readFile, type SolarisGlobals, type SolarisRule } from './solaris-ike-settings.ts';
import type { SolarisRules, SolarisTransform } from './solaris-ike-transform.ts';
import { solarisWords } from './solaris-words.ts';

/** What in.iked takes where nothing is said: an hour for phase 1, and what the kernel has for phase 2. */
const P1_LIFETIME_SECONDS = 3600;
const P2_LIFETIME_SECONDS = 28_800;
const SOFT_PART = 0.9;
const OCTETS_PER_KILOBYTE = 1024;

/**
 * Reads `/etc/inet/ike/config` as in.iked of Solaris and illumos does (ike.config(4)). What it names of certificates is looked up
 * by `connectionsFor`.
 */
export function readSolarisIke(file: string, text: string, rules: SolarisRules): KeyRulesReading {
  const report = new Report(file);
  const reader = new SolarisReader(solarisWords(text, report), report);
  const found = readFile(reader, rules);
  const { globals } = found;
  const labels = new Map<string, number>();
  for (const rule of found.rules) {
    const before = labels.get(rule.label);
    if (before !== undefined)
      report.error(rule.place, `the rule in line ${before} has the same label`, 'give each rule a label of its own');
    labels.set(rule.label, rule.place.line);
  }
  const all = found.rules.map(rule => ({ rule, key: keyRule(rule, globals, report) }));
  const diagnostics = report.diagnostics();
  const notes = notesOf(file, globals, found.rules);
  if (diagnostics.length > 0) return { stated: null, diagnostics, notes };
  const stated = {
    rules: all.flatMap(({ key }) => key ?? []),
    children: all.map(({ rule }) => childRule(rule, globals)),
    trust: { roots: globals.roots, peers: globals.trusted },
    pools: [],
    limits: { halfOpenSeconds: globals.expireSeconds },
    listen: [],
  };
  return { stated, diagnostics, notes };
}

/** null after a diagnostic. */
function keyRule(rule: SolarisRule, globals: SolarisGlobals, report: Report): KeyRule | null {
  const transforms = rule.transforms.length > 0 ? rule.transforms : globals.transforms;
  const [first] = transforms;
  if (first === undefined) {
    if (report.count === 0) {
      const fix = 'add p1_xform { auth_method preshared oakley_group 14 auth_alg sha256 encr_alg aes }';
      report.error(rule.place, 'neither this rule nor the file has a p1_xform', fix);
    }
    return null;
  }
  const other = transforms.find(({ method }) => method !== first.method);
  if (other !== undefined) {
    const message = 'the p1_xforms of one rule must all be preshared, or none of them';
    report.error(rule.transforms.length > 0 ? other.place : rule.place, message, 'make a rule of its own for each');
    return null;
  }
  judgeIdentities(rule, first, globals, report);
  const number = (key: NumberKey) => globals.numbers.get(key) ?? null;
  const { retry } = globals;
  const lifetimes = transforms.map(
    ({ lifetimeSeconds }) => lifetimeSeconds ?? number('p1_lifetime_secs') ?? P1_LIFETIME_SECONDS,
  );
  const nonce = number('p1_nonce_len');
  const quickNonce = number('p2_nonce_len');
  return {
    name: rule.label,
    place: rule.place,
    local: rule.local,
    remote: rule.remote,
    options: keyOptions(
      {
        proposals: transforms.map(({ proposal }) => proposal),
        rekeySeconds: Math.min(...lifetimes),
        retransmission: {
          firstMs: retry.firstSeconds * 1000,
          factor: 2,
          longestMs: Math.max(retry.longestSeconds, retry.firstSeconds) * 1000,
          sends: retry.limit + 1,
        },
      },
      {
        ...(nonce === null ? {} : { nonceOctets: nonce }),
        ...(quickNonce === null ? {} : { quickNonceOctets: quickNonce }),
        ignoresRevocation: globals.ignoresCrls,
      },
    ),
    ...authenticationOf(rule, first, globals),
    isPassive: false,
    number: 0,
  };
}

function authenticationOf(
  rule: SolarisRule,
  { method }: SolarisTransform,
  globals: SolarisGlobals,
): Pick<KeyRule, 'own' | 'peer'> {
  const { localId, remoteIds } = rule;
  if (method === 'preshared' || localId === null)
    return { own: { method: 'psk', identity: null }, peer: { method: 'psk', identities: [] } };
  const own = {
    method: 'signature',
    certificate: localId,
    idKind: rule.idType ?? globals.idType,
    identity: null,
    sends: 'always',
  } as const;
  const isAnybody = remoteIds.some(({ kind }) => kind === 'any');
  const peer = {
    method: 'signature',
    identities: isAnybody ? [] : remoteIds,
    files: [],
    roots: [],
    revocation: globals.ignoresCrls ? 'relaxed' : 'strict',
  } as const;
  return { own, peer };
}

/** What identities a rule must have, and must not have. */
function judgeIdentities(
  rule: SolarisRule,
  { method }: SolarisTransform,
  globals: SolarisGlobals,
  report: Report,
): void {
  const idType = rule.idType ?? globals.idType;
  if (method === 'preshared') {
    if (rule.localId !== null || rule.remoteIds.length > 0) {
      const place = (rule.localId ?? rule.remoteIds[0])?.place ?? rule.place;
      report.error(place, 'preshared keys are for addresses: there is no local_id and no remote_id', 'take it away');
    }
    if (idType !== null && idType !== 'address')
      report.error(
        rule.place,
        'preshared keys are for addresses: local_id_type has to be ip',
        'write local_id_type ip',
      );
    return;
  }
  const missing = [
    ...(idType === null ? [['local_id_type', 'local_id_type dn']] : []),
    ...(rule.localId === null ? [['local_id', 'local_id "C=US, O=Lab, CN=alice"']] : []),
    ...(rule.remoteIds.length === 0 ? [['remote_id', 'remote_id "C=US, O=Lab, CN=bob"']] : []),
  ];
  for (const [key = '', example] of missing)
    report.error(rule.place, `rsa_sig, and this rule has no ${key}`, `add ${example}`);
  for (const selector of rule.remoteIds.filter(({ isNegative }) => isNegative))
    report.error(selector.place, 'a remote_id that says who the peer is not', 'say who it is');
}

function childRule(rule: SolarisRule, globals: SolarisGlobals): ChildRule {
  const number = (key: NumberKey) => rule.numbers.get(key) ?? globals.numbers.get(key) ?? null;
  const seconds = number('p2_lifetime_secs') ?? P2_LIFETIME_SECONDS;
  const kilobytes = number('p2_lifetime_kb');
  const softSeconds = number('p2_lifetime_secs') === null ? null : number('p2_softlife_secs');
  const softPart = softSeconds === null ? SOFT_PART : Math.min(1, softSeconds / seconds);
  const pfs = rule.pfs === undefined ? globals.pfs : rule.pfs;
  return {
    place: rule.place,
    rule: rule.label,
    number: 0,
    local: null,
    remote: null,
    encryption: null,
    integrity: null,
    groups: typeof pfs === 'string' ? [pfs] : [],
    rekey: { seconds, octets: kilobytes === null ? null : kilobytes * OCTETS_PER_KILOBYTE, packets: null },
    over: Number((1 / softPart - 1).toFixed(6)),
  };
}

function notesOf(file: string, globals: SolarisGlobals, rules: readonly SolarisRule[]): Diagnostic[] {
  const notes = globals.idle.map(({ text, place }) => ({
    file,
    ...place,
    message: `${text} has no effect here: certificates and CRLs are on the node`,
    fix: null,
  }));
  const at = (place: { readonly line: number; readonly column: number }, message: string) =>
    notes.push({ file, ...place, message, fix: null });
  for (const { numbers, place } of [...rules, { numbers: globals.numbers, place: { line: 1, column: 1 } }]) {
    if (numbers.has('p2_idletime_secs')) at(place, 'p2_idletime_secs has no effect here: SAs that are not used stay');
    const isSoftAlone = (unit: 'secs' | 'kb') =>
      numbers.has(`p2_softlife_${unit}`) &&
      !numbers.has(`p2_lifetime_${unit}`) &&
      !globals.numbers.has(`p2_lifetime_${unit}`);
    for (const unit of ['secs', 'kb'] as const)
      if (isSoftAlone(unit)) at(place, `p2_softlife_${unit} has no effect without p2_lifetime_${unit}`);
  }
  return notes;
}
