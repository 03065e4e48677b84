const ROW_OCTETS = 16;

/** Octets as HTML, sixteen a row behind their offset; those from `offset` to `end` stand in `mark`. */
export function hexDump(octets: Uint8Array, marked: { readonly offset: number; readonly end: number } | null): string {
  const rows = Array.from({ length: Math.ceil(octets.length / ROW_OCTETS) }, (_, row) => row * ROW_OCTETS);
  return rows.map(start => hexRow(octets.subarray(start, start + ROW_OCTETS), start, marked)).join('\n');
}

function hexRow(
  octets: Uint8Array,
  start: number,
  marked: { readonly offset: number; readonly end: number } | null,
): string {
  const texts = Array.from(octets, octet => octet.toString(16).padStart(2, '0'));
  const within = (at: number): number => Math.min(Math.max(at - start, 0), texts.length);
  const [from, to] = marked === null ? [0, 0] : [within(marked.offset), within(marked.end)];
  const middle = from < to ? [`<mark>${texts.slice(from, to).join(' ')}</mark>`] : [];
  const shown = [...texts.slice(0, from), ...middle, ...texts.slice(to)];
  return `${start.toString(16).padStart(4, '0')}  ${shown.join(' ')}`;
}
