import { type Place, type Report } from './diagnostic.ts';

/** A piece of ike/config or ike.preshared. */
export interface SolarisWord {
  readonly text: string;
  readonly place: Place;
  /** It stood in double quotes, which are not part of `text`. */
  readonly isQuoted: boolean;
}

const BLANK = /[\s\p{Cc}\uFEFF]/u;
const WORDS_MAX = 100_000;

/**
 * Cuts a text as in.iked does (ike.config(4), Lexical Components): braces are words of their own, `#` and `//` begin a comment,
 * a backslash in quotes takes the next character as it is, and one at the end of a line joins the next line to it.
 */
export function solarisWords(text: string, report: Report): SolarisWord[] {
  const words: SolarisWord[] = [];
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    cutLine(line, index + 1, words, report);
    if (words.length <= WORDS_MAX) continue;
    report.error({ line: index + 1, column: 1 }, `more than ${WORDS_MAX} words`, 'make the file shorter');
    return words.slice(0, WORDS_MAX);
  }
  return words;
}

function cutLine(line: string, number: number, words: SolarisWord[], report: Report): void {
  for (let at = 0; at < line.length; ) {
    const character = line[at] ?? '';
    const place = { line: number, column: at + 1 };
    if (isComment(line, at)) return;
    if (BLANK.test(character) || (character === '\\' && line.slice(at + 1).trim() === '')) at += 1;
    else if (character === '"') at = quotedWord(line, at, place, words, report);
    else if ('{}'.includes(character)) {
      words.push({ text: character, place, isQuoted: false });
      at += 1;
    } else {
      let end = at + 1;
      while (end < line.length && !isEnd(line, end)) end += 1;
      words.push({ text: line.slice(at, end), place, isQuoted: false });
      at = end;
    }
  }
}

const isComment = (line: string, at: number): boolean => line[at] === '#' || line.startsWith('//', at);
const isEnd = (line: string, at: number): boolean =>
  isComment(line, at) || '{}"'.includes(line[at] ?? '') || BLANK.test(line[at] ?? '');

/** Returns where it ends. */
function quotedWord(line: string, start: number, place: Place, words: SolarisWord[], report: Report): number {
  let text = '';
  for (let at = start + 1; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (character === '"') {
      words.push({ text, place, isQuoted: true });
      return at + 1;
    }
    if (character === '\\' && at + 1 < line.length) {
      // An escaped comma is for who reads the name: it does not end its part there.
      const next = line[at + 1] ?? '';
      text += next === '"' || next === '\\' ? next : `\\${next}`;
      at += 1;
    } else text += character;
  }
  report.error(place, 'the quote is not closed in its line', 'add a quote at its end');
  words.push({ text, place, isQuoted: true });
  return line.length;
}
