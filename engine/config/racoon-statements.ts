import { type Place, quoted, type Report } from './diagnostic.ts';
import { didYouMean, oneOf } from './suggest.ts';
import { type Word, wordsOf } from './words.ts';

/** `keyword value …;` or `keyword value … { statements }`. */
export interface Statement {
  readonly keyword: string;
  readonly place: Place;
  /** Behind the keyword. */
  readonly words: readonly Word[];
  /** null: it has none. */
  readonly block: readonly Statement[] | null;
}

const STATEMENTS_MAX = 20_000;
const DEPTH_MAX = 8;

/**
 * The statements of a racoon.conf. What cannot be read is reported, and reading goes on behind it. `keywords`: with which statements
 * begin; a line that begins with one ends the statement before it, whose `;` was forgotten.
 */
export function readStatements(text: string, keywords: ReadonlySet<string>, report: Report): Statement[] {
  return new TreeReader(wordsOf(text, { alone: '{};,[]/', quotes: true }), keywords, report).statements(null, 0);
}

class TreeReader {
  readonly #words: readonly Word[];
  readonly #keywords: ReadonlySet<string>;
  readonly #report: Report;
  #at = 0;
  #count = 0;

  constructor(words: readonly Word[], keywords: ReadonlySet<string>, report: Report) {
    this.#words = words;
    this.#keywords = keywords;
    this.#report = report;
    for (const word of words)
      if (word.quotes === 'open')
        report.error(word.place, 'the quote is not closed in its line', 'add a quote at its end');
  }

  /** Up to the brace that ends them; `opening` null: to the end of the file. */
  statements(opening: Place | null, depth: number): Statement[] {
    const found: Statement[] = [];
    for (;;) {
      const word = this.#words[this.#at];
      if (word === undefined) {
        if (opening !== null) this.#report.error(opening, 'this { is never closed', 'write } where it ends');
        return found;
      }
      this.#at += 1;
      if (isMark(word, ';')) continue;
      if (isMark(word, '}')) {
        if (opening !== null) return found;
        this.#report.error(word.place, 'there is no { that this } could close', 'take it away');
        continue;
      }
      this.#count += 1;
      if (this.#count > STATEMENTS_MAX) {
        this.#report.error(word.place, `more than ${STATEMENTS_MAX} statements`, 'make the file shorter');
        this.#at = this.#words.length;
        return found;
      }
      found.push(this.#statement(word, depth));
    }
  }

  #statement(keyword: Word, depth: number): Statement {
    const words: Word[] = [];
    for (;;) {
      const word = this.#words[this.#at];
      const common = { keyword: keyword.quotes === 'none' ? keyword.text : '', place: keyword.place, words };
      if (word === undefined || isMark(word, '}') || this.#beginsAnother(word, words.at(-1) ?? keyword)) {
        this.#report.error(keyword.place, 'no ; stands behind this statement', 'write ; at its end');
        return { ...common, block: null };
      }
      this.#at += 1;
      if (isMark(word, ';')) return { ...common, block: null };
      if (!isMark(word, '{')) {
        words.push(word);
        continue;
      }
      if (depth >= DEPTH_MAX) {
        this.#report.error(word.place, `braces more than ${DEPTH_MAX} deep`, 'close some of them');
        this.#at = this.#words.length;
        return { ...common, block: [] };
      }
      return { ...common, block: this.statements(word.place, depth + 1) };
    }
  }

  #beginsAnother(word: Word, before: Word): boolean {
    const isKeyword = word.beginsLine && word.quotes === 'none' && this.#keywords.has(word.text);
    return isKeyword && !isMark(before, ',') && !isMark(before, '[');
  }
}

const isMark = (word: Word, mark: string): boolean => word.quotes === 'none' && word.text === mark;

/** Takes the words of one statement in turn; what is wrong is reported, and null taken for it. */
export class StatementReader {
  readonly statement: Statement;
  readonly #report: Report;
  #at = 0;
  #isGood = true;

  constructor(statement: Statement, report: Report) {
    this.statement = statement;
    this.#report = report;
  }

  /** Nothing was wrong so far. */
  get isGood(): boolean {
    return this.#isGood;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.statement.words.length;
  }

  get place(): Place {
    return this.peek()?.place ?? this.statement.place;
  }

  peek(): Word | null {
    return this.statement.words[this.#at] ?? null;
  }

  error(message: string, fix: string, place: Place = this.place): void {
    this.#isGood = false;
    this.#report.error(place, `${this.statement.keyword}: ${message}`, fix);
  }

  next(form: string): Word | null {
    const word = this.peek();
    if (word === null) this.error('something is missing', `write ${this.statement.keyword} ${form};`);
    else this.#at += 1;
    return word;
  }

  /** Whether the next word is this one, which is taken. */
  takes(text: string): boolean {
    const word = this.peek();
    if (word === null || word.quotes !== 'none' || word.text !== text) return false;
    this.#at += 1;
    return true;
  }

  /** One of these words; `form`: how the statement is written. */
  word<const Name extends string>(names: readonly Name[]): Name | null {
    const word = this.next(names[0] ?? '');
    if (word === null) return null;
    const found = names.find(name => name === word.text);
    if (found !== undefined) return found;
    this.error(`${quoted(word.text)} is not ${oneOf(names)}`, didYouMean(word.text, names, ''), word.place);
    return null;
  }

  flag(): boolean | null {
    const found = this.word(['on', 'off']);
    return found === null ? null : found === 'on';
  }

  /** Decimal, or hexadecimal behind 0x. */
  number(least: number, most: number): number | null {
    const word = this.next(String(least));
    if (word === null) return null;
    const value = /^(0x[0-9a-f]{1,8}|[0-9]{1,10})$/i.test(word.text) ? Number(word.text) : null;
    if (value !== null && value >= least && value <= most) return value;
    this.error(
      `${quoted(word.text)} is not a number that fits`,
      `use a whole number of ${least} to ${most}`,
      word.place,
    );
    return null;
  }

  /** A text in quotes. */
  text(): Word | null {
    const word = this.next('"…"');
    if (word === null || word.quotes !== 'none') return word;
    this.error(`${quoted(word.text)} has to be in quotes`, `write "${word.text.slice(0, 40)}"`, word.place);
    return null;
  }

  /** `5 min`, in seconds. */
  time(): number | null {
    const amount = this.number(0, 0xffff_ffff);
    if (amount === null) return null;
    const word = this.next('10 sec');
    if (word === null) return null;
    const scale = UNITS.get(word.text);
    if (scale !== undefined) return amount * scale;
    this.error(`${quoted(word.text)} is no unit of time`, didYouMean(word.text, [...UNITS.keys()], ''), word.place);
    return null;
  }

  /** Reports what is left over, unless something before it was wrong. */
  finish(): void {
    const word = this.peek();
    if (word !== null && this.#isGood)
      this.error(`${quoted(word.text)} is one word too many`, 'write ; before it, or take it away', word.place);
  }
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ...['sec', 'secs', 'second', 'seconds'].map(name => [name, 1] as const),
  ...['min', 'mins', 'minute', 'minutes'].map(name => [name, 60] as const),
  ...['hour', 'hours'].map(name => [name, 3600] as const),
]);
