import { quoted } from '../config/diagnostic.ts';
import { didYouMean } from '../config/suggest.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { parsePrefix } from '../wire/prefix.ts';
import { ICMPV4_TYPES, ICMPV6_TYPES, PROTOCOLS, UNREACHABLE_CODES } from './names.ts';
import { NO_LOG, parseAction, parseLogOptions } from './parse-action.ts';
import { parseConditions, parseFlags, parseKeepState } from './parse-conditions.ts';
import { ANYWHERE, type EndpointText, parseEndpoint } from './parse-endpoint.ts';
import { type Token, textOf } from './parse-tokens.ts';
import type { FilterAction, FilterCondition, FilterLog, FilterRule } from './rule.ts';
import { readNumber, type Words } from './words.ts';

/** A rule as it was read: lists that the model has no room for are still lists. */
export interface RuleText {
  /** `@n`; null: at the end. */
  readonly insertAt: number | null;
  /** One for each interface of `on (a, b)`, each `tos` and each `ttl`. */
  readonly rules: readonly FilterRule[];
  readonly interfaces: readonly Token[];
  readonly head: Token | null;
  readonly group: Token | null;
}

/** What the clauses have said so far. */
interface Draft {
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

/** One statement that is a rule; null when it is none, which is reported. `family`: of a file for one family alone. */
export function parseRule(words: Words, file: string, family: 4 | 6 | null): RuleText | null {
  const first = words.next;
  const insertAt = words.accept('@') === null ? null : words.number('a rule number', 0xffff);
  const text = textOf(words.tokens.slice(insertAt === null ? 0 : 2));
  if (words.next.kind === 'word' && readNumber(words.next.text) !== null) words.take(); // an old collection number
  const action = parseAction(words);
  if (action === null) return null;
  const direction = parseDirection(words);
  const draft = emptyDraft(action.log, family);
  while (!words.isAtEnd) parseClause(words, draft);
  checkDraft(words, draft, action.action);
  const icmp = icmpOf(words, draft);
  if (!words.isSound || direction === null) return null;
  const rule: FilterRule = {
    text,
    file,
    line: first.line,
    direction,
    action: action.action,
    log: draft.log,
    quick: draft.quick,
    interface: null,
    family: familyOf(draft),
    tos: null,
    ttl: null,
    protocols: protocolsOf(draft),
    source: draft.source.endpoint,
    destination: draft.destination.endpoint,
    flags: draft.flags,
    icmp,
    conditions: draft.conditions,
    keepState: draft.keepState,
    keepFragments: draft.keepFragments,
    head: draft.head?.text ?? null,
    group: draft.group === null || draft.group.text === '0' ? null : draft.group.text,
  };
  const names = draft.interfaces.length === 0 ? [null] : draft.interfaces.map(token => token.text);
  const rules = names.flatMap(name =>
    draft.tos.flatMap(tos => draft.ttl.map(ttl => ({ ...rule, interface: name, tos, ttl }))),
  );
  return { insertAt, rules, interfaces: draft.interfaces, head: draft.head, group: draft.group };
}

function emptyDraft(log: FilterLog | null, family: 4 | 6 | null): Draft {
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

function parseDirection(words: Words): 'in' | 'out' | null {
  const token = words.word('in or out');
  if (token.text === 'in' || token.text === 'out') return token.text;
  if (token.kind === 'word') words.fail(token, `${quoted(token.text)} where in or out belongs`, 'write in or out');
  return null;
}

/** In the order that the manual gives them; any order is taken. */
const CLAUSES: Readonly<Record<string, (words: Words, draft: Draft, at: Token) => void>> = {
  log: (words, draft) => {
    draft.log = { ...parseLogOptions(words), tag: draft.log?.tag ?? null };
  },
  quick: (_, draft) => {
    draft.quick = true;
  },
  on: (words, draft) => {
    draft.interfaces = words.list(() => words.word('the interface')).filter(token => token.kind === 'word');
    refuseNegation(
      words,
      ',',
      'a second interface, for the way back, is not needed: replies come back by the same one',
    );
  },
  family: (words, draft) => parseFamily(words, draft, words.word('inet or inet6')),
  inet: (words, draft, at) => parseFamily(words, draft, at),
  inet6: (words, draft, at) => parseFamily(words, draft, at),
  tos: (words, draft) => {
    draft.tos = words.list(() => words.number('a type of service', 255));
  },
  ttl: (words, draft) => {
    draft.ttl = words.list(() => words.number('a time to live', 255));
  },
  proto: (words, draft, at) => {
    draft.protocolAt = at;
    draft.protocols = [...new Set(words.list(() => parseProtocol(words)).flat())];
  },
  all: (_, draft) => void draft.said.add('from').add('to'),
  from: (words, draft) => {
    draft.source = parseEndpoint(words, 'source');
  },
  to: (words, draft, at) => {
    const isRoute = !draft.said.has('from') && isInterfaceName(words.next.text);
    if (isRoute) words.fail(at, REFUSED_CLAUSES.get('route-to') ?? '', 'remove it: packets go where the routes lead');
    else draft.destination = parseEndpoint(words, 'destination');
  },
  flags: (words, draft, at) => {
    draft.flagsAt = at;
    draft.flags = parseFlags(words);
  },
  'icmp-type': (words, draft, at) => {
    draft.icmpAt = at;
    draft.icmpTypes = words.list(() => words.word('an ICMP type')).filter(token => token.kind === 'word');
  },
  code: (words, draft, at) => {
    if (draft.icmpAt === null) words.fail(at, '"code" without icmp-type', 'write icmp-type in front of it');
    draft.icmpCodes = words.list(() => words.named('an ICMP code', UNREACHABLE_CODES, 255));
  },
  with: (words, draft) => void draft.conditions.push(...parseConditions(words)),
  and: (words, draft) => void draft.conditions.push(...parseConditions(words)),
  keep: (words, draft, at) => {
    const token = words.word('state or frags');
    if (token.text === 'state') {
      draft.keepStateAt = at;
      draft.keepState = parseKeepState(words);
    } else if (token.text === 'frags' || token.text === 'frag') {
      const isStrict = words.accept('(') !== null && words.accept('strict') !== null;
      if (isStrict) words.symbol(')');
      draft.keepFragments = { strict: isStrict };
    } else if (token.kind === 'word') {
      words.fail(token, `keep ${quoted(token.text)}`, didYouMean(token.text, ['state', 'frags'], ''));
    }
  },
  head: (words, draft) => {
    draft.head = words.word('the name of a group');
  },
  group: (words, draft) => {
    draft.group = words.word('the name of a group');
  },
  'set-tag': (words, draft) => {
    words.symbol('(');
    const token = words.word('log=n');
    if (token.kind === 'word' && token.text !== 'log') {
      words.fail(token, `tag ${quoted(token.text)}: only log entries are tagged`, 'write set-tag(log=n)');
    }
    words.symbol('=');
    draft.log = { ...(draft.log ?? NO_LOG), tag: words.number('a tag', 0xffffffff) };
    words.symbol(')');
  },
  tag: (words, draft) => {
    draft.log = { ...(draft.log ?? NO_LOG), tag: words.number('a tag', 0xffffffff) };
  },
  comment: words => void words.take(),
};

const REPEATABLE = new Set(['with', 'and', 'keep']);

const REFUSED_CLAUSES: ReadonlyMap<string, string> = new Map([
  ...(['route-to', 'fastroute', 'dup-to', 'reply-to'] as const).map(
    clause => [clause, 'a rule decides whether a packet passes, not where it goes'] as const,
  ),
  ['in-via', 'a rule looks at one interface: the one that the packet is on'],
  ['out-via', 'a rule looks at one interface: the one that the packet is on'],
  ['match-tag', 'packets carry no tags'],
  ['pps', 'packets a second are not limited'],
  ['age', 'an age belongs to the state: keep state (age 30)'],
  ['rule-ttl', 'rules do not expire'],
  ['bpf-v4', 'there is no packet filter program'],
  ['bpf-v6', 'there is no packet filter program'],
  ['{', 'rules in braces are not read: use head and group'],
]);

function parseClause(words: Words, draft: Draft): void {
  const token = words.take();
  const clause = token.kind === 'string' ? undefined : CLAUSES[token.text];
  if (clause === undefined || !Object.hasOwn(CLAUSES, token.text)) {
    refuseClause(words, token);
    return;
  }
  const key = token.text === 'inet' || token.text === 'inet6' ? 'family' : token.text;
  const isAgain = draft.said.has(key) || (key === 'all' && (draft.said.has('from') || draft.said.has('to')));
  if (isAgain && !REPEATABLE.has(key)) {
    words.complain(token, `${quoted(token.text)} for the second time`, 'remove one of the two');
  }
  clause(words, draft, token);
  draft.said.add(key);
}

function refuseClause(words: Words, token: Token): void {
  const refused = REFUSED_CLAUSES.get(token.text);
  if (refused !== undefined) words.fail(token, `${quoted(token.text)} is not possible: ${refused}`, 'remove it');
  else words.fail(token, `${quoted(token.text)} means nothing here`, didYouMean(token.text, Object.keys(CLAUSES), ''));
}

function refuseNegation(words: Words, symbol: string, why: string): void {
  if (words.next.text === symbol) words.fail(words.next, why, 'name one interface, or a list in brackets');
}

function isInterfaceName(text: string): boolean {
  return /^[a-z][a-z_0-9]*[0-9](?::.+)?$/i.test(text) && parsePrefix(text) === null;
}

function parseFamily(words: Words, draft: Draft, token: Token): void {
  if (token.kind === 'end') return;
  const family = token.text === 'inet' ? 4 : token.text === 'inet6' ? 6 : null;
  if (family === null) {
    words.complain(token, `${quoted(token.text)} is no address family`, 'write inet or inet6');
  } else if (draft.family !== null && draft.family !== family) {
    words.complain(token, `${token.text} in a file for IPv${draft.family}`, 'remove it, or move the rule');
  }
  draft.family = family;
}

function parseProtocol(words: Words): number[] {
  const token = words.next;
  if (token.text === 'tcp/udp' || token.text === 'tcp-udp') {
    words.take();
    return [IpProtocol.TCP, IpProtocol.UDP];
  }
  return [words.named('a protocol', PROTOCOLS, 255)];
}

const PORT_PROTOCOLS: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);

/** What the clauses say of each other. */
function checkDraft(words: Words, draft: Draft, action: FilterAction): void {
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

function familyOf(draft: Draft): 4 | 6 | null {
  const [family, other] = familiesOf(draft);
  return other === undefined ? (family ?? null) : null;
}

/** Ports without a protocol are those of TCP and UDP. */
function protocolsOf({ protocols, source, destination }: Draft): readonly number[] | null {
  if (protocols !== null) return protocols;
  const hasPorts = source.port !== null || destination.port !== null;
  return hasPorts ? [IpProtocol.TCP, IpProtocol.UDP] : null;
}

/** The names of ICMP types depend on which ICMP it is. */
function icmpOf(words: Words, draft: Draft): FilterRule['icmp'] {
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
