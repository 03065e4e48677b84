import type { ChildConfig, ChildProposalConfig, ConnectionConfig } from '../ike/config.ts';
import { formatRange, holdsAddress } from './address-range.ts';
import type { KnownCertificate } from './certificate-selector.ts';
import { type Selectors, selectorSides } from './child-selectors.ts';
import type { Place } from './diagnostic.ts';
import { parseAhProposal, parseEspProposal } from './ike-proposal.ts';
import { identitiesOf, type Identities, ownOf, peersOf } from './key-identities.ts';
import type { ChildRule, KeyRule, KeyRules, RuleSelector } from './key-rules.ts';
import type { StatedConnection } from './stated-ike.ts';

/** A policy of the node that protects, with the ends that its SAs are to have. */
export interface NegotiatedPolicy extends Selectors {
  readonly name: string;
  readonly sharing: 'shared' | 'unique';
  /** Innermost first. */
  readonly transforms: readonly NegotiatedTransform[];
}

export interface NegotiatedTransform {
  readonly protocol: 'esp' | 'ah';
  readonly mode: 'tunnel' | 'transport';
  readonly requestId: number | null;
  /** Suites of ESP, or integrity algorithms of AH, the preferred one first; empty: what the rule says. */
  readonly suites: readonly string[];
  /** Outer addresses in tunnel mode; in transport mode a pair for each two hosts. */
  readonly ends: readonly { readonly local: string; readonly remote: string }[];
}

/** What the node has, by which selectors in the file become certificates. */
export interface NodeCertificates {
  /** With private keys. */
  readonly own: readonly KnownCertificate[];
  readonly peers: readonly KnownCertificate[];
  readonly authorities: readonly KnownCertificate[];
}

export interface KeyConnections {
  readonly connections: readonly StatedConnection[];
  /** Policies for whose ends there is no rule: nothing will protect their packets. */
  readonly unserved: readonly { readonly policy: string; readonly local: string; readonly remote: string }[];
  /** Rules that cannot be carried out with what the node has. */
  readonly problems: readonly KeyProblem[];
}

export interface KeyProblem {
  readonly place: Place;
  readonly message: string;
  readonly fix: string;
  /** A certificate that the rule asks for is not there. */
  readonly isAbsence: boolean;
}

/**
 * A connection for each rule and pair of ends that a policy wants, with a child for each of its transforms. A rule whose peer is one
 * address and that no policy wants is a connection without children: the peer may talk to it.
 */
export function connectionsFor(
  rules: KeyRules,
  policies: readonly NegotiatedPolicy[],
  certificates: NodeCertificates,
): KeyConnections {
  const drafts = new Map<string, Draft>();
  const unserved: KeyConnections['unserved'][number][] = [];
  for (const policy of policies) {
    for (const [index, transform] of policy.transforms.entries()) {
      for (const ends of transform.ends) {
        const rule = ruleFor(rules, ends);
        const child = rule === null ? null : childRuleFor(rules, rule, policy);
        if (rule === null || child === null) {
          unserved.push({ policy: policy.name, ...ends });
          continue;
        }
        const key = JSON.stringify([rule.name, ends]);
        const draft = drafts.get(key) ?? { rule, ends, children: [] };
        const config = childOf(draft, policy, index, child);
        drafts.set(key, { ...draft, children: [...draft.children, config] });
      }
    }
  }
  for (const rule of rules.rules) addWithoutPolicy(drafts, rule);
  const problems: KeyProblem[] = [];
  const names = new Set<string>();
  const connections = [...drafts.values()].flatMap(draft => {
    const found = identitiesOf(draft.rule, draft.ends, rules.trust, certificates);
    problems.push(...found.problems);
    return found.identities.map(identities => connectionOf(draft, identities, names));
  });
  return { connections, unserved, problems };
}

interface Draft {
  readonly rule: KeyRule;
  readonly ends: { readonly local: string | null; readonly remote: string | null };
  readonly children: readonly ChildConfig[];
}

const isFor = (list: readonly string[], address: string): boolean =>
  list.length === 0 || list.some(text => holdsAddress(text, address));

/** The first that is for both ends. */
function ruleFor({ rules }: KeyRules, ends: { readonly local: string; readonly remote: string }): KeyRule | null {
  return rules.find(rule => isFor(rule.local, ends.local) && isFor(rule.remote, ends.remote)) ?? null;
}

function childRuleFor({ children }: KeyRules, rule: KeyRule, policy: NegotiatedPolicy): ChildRule | null {
  return (
    children.find(
      child =>
        (child.rule === null || child.rule === rule.name) &&
        child.number === rule.number &&
        isMeant(child.local, policy, policy.local, policy.localPort) &&
        isMeant(child.remote, policy, policy.remote, policy.remotePort),
    ) ?? null
  );
}

/** Whether a selector is exactly what the policy has on that side. */
function isMeant(
  selector: RuleSelector | null,
  { protocol }: Selectors,
  addresses: Selectors['local'],
  port: Selectors['localPort'],
): boolean {
  if (selector === null) return true;
  const list = typeof addresses === 'string' ? [addresses] : addresses;
  const isOne = list.length === 1 && list.every(text => normal(text) === normal(selector.addresses));
  const isPort =
    selector.port === port ||
    (Array.isArray(port) && port.length === 1 && port[0]?.[0] === selector.port && port[0]?.[1] === selector.port);
  return isOne && selector.protocol === protocol && isPort;
}

/** A single address and its prefix are the same. */
const normal = (text: string): string => (formatRange(text) ?? text).replace(/^([^/:]*)\/32$|^([^/]*)\/128$/, '$1$2');

const WINDOW_PACKETS = 64;
const DEFAULT_ESP = ['aes256gcm16', 'aes256-sha256', 'aes128-sha256'];
const DEFAULT_AH = ['sha256', 'sha512'];

function childOf(draft: Draft, policy: NegotiatedPolicy, index: number, rule: ChildRule): ChildConfig {
  const transform = policy.transforms[index];
  const { local, remote } = draft.ends;
  if (transform === undefined || local === null || remote === null)
    throw new Error(`policy ${policy.name} has no ends`);
  const around = policy.transforms[index - 1]?.protocol ?? null;
  const isPassive = draft.rule.isPassive;
  const base = index === 0 ? policy.name : `${policy.name}-${index + 1}`;
  const copies = draft.children.filter(({ name }) => name === base || name.startsWith(`${base}~`)).length;
  return {
    name: copies === 0 ? base : `${base}~${copies + 1}`,
    policy: policy.name,
    transform: index,
    mode: transform.mode,
    sharing: policy.sharing,
    proposals: proposalsOf(transform, rule),
    ...selectorSides(policy, { mode: transform.mode, around, ends: { local, remote } }),
    start: isPassive ? 'none' : 'trap',
    onClose: isPassive ? 'none' : 'trap',
    onDeath: isPassive ? 'clear' : 'trap',
    rekey: rule.rekey,
    over: rule.over,
    requestId: transform.requestId,
    windowPackets: WINDOW_PACKETS,
    outer: {},
    trafficFlow: null,
  };
}

function proposalsOf({ protocol, suites }: NegotiatedTransform, rule: ChildRule): ChildProposalConfig[] {
  const common = { keyExchange: rule.groups, additionalKeyExchanges: [], esn: ['no'] as const };
  if (rule.integrity !== null && protocol === 'ah')
    return [{ protocol, encryption: [], integrity: rule.integrity, ...common }];
  if (rule.encryption !== null && protocol === 'esp')
    return [{ protocol, encryption: rule.encryption, integrity: rule.integrity ?? [], ...common }];
  const texts = suites.length > 0 ? suites : protocol === 'esp' ? DEFAULT_ESP : DEFAULT_AH;
  const parse = protocol === 'esp' ? parseEspProposal : parseAhProposal;
  return texts.flatMap(text => {
    const { proposal } = parse(text, { legacy: true }); // suites were judged where they stand
    return proposal === null ? [] : [{ ...proposal, ...common }];
  });
}

/** A peer that nothing is sent to yet can still call. */
function addWithoutPolicy(drafts: Map<string, Draft>, rule: KeyRule): void {
  if ([...drafts.values()].some(draft => draft.rule === rule)) return;
  drafts.set(JSON.stringify([rule.name]), {
    rule,
    ends: { local: single(rule.local), remote: single(rule.remote) },
    children: [],
  });
}

function single(list: readonly string[]): string | null {
  const [first] = list;
  return list.length === 1 && first !== undefined && !/[/-]/.test(first) ? first : null;
}

function connectionOf({ rule, ends, children }: Draft, identities: Identities, names: Set<string>): StatedConnection {
  // A rule for anybody has a connection for each peer: called so whoever else has policies at the moment.
  const base = ends.remote === null || rule.remote.length > 0 ? rule.name : `${rule.name}-${ends.remote}`;
  let name = base;
  for (let copy = 2; names.has(name); copy += 1) name = `${base}-${copy}`;
  names.add(name);
  const connection: Omit<ConnectionConfig, 'authentication'> = {
    ...rule.options,
    name,
    local: ends.local === null ? rule.local.filter(text => !/[/-]/.test(text)) : [ends.local],
    remote: ends.remote === null ? rule.remote : [ends.remote],
    children,
  };
  return {
    ...connection,
    place: rule.place,
    authentication: { local: ownOf(identities), remote: peersOf(identities) },
  };
}
