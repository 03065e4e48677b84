import { type Place, quoted, type Report } from '../config/diagnostic.ts';
import { didYouMean } from '../config/suggest.ts';
import type { NameTable } from './names.ts';
import { endAfter, type Token } from './parse-tokens.ts';

/**
 * The words of one statement, read from left to right. After `fail` there are none left and nothing more is reported: what
 * follows an error that changes the meaning of the rest is guesswork.
 */
export class Words {
  readonly tokens: readonly Token[];
  readonly #report: Report;
  readonly #end: Token;
  #at = 0;
  #isHopeless = false;
  #isSound = true;

  constructor(tokens: readonly Token[], report: Report) {
    this.tokens = tokens;
    this.#report = report;
    this.#end = endAfter(tokens, tokens[0] ?? { line: 1, column: 1 });
  }

  get next(): Token {
    return this.#isHopeless ? this.#end : (this.tokens[this.#at] ?? this.#end);
  }

  get isAtEnd(): boolean {
    return this.next.kind === 'end';
  }

  /** Nothing was wrong so far. */
  get isSound(): boolean {
    return this.#isSound;
  }

  take(): Token {
    const token = this.next;
    this.#at++;
    return token;
  }

  /** Takes the next word or symbol if it is this one. */
  accept(...texts: readonly string[]): Token | null {
    const token = this.next;
    if (token.kind === 'end' || token.kind === 'string' || !texts.includes(token.text)) return null;
    return this.take();
  }

  /** The next word; `what` is what it should be. */
  word(what: string): Token {
    const token = this.next;
    if (token.kind === 'word') return this.take();
    this.fail(token, token.kind === 'end' ? `${what} is missing` : `${quoted(token.text)} where ${what} belongs`, null);
    return this.#end;
  }

  /** A symbol that has to stand here. */
  symbol(text: string): void {
    if (this.accept(text) !== null) return;
    const found = this.isAtEnd ? `${quoted(text)} is missing` : `${quoted(this.next.text)} where "${text}" belongs`;
    this.fail(this.next, found, null);
  }

  /** A decimal or (`0x`) hexadecimal number up to `most`. */
  number(what: string, most: number): number {
    const token = this.word(what);
    if (token.kind === 'end') return 0;
    const value = readNumber(token.text);
    if (value !== null && value <= most) return value;
    this.complain(token, `${quoted(token.text)} is not ${what}`, `write a number from 0 to ${most}`);
    return 0;
  }

  /** A number up to `most`, or a name from the table. */
  named(what: string, names: NameTable, most: number): number {
    const token = this.word(what);
    if (token.kind === 'end') return 0;
    const value = names.get(token.text.toLowerCase()) ?? readNumber(token.text);
    if (value !== null && value !== undefined && value <= most) return value;
    const fix = readNumber(token.text) === null ? didYouMean(token.text, [...names.keys()], '') : `0 to ${most}`;
    this.complain(token, `${quoted(token.text)} is not ${what}`, fix);
    return 0;
  }

  /** `a`, or `(a, b c)`: the commas are optional. */
  list<T>(read: () => T): T[] {
    if (this.accept('(', '{') === null) return [read()];
    const values: T[] = [];
    while (!this.isAtEnd && this.accept(')', '}') === null) {
      values.push(read());
      this.accept(',');
      if (this.isAtEnd) this.symbol(')');
    }
    return values;
  }

  /** Something is wrong, and the rest can still be read. */
  complain(place: Place, message: string, fix: string | null): void {
    this.#isSound = false;
    if (!this.#isHopeless) this.#report.error(place, message, fix);
  }

  fail(place: Place, message: string, fix: string | null): void {
    this.complain(place, message, fix);
    this.#isHopeless = true;
  }
}

/** Decimal, or hexadecimal after `0x`; null: neither, or more than 10 digits. */
export function readNumber(text: string): number | null {
  return /^(?:[0-9]{1,10}|0x[0-9a-fA-F]{1,8})$/.test(text) ? Number(text) : null;
}
