import { quoted } from '../config/diagnostic.ts';
import { didYouMean } from '../config/suggest.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { ICMPV4_TYPES, ICMPV6_TYPES } from './names.ts';
import { ANYWHERE, type EndpointText } from './parse-endpoint.ts';
import type { Token } from './parse-tokens.ts';
import type { FilterAction, FilterCondition, FilterLog, FilterRule } from './rule.ts';
import { readNumber, type Words } from './words.ts';

/** What the clauses of a rule have said so far. */
export interface Draft {
  readonly said: Set<string>;
  log: FilterLog | null;
  quick: boolean;
  interfaces: Token[];
  family: 4 | 6 | null;
  tos: (number | null)[];
  ttl: (number | null)[];
  protocols: readonly number[] | null;
  protocolAt: Token | null;
  source: EndpointText;
  destination: EndpointText;
  flags: FilterRule['flags'];
  flagsAt: Token | null;
  icmpTypes: readonly Token[];
  icmpAt: Token | null;
  icmpCodes: readonly number[] | null;
  conditions: FilterCondition[];
  keepState: FilterRule['keepState'];
  keepStateAt: Token | null;
  keepFragments: FilterRule['keepFragments'];
  head: Token | null;
  group: Token | null;
}

export function emptyDraft(log: FilterLog | null, family: 4 | 6 | null): Draft {
  return {
    said: new Set(),
    log,
    quick: false,
    interfaces: [],
    family,
    tos: [null],
    ttl: [null],
    protocols: null,
    protocolAt: null,
    source: ANYWHERE,
    destination: ANYWHERE,
    flags: null,
    flagsAt: null,
    icmpTypes: [],
    icmpAt: null,
    icmpCodes: null,
    conditions: [],
    keepState: null,
    keepStateAt: null,
    keepFragments: null,
    head: null,
    group: null,
  };
}

const PORT_PROTOCOLS: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);

/** What the clauses say of each other. */
export function checkDraft(words: Words, draft: Draft, action: FilterAction): void {
  const { protocols, source, destination } = draft;
  if (!draft.said.has('from') && !draft.said.has('to')) {
    words.complain(words.next, 'the rule does not say from where and to where', 'add all, or from … to …');
  }
  for (const port of [source.port, destination.port]) {
    if (port !== null && protocols !== null && !protocols.every(protocol => PORT_PROTOCOLS.has(protocol)))
      words.complain(port, 'ports of a protocol that has none', 'write proto tcp, proto udp or proto tcp/udp');
  }
  if (draft.flagsAt !== null && (protocols === null || protocols.some(protocol => protocol !== IpProtocol.TCP))) {
    words.complain(draft.flagsAt, 'flags are those of TCP alone', 'write proto tcp');
  }
  const isReset = action.kind === 'block' && action.answer?.kind === 'reset';
  if (isReset && protocols?.includes(IpProtocol.TCP) !== true) {
    words.complain(words.tokens[1] ?? words.next, 'return-rst answers TCP alone', 'write proto tcp, or return-icmp');
  }
  if (draft.keepStateAt !== null && action.kind !== 'pass') {
    words.complain(draft.keepStateAt, 'only a rule that passes can keep state', 'remove it, or write pass');
  }
  if (familiesOf(draft).size === 0) {
    const fix = 'write one rule for IPv4 and another one for IPv6';
    words.complain(words.tokens[0] ?? words.next, 'the rule names both IPv4 and IPv6, and so matches nothing', fix);
  }
}

function familiesOf(draft: Draft): Set<4 | 6> {
  const { source, destination, family } = draft;
  const both = [...source.families].filter(each => destination.families.has(each));
  return new Set(both.filter(each => family === null || each === family));
}

/** null: a rule for both families. */
export function familyOf(draft: Draft): 4 | 6 | null {
  const [family, other] = familiesOf(draft);
  return other === undefined ? (family ?? null) : null;
}

/** Ports without a protocol are those of TCP and UDP. */
export function protocolsOf({ protocols, source, destination }: Draft): readonly number[] | null {
  if (protocols !== null) return protocols;
  const hasPorts = source.port !== null || destination.port !== null;
  return hasPorts ? [IpProtocol.TCP, IpProtocol.UDP] : null;
}

/** The names of ICMP types depend on which ICMP it is. */
export function icmpOf(words: Words, draft: Draft): FilterRule['icmp'] {
  const { icmpAt, protocols, icmpCodes } = draft;
  const family = familyOf(draft);
  checkIcmpFamily(words, draft, family);
  if (icmpAt === null) return null;
  const [protocol, ...others] = protocols ?? [];
  const isV6 = protocol === IpProtocol.ICMPV6;
  if (others.length > 0 || (protocol !== IpProtocol.ICMP && !isV6)) {
    words.complain(icmpAt, 'icmp-type of a protocol that is not ICMP', 'write proto icmp or proto ipv6-icmp');
    return null;
  }
  const names = isV6 ? ICMPV6_TYPES : ICMPV4_TYPES;
  const types = draft.icmpTypes.map(token => {
    const type = names.get(token.text.toLowerCase()) ?? readNumber(token.text);
    if (type !== null && type <= 255) return type;
    const what = `${quoted(token.text)} is no type of ${isV6 ? 'ICMPv6' : 'ICMP'}`;
    words.complain(token, what, didYouMean(token.text, [...names.keys()], ''));
    return 0;
  });
  return { types, codes: icmpCodes };
}

function checkIcmpFamily(words: Words, { protocols, protocolAt }: Draft, family: 4 | 6 | null): void {
  if (protocolAt === null || protocols?.length !== 1) return;
  if (family === 6 && protocols[0] === IpProtocol.ICMP) {
    words.complain(protocolAt, 'proto icmp is that of IPv4, and the rule is for IPv6', 'write proto ipv6-icmp');
  } else if (family === 4 && protocols[0] === IpProtocol.ICMPV6) {
    words.complain(protocolAt, 'proto ipv6-icmp is that of IPv6, and the rule is for IPv4', 'write proto icmp');
  }
}
