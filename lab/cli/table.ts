import { stripVTControlCharacters } from 'node:util';

/**
 * Columns as `docker ps` prints them: two spaces between, no frame, so that `awk` and eyes both read them. That is all a
 * table is here; the libraries for it bring frames, wrapping and start-up time.
 */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map(line => width(line[column] ?? ''))));
  return lines.map(line =>
    line
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell))))
      .join('  ')
      .trimEnd(),
  );
}

const width = (cell: string): number => stripVTControlCharacters(cell).length;
