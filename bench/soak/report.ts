/** What a soak run has to say. A finding is something that must not happen. */
export interface Table {
  readonly title: string;
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly findings: readonly string[];
}

/** Columns with two spaces between; the last one, which may be long, is not padded. */
export function tableLines({ title, headings, rows, findings }: Table): string[] {
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map(cells => (cells[column] ?? '').length)));
  return [
    title,
    ...lines.map(cells => `  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd()),
    ...(findings.length === 0 ? ['  nothing found'] : findings.map(finding => `  FOUND: ${finding}`)),
  ];
}
