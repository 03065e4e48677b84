import { type Diagnostic, quoted, Report } from '../config/diagnostic.ts';
import { didYouMean, nearest } from '../config/suggest.ts';
import { ACTIONS, startsRule } from './parse-action.ts';
import { parseRule, type RuleText } from './parse-rule.ts';
import { type Token, tokenize } from './parse-tokens.ts';
import type { FilterConfig, FilterRule } from './rule.ts';
import { Words } from './words.ts';

export interface FilterFileOptions {
  /** Number of the text's first line in its file. Absent: 1. */
  readonly line?: number;
  /** Columns that stand in front of each line of the text. Absent: none. */
  readonly columns?: number;
  /** Of a file for one family, such as ipf6.conf. Absent: rules that name no addresses are for both. */
  readonly family?: 4 | 6;
  /** What happens to what no rule matches. Absent: it passes. */
  readonly otherwise?: 'pass' | 'block';
  /** Interfaces and tunnels that a rule may name. Absent: any. */
  readonly interfaces?: readonly string[];
}

export interface FilterFile {
  /** Of the rules in which nothing is wrong; to be used only without diagnostics. */
  readonly config: FilterConfig;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads the text of an ipf.conf, the language of ipf(5), into rules in the order in which they are tried. `file` is the name
 * that diagnostics and counters show. It never throws for a text: all that is wrong with it is found at once.
 */
export function parseFilter(file: string, text: string, options: FilterFileOptions = {}): FilterFile {
  const report = new Report(file);
  const tokens = tokenize(text, { line: options.line ?? 1, columns: options.columns ?? 0 }, report);
  const texts: RuleText[] = [];
  for (const statement of withVariables(statements(tokens), report)) {
    const words = new Words(statement, report);
    if (words.next.text === 'set') {
      parseSetting(words);
      continue;
    }
    const rule = parseRule(words, file, options.family ?? null);
    if (rule === null) continue;
    checkInterfaces(rule, options.interfaces ?? null, report);
    texts.push(rule);
  }
  checkGroups(texts, report);
  const rules = inserted(texts);
  return { config: { rules, otherwise: options.otherwise ?? 'pass' }, diagnostics: report.diagnostics() };
}

/** Cuts the file into statements: a line goes on with the one before if it cannot be the beginning of one, ipf(5) "Long lines". */
function statements(tokens: readonly Token[]): Token[][] {
  const found: Token[][] = [];
  for (const token of tokens) {
    const current = found.at(-1);
    if (token.text === ';' && token.kind === 'symbol') {
      found.push([]);
    } else if (current === undefined || (token.startsLine && current.length > 0 && !continues(token))) {
      found.push([token]);
    } else {
      current.push(token);
    }
  }
  return found.filter(statement => statement.length > 0);
}

/** No line of its own: a clause, or (indented) something that is not nearly an action. */
function continues(token: Token): boolean {
  if (token.kind === 'word' && startsRule(token.text)) return false;
  if (token.kind === 'symbol') return token.text !== '@';
  return CONTINUATIONS.has(token.text) || (token.indent > 0 && nearest(token.text, ACTIONS) === null);
}

const CONTINUATIONS: ReadonlySet<string> = new Set(
  (
    'quick on family inet inet6 tos ttl proto all from to port mask flags icmp-type code with and ' +
    'not keep head group set-tag comment in out'
  ).split(' '),
);

/** `name = "value";` defines, `$name` stands for the words of the value. */
function withVariables(all: readonly Token[][], report: Report): Token[][] {
  const values = new Map<string, readonly Token[]>();
  const rules: Token[][] = [];
  for (const statement of all) {
    const [name, equals, ...value] = statement;
    if (name?.kind === 'word' && equals?.text === '=' && equals.kind === 'symbol') {
      const [first] = value;
      const origin = { line: first?.line ?? name.line, columns: first?.column ?? name.column };
      values.set(name.text, first?.kind === 'string' ? tokenize(first.text, origin, report) : value);
      continue;
    }
    rules.push(substituted(statement, values, report));
  }
  return rules;
}

function substituted(
  statement: readonly Token[],
  values: ReadonlyMap<string, readonly Token[]>,
  report: Report,
): Token[] {
  const tokens: Token[] = [];
  for (let i = 0; i < statement.length; i++) {
    const token = statement[i];
    const name = statement[i + 1];
    if (token === undefined) continue;
    if (token.text !== '$' || name?.kind !== 'word') {
      tokens.push(token);
      continue;
    }
    i++;
    const value = values.get(name.text);
    if (value === undefined) {
      const fix = didYouMean(name.text, [...values.keys()], `define it: ${name.text} = "…";`);
      report.error(token, `there is no variable ${quoted(name.text)}`, fix);
      continue;
    }
    const { line, column, follows } = token;
    tokens.push(...value.map((part, at) => ({ ...part, line, column, follows: at === 0 ? follows : part.follows })));
  }
  return tokens;
}

/** Tunables are another system's; this one concerns an interface that a node here does not have. */
function parseSetting(words: Words): void {
  words.take();
  const name = words.word('a setting');
  if (name.text === 'intercept_loopback') {
    if (words.accept('true', 'false') === null) words.fail(words.next, 'true or false is missing', null);
  } else if (name.kind === 'word') {
    words.fail(name, `there is no setting ${quoted(name.text)}`, 'remove the line');
  }
}

function checkInterfaces({ interfaces }: RuleText, known: readonly string[] | null, report: Report): void {
  if (known === null) return;
  for (const token of interfaces) {
    if (known.includes(token.text)) continue;
    report.error(
      token,
      `there is no interface ${quoted(token.text)}`,
      didYouMean(token.text, known, 'remove the rule'),
    );
  }
}

/** Every group has a head in its direction, and none leads back to itself. */
function checkGroups(texts: readonly RuleText[], report: Report): void {
  const heads = new Map<string, RuleText[]>();
  for (const text of texts) {
    if (text.head !== null)
      heads.set(listKey(text, text.head.text), [...(heads.get(listKey(text, text.head.text)) ?? []), text]);
  }
  for (const text of texts) {
    const { group } = text;
    const name = text.rules[0]?.group ?? null;
    if (group === null || name === null) continue;
    const key = listKey(text, name);
    if (!heads.has(key)) {
      const names = texts.flatMap(each => (each.head === null ? [] : [each.head.text]));
      const fix = names.includes(name)
        ? 'a group and its head have one direction'
        : didYouMean(name, names, 'add a rule with head');
      report.error(group, `no ${text.rules[0]?.direction ?? ''} rule is the head of group ${quoted(name)}`, fix);
    } else if (text.head !== null && leadsTo(listKey(text, text.head.text), key, texts, new Set())) {
      report.error(text.head, `group ${quoted(text.head.text)} leads back to itself`, 'give the head another group');
    }
  }
}

function leadsTo(from: string, to: string, texts: readonly RuleText[], seen: Set<string>): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  const inGroup = texts.filter(text => listKey(text, text.rules[0]?.group ?? null) === from && text.head !== null);
  return inGroup.some(text => leadsTo(listKey(text, text.head?.text ?? null), to, texts, seen));
}

/** Rules of one direction and group are one list; those that only count have lists of their own. */
function listKey({ rules: [rule] }: RuleText, group: string | null): string {
  return `${rule?.direction} ${rule?.action.kind === 'count'} ${group ?? ''}`;
}

/**
 * In the order in which they are tried: `@n` goes in front of what is then rule n of its list, or to its end. A rule that
 * stands for several counts as one for `skip`.
 */
function inserted(texts: readonly RuleText[]): FilterRule[] {
  const ordered: RuleText[] = [];
  for (const text of texts) {
    const before = text.insertAt === null ? undefined : ruleNumber(ordered, text, text.insertAt);
    if (before === undefined) ordered.push(text);
    else ordered.splice(ordered.indexOf(before), 0, text);
  }
  return ordered.flatMap((text, i) => text.rules.map(rule => withSkip(rule, text, ordered, i)));
}

/** Rule n of the list that a rule belongs to. */
function ruleNumber(ordered: readonly RuleText[], of: RuleText, n: number): RuleText | undefined {
  const key = listKey(of, of.rules[0]?.group ?? null);
  return ordered.filter(each => listKey(each, each.rules[0]?.group ?? null) === key)[Math.max(0, n - 1)];
}

function withSkip(rule: FilterRule, text: RuleText, ordered: readonly RuleText[], index: number): FilterRule {
  const { action } = rule;
  if (action.kind !== 'skip') return rule;
  const key = listKey(text, rule.group);
  const behind = ordered.slice(index + 1).filter(each => listKey(each, each.rules[0]?.group ?? null) === key);
  const rules = behind.slice(0, action.rules).reduce((sum, each) => sum + each.rules.length, 0);
  const own = text.rules.length - 1 - text.rules.indexOf(rule);
  return { ...rule, action: { kind: 'skip', rules: rules + own } };
}
