import type { ChildConfig, ChildProposalConfig, TrafficSelectorConfig } from '../ike/config.ts';
import type { OuterTreatment } from '../ipsec/sa.ts';
import { parseAddress } from '../wire/address.ts';
import type { Report } from './diagnostic.ts';
import { DEFAULT_ESP_PROPOSALS, parseAhProposal, parseEspProposal, type ProposalRules } from './ike-proposal.ts';
import type { StatedAction, StatedPolicy } from './policy.ts';
import { proposalsOf } from './swanctl-proposals.ts';
import { CHILD_KEYS, judgeKeys } from './swanctl-keys.ts';
import type { SettingsSection } from './swanctl-settings.ts';
import { ValueReader } from './swanctl-values.ts';

export interface ChildReading {
  /** One, or one for each family: an entry of the SPD is of one. None for what only passes or is dropped. */
  readonly configs: readonly ChildConfig[];
  readonly policies: readonly StatedPolicy[];
}

/** What the connection around it says of its two sides. */
export interface ConnectionEnds {
  readonly local: readonly string[];
  readonly remote: readonly string[];
  /** What `dynamic` may come to be on each side; empty: anything. */
  readonly dynamic: { readonly local: readonly string[]; readonly remote: readonly string[] };
}

const REKEY_SECONDS = 3600;
const OVER = 0.1;
const MODES = ['tunnel', 'transport', 'pass', 'drop'] as const;

export function readChild(
  section: SettingsSection,
  connection: string,
  ends: ConnectionEnds,
  file: string,
  rules: ProposalRules,
  names: Set<string>,
  report: Report,
): ChildReading {
  judgeKeys(section, CHILD_KEYS, [], report);
  const values = new ValueReader(section, report);
  const mode = values.word('mode', MODES, 'tunnel');
  const proposals = childProposals(values, rules);
  const action = actionOf(mode, proposals, ends, values);
  const sides = { local: values.selectors('local_ts'), remote: values.selectors('remote_ts') };
  const families = familiesOf(sides, ends);
  if (families.length === 0) {
    report.error(
      section.place,
      `local_ts and remote_ts of ${section.name} have no family in common`,
      'select IPv4 or IPv6 on both sides',
    );
  }
  const configs: ChildConfig[] = [];
  const policies: StatedPolicy[] = [];
  for (const { suffix, ...family } of families) {
    const name = `${section.name}${suffix}`;
    const policy = `${file}:${names.has(name) ? `${connection}-${name}` : name}`;
    names.add(name);
    const selector = selectorOf(family, ends, section, report);
    if (selector === null) continue;
    policies.push({
      name: policy,
      place: section.place,
      tunnel: null,
      direction: 'both',
      ...selector,
      action,
      isImplied: false,
    });
    if (mode === 'tunnel' || mode === 'transport')
      configs.push({ ...optionsOf(values), name, policy, transform: 0, mode, proposals, ...family });
  }
  return { configs, policies };
}

function childProposals(values: ValueReader, rules: ProposalRules): ChildProposalConfig[] {
  const esp = values.setting('esp_proposals');
  const ah = values.setting('ah_proposals');
  if (esp !== null && ah !== null)
    values.error(ah, 'there are esp_proposals as well', 'keep one of the two: a child is ESP or AH');
  if (ah !== null) return proposalsOf(values, 'ah_proposals', ['sha256'], text => parseAhProposal(text, rules));
  return proposalsOf(values, 'esp_proposals', DEFAULT_ESP_PROPOSALS, text => parseEspProposal(text, rules));
}

function actionOf(
  mode: (typeof MODES)[number],
  proposals: readonly ChildProposalConfig[],
  { local: [own], remote: [other] }: ConnectionEnds,
  values: ValueReader,
): StatedAction {
  if (mode === 'pass') return { kind: 'bypass' };
  if (mode === 'drop') return { kind: 'discard' };
  const ends = mode === 'tunnel' && isOne(own) && isOne(other) ? { local: own, remote: other } : null;
  const requestId = values.number('reqid', 0);
  const protocol = proposals[0]?.protocol ?? 'esp';
  return {
    kind: 'protect',
    sharing: 'shared',
    transforms: [
      {
        protocol,
        mode,
        level: 'require',
        requestId: requestId === 0 ? null : requestId,
        ends,
        suites: proposals.flatMap(suitesOf),
      },
    ],
  };
}

const isOne = (text: string | undefined): text is string => text !== undefined && parseAddress(text) !== null;

/** `aes128-sha256` for each pair. */
function suitesOf({ protocol, encryption, integrity }: ChildProposalConfig): string[] {
  if (protocol === 'ah') return [...integrity];
  return encryption.flatMap(cipher => (integrity.length === 0 ? [cipher] : integrity.map(mac => `${cipher}-${mac}`)));
}

function optionsOf(
  values: ValueReader,
): Omit<ChildConfig, 'name' | 'policy' | 'transform' | 'mode' | 'proposals' | 'local' | 'remote'> {
  const seconds = values.seconds('rekey_time', REKEY_SECONDS);
  const life = values.seconds('life_time', null);
  values.seconds('rand_time', null); // as the connection has it: the engine has one share of chance for all lifetimes
  const octets = limitOf(values, 'bytes');
  const packets = limitOf(values, 'packets');
  const padTo = values.setting('tfc_padding')?.value === 'mtu' ? 0 : values.number('tfc_padding', 0, 65_535);
  const requestId = values.number('reqid', 0);
  const dpd = values.word('dpd_action', ['clear', 'none', 'trap', 'restart', 'start'], 'clear');
  const close = values.word('close_action', ['none', 'trap', 'start', 'clear', 'hold'], 'none');
  return {
    start: values.word('start_action', ['none', 'trap', 'start'], 'none'),
    onClose: close === 'trap' || close === 'hold' ? 'trap' : close === 'start' ? 'start' : 'none',
    onDeath: dpd === 'trap' ? 'trap' : dpd === 'restart' || dpd === 'start' ? 'restart' : 'clear',
    rekey: { seconds: seconds === 0 ? null : seconds, octets, packets },
    over: life === null || seconds === 0 ? OVER : Math.max(0, Number((life / seconds - 1).toFixed(6))),
    requestId: requestId === 0 ? null : requestId,
    windowPackets: values.number('replay_window', 32, 4096),
    outer: outerOf(values),
    trafficFlow: padTo === 0 ? null : { padToOctets: padTo, dummyEveryMs: null },
  };
}

/** Of rekey_bytes and its kin; those for the hard limit and for chance are read, and their share is that of the time. */
function limitOf(values: ValueReader, unit: 'bytes' | 'packets'): number | null {
  const soft = values.number(`rekey_${unit}`, 0);
  values.number(`life_${unit}`, 0);
  values.number(`rand_${unit}`, 0);
  return soft === 0 ? null : soft;
}

function outerOf(values: ValueReader): Partial<OuterTreatment> {
  const dscp = values.word('copy_dscp', ['out', 'in', 'yes', 'no'], 'out');
  return {
    dontFragment: values.flag('copy_df', true) ? 'copy' : 'clear',
    ecn: values.flag('copy_ecn', true) ? 'normal' : 'compatibility',
    dscp: dscp === 'no' || dscp === 'in' ? 0 : 'copy',
  };
}

interface Sides {
  readonly local: readonly TrafficSelectorConfig[];
  readonly remote: readonly TrafficSelectorConfig[];
}

/** The selectors of each family that both sides have; `dynamic` is of that of the address that it stands for. */
function familiesOf({ local, remote }: Sides, ends: ConnectionEnds): (Sides & { readonly suffix: string })[] {
  if (isEverything(local) && isEverything(remote)) return [{ local, remote, suffix: '' }];
  const outer = [...ends.local, ...ends.remote].find(text => text !== '');
  const usual = outer?.includes(':') ? 6 : 4;
  const of = (side: readonly TrafficSelectorConfig[], family: 4 | 6) =>
    side.filter(({ addresses }) => (addresses === 'dynamic' ? usual : addresses.includes(':') ? 6 : 4) === family);
  const found = ([4, 6] as const).flatMap(family => {
    const [near, far] = [of(local, family), of(remote, family)];
    return near.length === 0 || far.length === 0 ? [] : [{ local: near, remote: far, family }];
  });
  return found.map(({ family, ...sides }) => ({ ...sides, suffix: found.length > 1 && family === 6 ? '-v6' : '' }));
}

function isEverything(side: readonly TrafficSelectorConfig[]): boolean {
  const all = ['0.0.0.0/0', '::/0'];
  return side.length === 2 && all.every(text => side.some(each => each.addresses === text && isWhole(each)));
}

const isWhole = ({ protocol, ports }: TrafficSelectorConfig): boolean => protocol === 'any' && ports === 'any';

/** The entry of the SPD; null after a diagnostic: it has one protocol, and one set of ports on each side. */
function selectorOf(
  { local, remote }: Sides,
  { dynamic }: ConnectionEnds,
  section: SettingsSection,
  report: Report,
): Pick<StatedPolicy, 'local' | 'remote' | 'protocol' | 'localPort' | 'remotePort' | 'icmp'> | null {
  const protocols = new Set(
    [...local, ...remote].map(({ protocol }) => protocol).filter(protocol => protocol !== 'any'),
  );
  const ports = [local, remote].map(side => new Set(side.map(each => JSON.stringify(each.ports))));
  if (protocols.size > 1 || ports.some(set => set.size > 1)) {
    const fix = 'make a child for each: an entry of the SPD has one of each';
    report.error(section.place, `the selectors of ${section.name} have several protocols or ports`, fix);
    return null;
  }
  const [protocol = 'any'] = protocols;
  const isIcmp = protocol === 1 || protocol === 58;
  const [near, far] = [portsOf(local), portsOf(remote)];
  return {
    local: addressesOf(local, dynamic.local),
    remote: addressesOf(remote, dynamic.remote),
    protocol,
    localPort: isIcmp ? 'any' : near,
    remotePort: isIcmp ? 'any' : far,
    ...(isIcmp ? { icmp: near === 'any' ? far : near } : {}),
  };
}

function portsOf([first]: readonly TrafficSelectorConfig[]): 'any' | 'opaque' | [[number, number]] {
  const ports = first?.ports ?? 'any';
  return typeof ports === 'string' ? ports : [[ports[0], ports[1]]];
}

/** Where nothing says what `dynamic` will be, the policy has to take anything. */
function addressesOf(side: readonly TrafficSelectorConfig[], dynamic: readonly string[]): 'any' | string[] {
  const texts = side.flatMap(({ addresses }) => (addresses === 'dynamic' ? dynamic : [addresses]));
  const isAny = texts.length === 0 || texts.some(text => /^(0\.0\.0\.0|::)\/0$/.test(text));
  const families = new Set(texts.map(text => text.includes(':')));
  return isAny || families.size > 1 ? 'any' : texts;
}
