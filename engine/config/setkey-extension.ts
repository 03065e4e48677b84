import type { SaMode } from '../ipsec/sa.ts';
import { isWindowSize } from '../ipsec/replay.ts';
import { type Place, quoted, type Report } from './diagnostic.ts';
import { shown, type WordReader } from './setkey-reader.ts';
import { didYouMean } from './suggest.ts';
import type { Word } from './words.ts';

/** What stands behind the SPI in `add`: options in any order. */
export interface Extensions {
  /** null: any. */
  readonly mode: SaMode | null;
  readonly requestId: number | null;
  readonly windowPackets: number;
  readonly esn: boolean;
  readonly counterOverflow: 'stop' | 'cycle';
  readonly soft: Limits;
  readonly hard: Limits;
  readonly encryption: KeyedName | null;
  readonly integrity: KeyedName | null;
}

interface Limits {
  readonly seconds: number | null;
  readonly octets: number | null;
}

/** An algorithm with its key; null: there is none behind it. */
export interface KeyedName {
  readonly name: Word;
  readonly key: Word | null;
}

interface Draft {
  mode: SaMode | null;
  requestId: number | null;
  windowPackets: number;
  esn: boolean;
  counterOverflow: 'stop' | 'cycle';
  soft: { seconds: number | null; octets: number | null };
  hard: { seconds: number | null; octets: number | null };
  encryption: KeyedName | null;
  integrity: KeyedName | null;
}

type OptionReader = (draft: Draft, option: Word, words: WordReader, report: Report) => void;

/** Reads to the end of the statement that begins at `place`; null: reported. */
export function readExtensions(place: Place, words: WordReader, report: Report): Extensions | null {
  const draft: Draft = {
    mode: null,
    requestId: null,
    windowPackets: 0,
    esn: false,
    counterOverflow: 'stop',
    soft: { seconds: null, octets: null },
    hard: { seconds: null, octets: null },
    encryption: null,
    integrity: null,
  };
  const before = report.count;
  const seen = new Set<string>();
  for (let option = words.next(); option !== null; option = words.next()) {
    const read = option.quotes === 'none' && Object.hasOwn(OPTIONS, option.text) ? OPTIONS[option.text] : undefined;
    if (read === undefined) {
      report.error(
        option.place,
        `${shown(option)} is not an option of add`,
        didYouMean(option.text, Object.keys(OPTIONS), ''),
      );
      break; // what follows may be its value
    }
    if (seen.has(option.text) && option.text !== '-f') {
      report.error(option.place, `${quoted(option.text)} stands here twice`, 'take one of the two away');
    }
    seen.add(option.text);
    read(draft, option, words, report);
  }
  const { counterOverflow, windowPackets } = draft;
  if (counterOverflow === 'cycle' && windowPackets > 0 && report.count === before) {
    const message =
      'sequence numbers that begin again and a check against replays exclude each other (RFC 4303 §3.3.3)';
    report.error(place, message, 'take -r or -f cyclic-seq away');
  }
  return report.count > before ? null : draft;
}

const OPTIONS: Readonly<Record<string, OptionReader>> = {
  '-m': (draft, option, words, report) => {
    const word = value(option, words, report);
    if (word === null) return;
    if (word.text === 'transport' || word.text === 'tunnel') draft.mode = word.text;
    else if (word.text === 'any') draft.mode = null;
    else report.error(word.place, `${shown(word)} is not a mode`, didYouMean(word.text, MODES, ''));
  },
  '-u': (draft, option, words, report) => {
    const id = number(option, words, 0xffff_ffff, report);
    draft.requestId = id === 0 ? null : id;
  },
  '-r': readWindow,
  '-f': readFlag,
  '-esn': draft => {
    draft.esn = true;
  },
  '-lh': (draft, option, words, report) => {
    draft.hard.seconds = limit(option, words, report);
  },
  '-ls': (draft, option, words, report) => {
    draft.soft.seconds = limit(option, words, report);
  },
  '-bh': (draft, option, words, report) => {
    draft.hard.octets = limit(option, words, report);
  },
  '-bs': (draft, option, words, report) => {
    draft.soft.octets = limit(option, words, report);
  },
  '-E': (draft, option, words, report) => {
    draft.encryption = keyedName(option, words, report);
  },
  '-A': (draft, option, words, report) => {
    draft.integrity = keyedName(option, words, report);
  },
  '-C': (_draft, option, words, report) => {
    words.next();
    report.error(option.place, 'IPComp is not part of this engine: nothing here compresses packets', 'take -C away');
  },
};

const MODES = ['transport', 'tunnel', 'any'];

/** Of octets, each a bit for each of eight packets. */
function readWindow(draft: Draft, option: Word, words: WordReader, report: Report): void {
  const octets = number(option, words, 0xffff_ffff, report);
  if (octets === null) return;
  if (isWindowSize(octets * 8)) draft.windowPackets = octets * 8;
  else {
    const message = `a window of ${octets} octets, of ${octets * 8} packets, is not one that this engine has`;
    report.error(option.place, message, 'use 4 to 512 octets (32 to 4096 packets), or 0 for no check');
  }
}

const FLAGS = ['seq-pad', 'random-pad', 'zero-pad', 'nocyclic-seq', 'cyclic-seq'];

function readFlag(draft: Draft, option: Word, words: WordReader, report: Report): void {
  const word = value(option, words, report);
  if (word === null) return;
  switch (word.text) {
    case 'seq-pad':
      return;
    case 'nocyclic-seq':
      draft.counterOverflow = 'stop';
      return;
    case 'cyclic-seq':
      draft.counterOverflow = 'cycle';
      return;
    case 'zero-pad':
    case 'random-pad': {
      const message = `padding is 1, 2, 3 and so on here, as RFC 4303 §2.4 asks of every sender: no ${word.text}`;
      report.error(word.place, message, 'take it away, or write -f seq-pad');
      return;
    }
    default:
      report.error(word.place, `${shown(word)} is not a flag of an SA`, didYouMean(word.text, FLAGS, ''));
  }
}

function keyedName(option: Word, words: WordReader, report: Report): KeyedName | null {
  const name = value(option, words, report);
  if (name === null) return null;
  const key = words.peek();
  // Behind the name stands a key; an option there means that it was forgotten.
  if (key === null || (key.quotes === 'none' && key.text.startsWith('-'))) return { name, key: null };
  words.next();
  return { name, key };
}

function value(option: Word, words: WordReader, report: Report): Word | null {
  const word = words.next();
  if (word === null) report.error(option.place, `${quoted(option.text)} has no value`, 'write its value behind it');
  return word;
}

function number(option: Word, words: WordReader, most: number, report: Report): number | null {
  const word = value(option, words, report);
  if (word === null) return null;
  const read = /^[0-9]{1,16}$/.test(word.text) || /^0x[0-9a-f]{1,8}$/i.test(word.text) ? Number(word.text) : null;
  if (read !== null && read <= most) return read;
  report.error(word.place, `${shown(word)} is not a number up to ${most}`, null);
  return null;
}

/** 0 means none. */
function limit(option: Word, words: WordReader, report: Report): number | null {
  const read = number(option, words, Number.MAX_SAFE_INTEGER, report);
  return read === 0 ? null : read;
}
