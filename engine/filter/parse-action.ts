import { quoted } from '../config/diagnostic.ts';
import { didYouMean } from '../config/suggest.ts';
import { LOG_FACILITIES, LOG_PRIORITIES, UNREACHABLE_CODES } from './names.ts';
import type { Token } from './parse-tokens.ts';
import type { FilterAction, FilterAnswer, FilterLog } from './rule.ts';
import type { Words } from './words.ts';

/** The words that a rule can begin with, and those that this filter refuses, with the reason. */
export const ACTIONS: readonly string[] = ['pass', 'block', 'count', 'log', 'skip'];

const REFUSED_ACTIONS: ReadonlyMap<string, string> = new Map([
  ['call', 'there are no functions to call'],
  ['auth', 'there is no program that could decide on packets'],
  ['preauth', 'there is no program that could decide on packets'],
  ['nomatch', 'a rule that decides nothing: use count'],
  ['decapsulate', 'only the outermost packet is looked at; a tunnel interface shows what it carries'],
]);

export function startsRule(text: string): boolean {
  return ACTIONS.includes(text) || REFUSED_ACTIONS.has(text) || text === '@' || text === 'set';
}

export const NO_LOG: FilterLog = { body: false, first: false, orBlock: false, level: null, tag: null };

/** `log` as an action brings its own log options with it. */
export interface ActionText {
  readonly action: FilterAction;
  readonly log: FilterLog | null;
}

export function parseAction(words: Words): ActionText | null {
  const token = words.word('the action');
  switch (token.text) {
    case 'pass':
      return { action: { kind: 'pass' }, log: null };
    case 'block':
      return { action: { kind: 'block', answer: parseAnswer(words) }, log: null };
    case 'count':
      return { action: { kind: 'count' }, log: null };
    case 'log':
      return { action: { kind: 'log' }, log: parseLogOptions(words) };
    case 'skip':
      return { action: { kind: 'skip', rules: words.number('how many rules to skip', 0xffff) }, log: null };
    default:
      refuseAction(words, token);
      return null;
  }
}

/** Behind `log`. */
export function parseLogOptions(words: Words): FilterLog {
  let log = NO_LOG;
  for (;;) {
    if (words.accept('body') !== null) log = { ...log, body: true };
    else if (words.accept('first') !== null) log = { ...log, first: true };
    else if (words.accept('or-block') !== null) log = { ...log, orBlock: true };
    else if (words.accept('level') !== null) log = { ...log, level: parseLevel(words) };
    else return log;
  }
}

function refuseAction(words: Words, token: Token): void {
  const reason = REFUSED_ACTIONS.get(token.text);
  if (reason !== undefined) words.fail(token, `${quoted(token.text)} is not possible: ${reason}`, 'remove the rule');
  else if (token.kind !== 'end') {
    words.fail(token, `${quoted(token.text)} is not an action`, didYouMean(token.text, ACTIONS, ''));
  }
}

function parseAnswer(words: Words): FilterAnswer | null {
  if (words.accept('return-rst') !== null) return { kind: 'reset' };
  const icmp = words.accept('return-icmp', 'return-icmp-as-dest');
  if (icmp !== null) {
    const asDestination = icmp.text === 'return-icmp-as-dest';
    if (words.accept('(') === null) return { kind: 'icmp', code: 0, asDestination };
    const code = words.named('a code of ICMP unreachable', UNREACHABLE_CODES, 255);
    words.symbol(')');
    return { kind: 'icmp', code, asDestination };
  }
  if (words.next.text.startsWith('return')) {
    const { text } = words.next;
    const fix = didYouMean(text, ['return-rst', 'return-icmp', 'return-icmp-as-dest'], '');
    words.fail(words.next, `${quoted(text)} is not an answer`, fix);
  }
  return null;
}

/** `priority` or `facility.priority`. */
function parseLevel(words: Words): string | null {
  const token = words.word('the log level');
  if (token.kind === 'end') return null;
  const parts = token.text.split('.');
  const [priority = '', facility] = parts.toReversed();
  if (parts.length > 2 || (facility !== undefined && !LOG_FACILITIES.has(facility))) {
    words.complain(token, `${quoted(token.text)} is no log level`, didYouMean(facility ?? '', [...LOG_FACILITIES], ''));
  } else if (!LOG_PRIORITIES.has(priority)) {
    words.complain(token, `${quoted(priority)} is no log priority`, didYouMean(priority, [...LOG_PRIORITIES], ''));
  }
  return token.text;
}
