import type { Place, Report } from '../config/diagnostic.ts';
import { quoted } from '../config/diagnostic.ts';

/** A word, an operator or a bracket of ipf.conf, with its place in the file. */
export interface Token extends Place {
  /** `end`: there is no more; its place is behind the last token. */
  readonly kind: 'word' | 'symbol' | 'string' | 'end';
  /** Without the quotes of a string. */
  readonly text: string;
  /** No backslash joined its line to the one before, and nothing stands in front of it. */
  readonly startsLine: boolean;
  /** In columns, of the line. */
  readonly indent: number;
  readonly follows: 'space' | 'directly';
}

/** Where the text begins in its file: a rule file may be a part of a larger document. */
export interface TextOrigin {
  /** Number of the first line. */
  readonly line: number;
  /** Columns in front of each line. */
  readonly columns: number;
}

const SYMBOL = /^(?:!=|<=|>=|<>|><|[()!,=<>;{}@$])/;
const WORD = /^[^\s()!,=<>;{}@$#"\\]+/;

/** Everything but comments and white space. What is no token is reported, and left out. */
export function tokenize(text: string, origin: TextOrigin, report: Report): Token[] {
  const tokens: Token[] = [];
  let isJoined = false;
  for (const [i, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const endsJoined = endsWithBackslash(raw);
    tokens.push(...tokenizeLine(endsJoined ? raw.slice(0, raw.lastIndexOf('\\')) : raw, i, isJoined, origin, report));
    isJoined = endsJoined;
  }
  return tokens;
}

/** The place behind the last token, where something is missing. */
export function endAfter(tokens: readonly Token[], first: Place): Token {
  const last = tokens.at(-1);
  const place =
    last === undefined
      ? { line: first.line, column: first.column }
      : { line: last.line, column: last.column + last.text.length };
  return { kind: 'end', text: '', ...place, startsLine: false, indent: 0, follows: 'space' };
}

/** The tokens as a line of text, spaced as they were. */
export function textOf(tokens: readonly Token[]): string {
  return tokens
    .map(({ kind, text, follows }, i) => {
      const shown = kind === 'string' ? `"${text}"` : text;
      return i > 0 && follows === 'space' ? ` ${shown}` : shown;
    })
    .join('');
}

function endsWithBackslash(line: string): boolean {
  const comment = line.indexOf('#');
  return /\\\s*$/.test(line) && comment === -1;
}

function tokenizeLine(line: string, index: number, isJoined: boolean, origin: TextOrigin, report: Report): Token[] {
  const tokens: Token[] = [];
  const indent = line.search(/\S/);
  for (let at = 0; at < line.length; ) {
    const rest = line.slice(at);
    const space = /^\s+/.exec(rest)?.[0].length ?? 0;
    if (space > 0) {
      at += space;
      continue;
    }
    if (rest.startsWith('#')) break;
    const place = { line: origin.line + index, column: at + 1 + origin.columns };
    const follows = at === 0 || /\s/.test(line[at - 1] ?? '') ? 'space' : 'directly';
    const startsLine = tokens.length === 0 && !isJoined;
    const shape = { ...place, startsLine, indent, follows } as const;
    const string = /^"([^"]*)"/.exec(rest);
    const symbol = SYMBOL.exec(rest)?.[0];
    const word = WORD.exec(rest)?.[0];
    if (string !== null) tokens.push({ kind: 'string', text: string[1] ?? '', ...shape });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, ...shape });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, ...shape });
    else if (rest.startsWith('"')) {
      report.error(place, 'a string without its closing quote', 'close it on the same line');
      return tokens;
    } else report.error(place, `${quoted(rest[0] ?? '')} means nothing here`, 'remove it');
    at += string?.[0].length ?? symbol?.length ?? word?.length ?? 1;
  }
  return tokens;
}
