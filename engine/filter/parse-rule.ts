import { quoted } from '../config/diagnostic.ts';
import { didYouMean } from '../config/suggest.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { parsePrefix } from '../wire/prefix.ts';
import { PROTOCOL_NAMES } from '../wire/protocol-names.ts';
import { UNREACHABLE_CODES } from './names.ts';
import { NO_LOG, parseAction, parseLogOptions } from './parse-action.ts';
import { parseConditions, parseFlags, parseKeepState } from './parse-conditions.ts';
import { parseEndpoint } from './parse-endpoint.ts';
import { type Token, textOf } from './parse-tokens.ts';
import type { FilterRule } from './rule.ts';
import { checkDraft, type Draft, emptyDraft, familyOf, icmpOf, protocolsOf } from './rule-draft.ts';
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
  return [words.named('a protocol', PROTOCOL_NAMES, 255)];
}
