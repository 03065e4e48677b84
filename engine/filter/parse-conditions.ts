import { quoted } from '../config/diagnostic.ts';
import { didYouMean } from '../config/suggest.ts';
import { IPV4_OPTIONS, IPV6_HEADERS, type NameTable, TCP_FLAGS } from './names.ts';
import type { FilterCondition, FilterRule, KeepState } from './rule.ts';
import { readNumber, type Words } from './words.ts';

const CONDITIONS: ReadonlyMap<string, FilterCondition['kind']> = new Map([
  ['ipopts', 'ipopts'],
  ['short', 'short'],
  ['frag', 'frag'],
  ['frags', 'frag'],
  ['frag-body', 'frag-body'],
  ['bad', 'bad'],
  ['bad-src', 'bad-src'],
  ['lowttl', 'low-ttl'],
  ['low-ttl', 'low-ttl'],
  ['mcast', 'multicast'],
  ['multicast', 'multicast'],
  ['bcast', 'broadcast'],
  ['broadcast', 'broadcast'],
  ['mbcast', 'multicast-or-broadcast'],
  ['nat', 'nat'],
  ['oow', 'oow'],
  ['v6hdrs', 'v6hdrs'],
  ['v6hdr', 'v6hdrs'],
  ['state', 'state'],
]);

/** Behind `with` or `and`: one or more conditions, each with its own `not`. */
export function parseConditions(words: Words): FilterCondition[] {
  const conditions: FilterCondition[] = [];
  do {
    const condition = parseCondition(words);
    if (condition === null) break;
    conditions.push(condition);
    words.accept(',');
  } while (isCondition(words.next.text));
  return conditions;
}

function isCondition(text: string): boolean {
  return CONDITIONS.has(text) || text === 'opt' || text === 'not' || text === 'no';
}

function parseCondition(words: Words): FilterCondition | null {
  const negated = words.accept('not', 'no') !== null;
  const token = words.word('the condition');
  if (token.kind === 'end') return null;
  if (token.text === 'opt') {
    if (words.next.text === 'sec-class') {
      words.fail(words.next, 'security classes are not looked at', 'match the option itself: opt sec');
      return null;
    }
    return { negated, kind: 'ipopts', numbers: parseNumbers(words, 'an IPv4 option', IPV4_OPTIONS) };
  }
  const kind = CONDITIONS.get(token.text);
  if (kind === undefined) {
    const known = [...CONDITIONS.keys(), 'opt'];
    words.fail(token, `${quoted(token.text)} is not a condition`, didYouMean(token.text, known, ''));
    return null;
  }
  const hasList = kind === 'v6hdrs' && isNumberOf(words.next.text, IPV6_HEADERS);
  return { negated, kind, numbers: hasList ? parseNumbers(words, 'an IPv6 header', IPV6_HEADERS) : [] };
}

function isNumberOf(text: string, names: NameTable): boolean {
  return names.has(text) || readNumber(text) !== null;
}

function parseNumbers(words: Words, what: string, names: NameTable): number[] {
  const numbers = [words.named(what, names, 255)];
  while (words.accept(',') !== null) numbers.push(words.named(what, names, 255));
  return numbers;
}

/** Behind `flags`: `S`, `S/SA`, `/SA`, or numbers. Without a mask the older six flags are compared. */
export function parseFlags(words: Words): NonNullable<FilterRule['flags']> {
  const ALL = 0x3f;
  const token = words.word('the TCP flags');
  const [setText = '', maskText, ...more] = token.text.split('/');
  const set = readFlags(setText);
  const mask = maskText === undefined ? ALL : readFlags(maskText);
  if (set === null || mask === null || more.length > 0) {
    words.complain(token, `${quoted(token.text)} are no TCP flags`, 'letters of FSRPAUEC, such as S/SA');
    return { set: 0, mask: ALL };
  }
  if (maskText === undefined) return { set, mask: ALL | set };
  if ((set & ~mask) !== 0) {
    const fix = 'every flag in front of the "/" must be behind it too';
    words.complain(token, `flags ${quoted(token.text)} can match nothing`, fix);
  }
  return { set, mask };
}

function readFlags(text: string): number | null {
  const number = readNumber(text);
  if (number !== null) return number <= 0xff ? number : null;
  let flags = 0;
  for (const letter of text) {
    const flag = TCP_FLAGS.get(letter);
    if (flag === undefined) return null;
    flags |= flag;
  }
  return flags;
}

const REFUSED_STATE_OPTIONS: ReadonlyMap<string, string> = new Map([
  ['newisn', 'sequence numbers are not rewritten'],
  ['sync', 'there is no other machine to tell'],
  ['icmp-head', 'ICMP errors about a flow pass with it, or not at all: no-icmp-err'],
  ['max-srcs', 'sources are not counted: use limit'],
  ['max-per-src', 'sources are not counted: use limit'],
]);
const STATE_OPTIONS = ['limit', 'strict', 'age', 'no-icmp-err', 'nolog'];

/** Behind `keep state`. */
export function parseKeepState(words: Words): KeepState {
  let state: KeepState = { limit: null, strict: false, age: null, icmpErrors: true };
  if (words.accept('(') === null) return state;
  while (!words.isAtEnd && words.accept(')') === null) {
    const token = words.word('an option of keep state');
    if (token.text === 'limit') state = { ...state, limit: words.number('a number of entries', 10_000_000) };
    else if (token.text === 'strict') state = { ...state, strict: true };
    else if (token.text === 'age') state = { ...state, age: parseAge(words) };
    else if (token.text === 'no-icmp-err' || token.text === 'noicmperr') state = { ...state, icmpErrors: false };
    else if (token.kind === 'word' && token.text !== 'nolog') {
      const why = REFUSED_STATE_OPTIONS.get(token.text);
      const what = why === undefined ? 'is not an option of keep state' : `is not possible: ${why}`;
      words.fail(
        token,
        `${quoted(token.text)} ${what}`,
        why === undefined ? didYouMean(token.text, STATE_OPTIONS, '') : null,
      );
    }
    words.accept(',');
    if (words.isAtEnd) words.symbol(')');
  }
  return state;
}

const AGE_MAX_SECONDS = 10_000_000;

/** `30`, or `30/1`: after a packet of the flow, and after one of its replies. */
function parseAge(words: Words): KeepState['age'] {
  const token = words.word('an age in seconds');
  const [forwardSeconds, replySeconds = forwardSeconds, ...more] = token.text.split('/').map(readNumber);
  if (isAge(forwardSeconds) && isAge(replySeconds) && more.length === 0) return { forwardSeconds, replySeconds };
  words.complain(token, `${quoted(token.text)} is no age`, 'write seconds, or seconds/seconds');
  return null;
}

function isAge(seconds: number | null | undefined): seconds is number {
  return seconds !== null && seconds !== undefined && seconds >= 1 && seconds <= AGE_MAX_SECONDS;
}
