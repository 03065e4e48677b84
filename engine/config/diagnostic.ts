/** Something in a file of the user's that must change, and the change. All of a file's diagnostics are given at once. */
export interface Diagnostic {
  readonly file: string;
  /** From 1; 0: the file as a whole. */
  readonly line: number;
  /** From 1, in UTF-16 code units as editors count them; 0: the file as a whole. */
  readonly column: number;
  readonly message: string;
  /** What to do about it; null where the message says it. */
  readonly fix: string | null;
}

/** A place in a text; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** More than this would bury the first one. */
const DIAGNOSTICS_MAX = 100;
const LENGTH_MAX = 600;

/** `file:line:column: what`, and `  fix: …` on a second line. No newline at the end. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const place = diagnostic.line === 0 ? '' : `:${diagnostic.line}:${diagnostic.column}`;
  const fix = diagnostic.fix === null ? '' : `\n  fix: ${diagnostic.fix}`;
  return `${printable(diagnostic.file)}${place}: ${diagnostic.message}${fix}`;
}

/** The user's own text inside a message: quoted, shortened, and without characters that would move a terminal's cursor. */
export function quoted(text: string): string {
  return `"${shortened(text, 60)}"`;
}

/** The text in at most that many characters, without any that would move a terminal's cursor. */
export function shortened(text: string, most = 200): string {
  return printable(text.length > most ? `${text.slice(0, most - 1)}…` : text);
}

/** Collects what is wrong with one file. The same words at the same place (an alias used twice) count once. */
export class Report {
  readonly #file: string;
  readonly #found = new Map<string, Diagnostic>();

  constructor(file: string) {
    this.#file = file;
  }

  get count(): number {
    return this.#found.size;
  }

  error(place: Place, message: string, fix: string | null): void {
    const { line, column } = place;
    const shown = { message: shortened(message, LENGTH_MAX), fix: fix === null ? null : shortened(fix, LENGTH_MAX) };
    this.#found.set(`${line}:${column}:${shown.message}`, { file: this.#file, line, column, ...shown });
  }

  /** Takes over what was found in another file, which this one names. */
  foreign(diagnostic: Diagnostic): void {
    const { file, line, column, message } = diagnostic;
    this.#found.set(`${file}:${line}:${column}:${message}`, diagnostic);
  }

  /** In the order of the file, those of other files behind. */
  diagnostics(): Diagnostic[] {
    const isForeign = ({ file }: Diagnostic) => Number(file !== this.#file);
    const all = [...this.#found.values()].sort(
      (a, b) =>
        isForeign(a) - isForeign(b) || a.file.localeCompare(b.file, 'en') || a.line - b.line || a.column - b.column,
    );
    if (all.length <= DIAGNOSTICS_MAX) return all;
    const rest = all.length - DIAGNOSTICS_MAX;
    const more = {
      file: this.#file,
      line: 0,
      column: 0,
      message: `${rest} more errors`,
      fix: 'fix the first ones first',
    };
    return [...all.slice(0, DIAGNOSTICS_MAX), more];
  }
}

function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, character => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}
