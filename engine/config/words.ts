import type { Place } from './diagnostic.ts';

/** A piece of a file, as it stands there. */
export interface Word {
  readonly text: string;
  readonly place: Place;
  /** The first one in its line. */
  readonly beginsLine: boolean;
  /** It was in double quotes, which are not part of `text`; `open`: to the end of its line, where no quote was found. */
  readonly quotes: 'none' | 'closed' | 'open';
}

/** How a dialect cuts its text. */
export interface Cutting {
  /** Characters that are words of their own wherever they stand. */
  readonly alone: string;
  /** Whether `"…"` is one word, with spaces and all. */
  readonly quotes: boolean;
}

/** Spaces, line ends, and anything else that a terminal does not show. */
const BLANK = /[\s\p{Cc}\uFEFF]/u;

/** Cuts a text into words. `#` begins a comment, to the end of the line. */
export function wordsOf(text: string, cutting: Cutting): Word[] {
  const words: Word[] = [];
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    let beginsLine = true;
    for (let at = 0; at < line.length; ) {
      const character = line[at] ?? '';
      if (character === '#') break;
      if (BLANK.test(character)) {
        at += 1;
        continue;
      }
      const { end, quotes } = wordEnd(line, at, cutting);
      const inner = quotes === 'none' ? line.slice(at, end) : line.slice(at + 1, quotes === 'closed' ? end - 1 : end);
      words.push({ text: inner, place: { line: index + 1, column: at + 1 }, beginsLine, quotes });
      beginsLine = false;
      at = end;
    }
  }
  return words;
}

function wordEnd(line: string, start: number, { alone, quotes }: Cutting): { end: number; quotes: Word['quotes'] } {
  const first = line[start] ?? '';
  if (quotes && first === '"') {
    const closing = line.indexOf('"', start + 1);
    return closing < 0 ? { end: line.length, quotes: 'open' } : { end: closing + 1, quotes: 'closed' };
  }
  if (alone.includes(first)) return { end: start + 1, quotes: 'none' };
  let end = start + 1;
  for (; end < line.length; end += 1) {
    const character = line[end] ?? '';
    if (character === '#' || alone.includes(character) || BLANK.test(character)) break;
    if (quotes && character === '"') break;
  }
  return { end, quotes: 'none' };
}
