import type { SelectorInput } from '../ipsec/spd.ts';
import { formatAddress, parseAddress } from '../wire/address.ts';
import { quoted, type Report } from './diagnostic.ts';
import type { StatedAction, StatedTransform } from './policy.ts';
import { type EndPair, type RangeEnd, rangeText, takeRanges, takeUpper } from './setkey-address.ts';
import { shown, type WordReader } from './setkey-reader.ts';
import type { SetkeyPolicy, SetkeySelector } from './setkey-statement.ts';
import { didYouMean } from './suggest.ts';
import type { Word } from './words.ts';

/** `spdadd` behind its name; null: reported. */
export function readSpdAdd(words: WordReader, report: Report): SetkeyPolicy | null {
  const selector = readSelector(words, report);
  if (selector === null) return null;
  const priority = takePriority(words, report);
  const action = takeAction(words, selector, report);
  words.finish(report);
  return priority === null || action === null ? null : { ...selector, priority, action };
}

/** `spddelete` behind its name; null: reported. What it says beyond the direction is skipped, as setkey does. */
export function readSpdDelete(words: WordReader, report: Report): SetkeySelector | null {
  const selector = readSelector(words, report);
  while (words.next() !== null);
  return selector;
}

const DIRECTIONS = ['in', 'out', 'fwd'] as const;
type DirectionName = (typeof DIRECTIONS)[number];

function readSelector(words: WordReader, report: Report): SetkeySelector | null {
  const tagged = words.peek();
  if (tagged?.text === 'tagged') {
    report.error(
      tagged.place,
      'policies by the tag of a packet filter are not known here',
      'say source and destination',
    );
    return null;
  }
  const ranges = takeRanges(words, report);
  if (ranges === null) return null;
  const upper = takeUpper(words, report);
  if (upper === null) return null;
  const direction = takeDirection(words, report);
  if (direction === null) return null;
  return selectorOf(ranges, upper, direction);
}

/** The source of what leaves is the local side; of what arrives, the destination is. */
function selectorOf(
  { source, destination }: EndPair<RangeEnd>,
  upper: Pick<Required<SelectorInput>, 'protocol' | 'icmp'>,
  direction: DirectionName,
): SetkeySelector {
  const [local, remote] = direction === 'out' ? [source, destination] : [destination, source];
  return {
    local: rangeText(local),
    remote: rangeText(remote),
    ...upper,
    localPort: local.port,
    remotePort: remote.port,
    direction: direction === 'out' ? 'outbound' : 'inbound',
    isForward: direction === 'fwd',
  };
}

function takeDirection(words: WordReader, report: Report): DirectionName | null {
  const option = words.take('-P with a direction', report);
  if (option === null) return null;
  if (option.text !== '-P') {
    report.error(option.place, `${shown(option)} stands where -P is expected`, 'write -P in, -P out or -P fwd');
    return null;
  }
  const word = words.take('the direction', report);
  if (word === null) return null;
  const direction = DIRECTIONS.find(name => name === word.text);
  if (direction !== undefined) return direction;
  report.error(word.place, `${shown(word)} is not a direction`, didYouMean(word.text, DIRECTIONS, ''));
  return null;
}

const BASES: Readonly<Record<string, number>> = { low: -1_073_741_824, def: 0, high: 1_073_741_824 };
const ACTIONS = ['discard', 'none', 'ipsec'] as const;

/** `prio -10`, `priority high + 5`; null: reported. */
function takePriority(words: WordReader, report: Report): number | null {
  const name = words.peek();
  if (name === null || (name.text !== 'prio' && name.text !== 'priority')) return 0;
  words.next();
  let text = '';
  for (let word = words.peek(); word !== null && !ACTIONS.some(action => action === word?.text); word = words.peek()) {
    if (text.length > 32 || word.quotes !== 'none') break;
    text += word.text;
    words.next();
  }
  const [whole, base, sign, offset] = /^(low|def|high)?(?:([+-]?)([0-9]{1,10}))?$/.exec(text) ?? [];
  const value = (BASES[base ?? 'def'] ?? 0) + (sign === '-' ? -1 : 1) * Number(offset ?? 0);
  const isSplit = base === undefined || offset === undefined || sign !== '';
  if (whole !== undefined && whole !== '' && isSplit && Math.abs(value) <= 2_147_483_648) return value;
  const fix = 'write prio with a number, or with low, def or high and an offset: prio high + 10';
  report.error(name.place, `${quoted(text)} is not a priority`, fix);
  return null;
}

function takeAction(words: WordReader, selector: SetkeySelector, report: Report): StatedAction | null {
  const word = words.take('discard, none or ipsec', report);
  if (word === null) return null;
  const action = ACTIONS.find(name => name === word.text);
  if (action === undefined) {
    report.error(word.place, `${shown(word)} is not what a policy can do`, didYouMean(word.text, ACTIONS, ''));
    while (words.next() !== null);
    return null;
  }
  if (action !== 'ipsec') return { kind: action === 'discard' ? 'discard' : 'bypass' };
  const transforms: (StatedTransform | null)[] = [];
  for (let rule = words.next(); rule !== null; rule = words.next()) transforms.push(readRule(rule, selector, report));
  const read = transforms.filter(transform => transform !== null);
  if (transforms.length === 0) {
    report.error(
      word.place,
      'ipsec by what is not said',
      'write esp/transport//require or esp/tunnel/A-B/require behind it',
    );
  }
  return read.length === 0 || read.length < transforms.length
    ? null
    : { kind: 'protect', transforms: read, sharing: 'shared' };
}

const RULE_FIX = 'write it as esp/transport//require, or as esp/tunnel/192.0.2.1-192.0.2.2/require';

/** `protocol/mode/src-dst/level`. */
function readRule(word: Word, selector: SetkeySelector, report: Report): StatedTransform | null {
  const [protocolText = '', modeText = '', endsText = '', levelText = 'default', ...more] = word.text.split('/');
  if (more.length > 0 || word.text.split('/').length < 2) {
    report.error(word.place, `${shown(word)} is not protocol/mode/ends/level`, RULE_FIX);
    return null;
  }
  const protocol = protocolOf(protocolText, word, report);
  const mode = oneOfTwo(modeText, ['transport', 'tunnel'], 'a mode', word, report);
  const level = levelOf(levelText, word, report);
  if (protocol === null || mode === null || level === null) return null;
  const ends = endsOf(endsText, mode, selector, word, report);
  if (ends === undefined) return null;
  return { protocol, mode, ...level, ends, suites: null };
}

function protocolOf(text: string, word: Word, report: Report): 'esp' | 'ah' | null {
  if (text === 'ipcomp') {
    report.error(word.place, 'IPComp is not part of this engine: nothing here compresses packets', 'use esp or ah');
    return null;
  }
  return oneOfTwo(text, ['esp', 'ah'], 'a protocol of IPsec', word, report);
}

function oneOfTwo<Name extends string>(
  text: string,
  names: readonly [Name, Name],
  what: string,
  word: Word,
  report: Report,
): Name | null {
  const found = names.find(name => name === text);
  if (found !== undefined) return found;
  report.error(word.place, `${quoted(text)} is not ${what}`, didYouMean(text, names, ''));
  return null;
}

const LEVELS = ['default', 'use', 'require', 'unique'] as const;
/** "number must be between 1 and 32767". */
const REQUEST_ID_MAX = 32_767;

/** `default` is `require`: what is not said must not be the weaker one. `unique` alone is left to whoever negotiates. */
function levelOf(text: string, word: Word, report: Report): Pick<StatedTransform, 'level' | 'requestId'> | null {
  const [name = '', idText, ...more] = text.split(':');
  const level = LEVELS.find(known => known === (name === '' ? 'default' : name));
  if (level === undefined || more.length > 0 || (idText !== undefined && level !== 'unique')) {
    const fix = level === undefined ? didYouMean(name, LEVELS, '') : 'only unique has a number: unique:1';
    report.error(word.place, `${quoted(text)} is not a level`, fix);
    return null;
  }
  if (idText === undefined) return { level: level === 'use' ? 'use' : 'require', requestId: null };
  const id = /^[0-9]{1,5}$/.test(idText) ? Number(idText) : 0;
  if (id >= 1 && id <= REQUEST_ID_MAX) return { level: 'require', requestId: id };
  report.error(word.place, `${quoted(idText)} is not the number of an SA`, `use 1 to ${REQUEST_ID_MAX}`);
  return null;
}

/** undefined: reported. */
function endsOf(
  text: string,
  mode: 'transport' | 'tunnel',
  selector: SetkeySelector,
  word: Word,
  report: Report,
): StatedTransform['ends'] | undefined {
  if (text === '' && mode === 'transport') return null;
  const [sourceText = '', destinationText = '', ...more] = text.split('-').map(end => end.replace(/\[[^[\]]*\]$/, ''));
  const [source, destination] = [parseAddress(sourceText), parseAddress(destinationText)];
  if (source === null || destination === null || more.length > 0 || source.length !== destination.length) {
    const what =
      text === '' ? 'tunnel mode without the two ends of the tunnel' : `${quoted(text)} is not two addresses`;
    report.error(word.place, what, RULE_FIX);
    return undefined;
  }
  if (mode === 'transport') return null;
  const [from, to] = [formatAddress(source), formatAddress(destination)];
  return selector.direction === 'outbound' ? { local: from, remote: to } : { local: to, remote: from };
}
