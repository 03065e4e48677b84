import { type Place, quoted, type Report } from './diagnostic.ts';
import { didYouMean } from './suggest.ts';
import { type Word, wordsOf } from './words.ts';

/** `{pattern} action {properties} or action {properties} …` as it stands in the file. */
export interface EntryText {
  readonly place: Place;
  readonly pattern: readonly PairText[];
  /** At least one. */
  readonly clauses: readonly ClauseText[];
}

export interface ClauseText {
  readonly action: ActionName;
  readonly place: Place;
  readonly properties: readonly PairText[];
}

/** A name and its value; null: the brace was closed before one came, which is reported. */
export interface PairText {
  readonly name: Word;
  readonly value: Word | null;
}

const ACTIONS = ['ipsec', 'bypass', 'pass', 'drop', 'apply', 'permit'] as const;
export type ActionName = (typeof ACTIONS)[number];

/** Reads the entries of an ipsecinit.conf. What cannot be read is reported, and reading goes on with the next entry. */
export function readEntries(text: string, report: Report): EntryText[] {
  const reader = new EntryReader(wordsOf(text, { alone: '{}', quotes: false }), report);
  const entries: EntryText[] = [];
  while (!reader.isAtEnd) {
    const entry = reader.entry();
    if (entry !== null) entries.push(entry);
  }
  return entries;
}

class EntryReader {
  readonly #words: readonly Word[];
  readonly #report: Report;
  #at = 0;

  constructor(words: readonly Word[], report: Report) {
    this.#words = words;
    this.#report = report;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#words.length;
  }

  /** Takes at least one word. */
  entry(): EntryText | null {
    const first = this.#next();
    if (first === null) return null;
    if (first.text !== '{') {
      this.#report.error(first.place, `${quoted(first.text)} is not in an entry`, 'begin an entry with {');
      this.#skipToEntry();
      return null;
    }
    const pattern = this.#pairs(first, 'this pattern');
    const clauses: ClauseText[] = [];
    for (let wanted: Word | null = first; wanted !== null; wanted = this.#or()) {
      const clause = this.#clause(wanted);
      if (clause === null) return null;
      clauses.push(clause);
    }
    return { place: first.place, pattern, clauses };
  }

  #clause(after: Word): ClauseText | null {
    const word = this.#peek();
    if (word === null || word.text === '{' || word.text === '}') {
      const message = 'no action stands behind the pattern';
      this.#report.error(word?.place ?? after.place, message, `write one of ${ACTIONS.join(', ')} behind its }`);
      this.#skipToEntry();
      return null;
    }
    this.#at += 1;
    const action = ACTIONS.find(name => name === word.text.toLowerCase());
    if (action === undefined) {
      const fix = didYouMean(word.text, ACTIONS, '');
      this.#report.error(word.place, `${quoted(word.text)} is not an action`, fix);
    }
    const brace = this.#peek();
    if (brace?.text !== '{') {
      const message = `no properties stand behind ${quoted(word.text)}`;
      const fix = `write { … } behind it, or {} where it has none`;
      this.#report.error(brace?.place ?? word.place, message, fix);
      this.#skipToEntry();
      return null;
    }
    this.#at += 1;
    const properties = this.#pairs(brace, 'these properties');
    if (action !== undefined) return { action, place: word.place, properties };
    this.#skipToEntry();
    return null;
  }

  /** The `or` that leads to another clause; an entry goes on only in the line where its last brace was closed. */
  #or(): Word | null {
    const word = this.#peek();
    if (word?.text.toLowerCase() !== 'or') return null;
    this.#at += 1;
    if (word.beginsLine) {
      const fix = 'put "or" into the line of the } before it';
      this.#report.error(word.place, 'a line that begins with "or" does not belong to the entry before it', fix);
    }
    return word;
  }

  /** Up to the brace that closes; a second one that opens says that it was forgotten. */
  #pairs(opening: Word, what: string): PairText[] {
    const pairs: PairText[] = [];
    for (;;) {
      const name = this.#peek();
      if (name === null || name.text === '{') {
        this.#report.error(opening.place, `the { of ${what} is never closed`, 'write } where it ends');
        return pairs;
      }
      this.#at += 1;
      if (name.text === '}') return pairs;
      pairs.push({ name, value: this.#value() });
    }
  }

  /** A key length may stand apart from its algorithm: `aes (128..256)`. */
  #value(): Word | null {
    const value = this.#peek();
    if (value === null || value.text === '{' || value.text === '}') return null;
    this.#at += 1;
    let { text } = value;
    for (let next = this.#peek(); next !== null && isContinued(text, next.text); next = this.#peek()) {
      text += next.text;
      this.#at += 1;
    }
    return { ...value, text };
  }

  /** To the next line that begins with a brace. */
  #skipToEntry(): void {
    for (let word = this.#peek(); word !== null; word = this.#peek()) {
      if (word.text === '{' && word.beginsLine) return;
      this.#at += 1;
    }
  }

  #peek(): Word | null {
    return this.#words[this.#at] ?? null;
  }

  #next(): Word | null {
    const word = this.#peek();
    this.#at += 1;
    return word;
  }
}

/** Longer than any algorithm with its key length. */
const VALUE_CHARACTERS_MAX = 64;

function isContinued(text: string, next: string): boolean {
  if (next === '{' || next === '}' || text.length > VALUE_CHARACTERS_MAX) return false;
  return next.startsWith('(') || (text.includes('(') && !text.includes(')'));
}
