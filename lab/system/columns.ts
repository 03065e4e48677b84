/** A column of what dladm, ipadm and svcs print: its heading, and how wide it is at least. */
export type Column = readonly [heading: string, width: number];

/** Columns to the left, nothing behind the last one; a value that is too wide pushes the others. */
export function columns(layout: readonly Column[], rows: readonly (readonly string[])[]): string {
  const headings = layout.map(([heading]) => heading);
  return [headings, ...rows].map(row => `${line(layout, row)}\n`).join('');
}

/** What is asked for by `-o`, and by `-p` for programs: no heading, `:` between the values, which is escaped in them. */
export interface Choice {
  /** null: all. */
  readonly fields: readonly string[] | null;
  readonly isParsable: boolean;
}

export type Chosen =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unknown'; readonly field: string };

export function chosenColumns(
  layout: readonly Column[],
  rows: readonly (readonly string[])[],
  { fields, isParsable }: Choice,
): Chosen {
  const places: number[] = [];
  for (const field of fields === null || fields.includes('all') ? layout.map(([heading]) => heading) : fields) {
    const at = layout.findIndex(([heading]) => heading.toLowerCase() === field.toLowerCase());
    if (at < 0) return { kind: 'unknown', field };
    places.push(at);
  }
  const pick = <T>(row: readonly T[]): T[] => places.flatMap(at => row.slice(at, at + 1));
  if (!isParsable) return { kind: 'text', text: columns(pick(layout), rows.map(pick)) };
  const escaped = (value: string) => (places.length > 1 ? value.replace(/[:\\]/g, '\\$&') : value);
  return { kind: 'text', text: rows.map(row => `${pick(row).map(escaped).join(':')}\n`).join('') };
}

function line(layout: readonly Column[], row: readonly string[]): string {
  const cells = row.map((value, i) => `${value} `.padEnd(i === row.length - 1 ? 0 : (layout[i]?.[1] ?? 0)));
  return cells.join('').trimEnd();
}
