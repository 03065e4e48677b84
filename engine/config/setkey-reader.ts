import { type Place, quoted, type Report } from './diagnostic.ts';
import { didYouMean } from './suggest.ts';
import { type Word, wordsOf } from './words.ts';

/** Words that begin a statement. */
const COMMANDS = [
  'add',
  'delete',
  'deleteall',
  'get',
  'flush',
  'dump',
  'spdadd',
  'spdupdate',
  'spddelete',
  'spdflush',
  'spddump',
] as const;
export type CommandName = (typeof COMMANDS)[number];

export interface StatementText {
  readonly command: CommandName;
  readonly place: Place;
  readonly words: WordReader;
}

/** A word in a message. What may be a key that stands in the wrong place is not shown. */
export function shown(word: Word): string {
  return word.quotes !== 'none' || /^(?:0x)?[0-9a-f]{16,}$/i.test(word.text) ? 'what stands here' : quoted(word.text);
}

/** The words of one statement behind its command, to be taken one after the other. */
export class WordReader {
  readonly #words: readonly Word[];
  readonly #end: Place;
  #at = 0;

  /** `end`: where the statement ends, for what is missing. */
  constructor(words: readonly Word[], end: Place) {
    this.#words = words;
    this.#end = end;
  }

  peek(): Word | null {
    return this.#words[this.#at] ?? null;
  }

  next(): Word | null {
    const word = this.peek();
    if (word !== null) this.#at += 1;
    return word;
  }

  /** The next one; null: it is not there, which is reported. */
  take(what: string, report: Report): Word | null {
    const word = this.next();
    if (word === null) report.error(this.#end, `${what} is missing before the end of the statement`, null);
    return word;
  }

  /** Reports what is left. */
  finish(report: Report): void {
    const word = this.peek();
    if (word !== null) report.error(word.place, `${shown(word)} does not belong to this statement`, 'end it with ;');
  }
}

/** Cuts the text into statements, each of which ends with a semicolon. */
export function readStatements(text: string, report: Report): StatementText[] {
  const statements: StatementText[] = [];
  let words: Word[] = [];
  const close = (end: Place) => {
    const statement = statementOf(words, end, report);
    if (statement !== null) statements.push(statement);
    words = [];
  };
  for (const word of wordsOf(text, { alone: ';', quotes: true })) {
    if (word.quotes === 'open')
      report.error(word.place, 'the quotes that begin here are never closed', 'close them with "');
    if (word.text === ';' && word.quotes === 'none') {
      close(word.place);
    } else {
      if (word.beginsLine && words.length > 0 && commandOf(word) !== null) {
        reportUnended(words, report);
        close(word.place);
      }
      words.push(word);
    }
  }
  const last = words.at(-1);
  if (last !== undefined) {
    reportUnended(words, report);
    close(last.place);
  }
  return statements;
}

function reportUnended(words: readonly Word[], report: Report): void {
  const last = words.at(-1);
  if (last === undefined) return;
  report.error(last.place, 'the statement that ends here lacks its semicolon', 'write ; behind it');
}

function statementOf(words: readonly Word[], end: Place, report: Report): StatementText | null {
  const [first, ...rest] = words;
  if (first === undefined) return null;
  const command = commandOf(first);
  if (command !== null) return { command, place: first.place, words: new WordReader(rest, end) };
  report.error(first.place, `${shown(first)} is not a statement of setkey`, didYouMean(first.text, COMMANDS, ''));
  return null;
}

function commandOf(word: Word): CommandName | null {
  return word.quotes === 'none' ? (COMMANDS.find(command => command === word.text) ?? null) : null;
}
