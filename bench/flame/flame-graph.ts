import { type Call, totalUs } from './call-tree.ts';

const WIDTH = 1200;
const ROW = 18;
const HEAD = 52;
/** Narrower ones are not drawn: what they are is in no way to be read. */
const NARROWEST = 0.4;
/** Of a letter of the graph's type. */
const LETTER = 6.6;

/** Okabe and Ito's colours, lightened: told apart by those who see few. The names say where a function is as well. */
const COLOURS: Readonly<Record<string, string>> = {
  'engine/wire': '#bfe3f5',
  'engine/node': '#9fd0ea',
  'engine/ipsec': '#a6dcc8',
  'engine/ike': '#a6dcc8',
  'engine/crypto': '#f6efa2',
  'engine/pki': '#e7c3d7',
  'node:crypto': '#f5d08c',
};
const OTHER = '#d9d9d9';

/**
 * A flame graph (Gregg, "The flame graph", 2016) as an SVG that needs nothing else: who is called stands under who calls, as wide as the
 * time in both, wide ones first. Each rectangle has its name, share and microseconds a `unit` as a title.
 */
export function flameGraph(title: string, root: Call, units: number, unit: string): string {
  const all = totalUs(root);
  const rows: string[] = [];
  const depth = draw(root, { x: 0, depth: 0, all, units, unit }, rows);
  const height = HEAD + (depth + 1) * ROW + 4;
  const legend = Object.entries(COLOURS).map(
    ([origin, colour], index) =>
      `<rect x="${4 + index * 120}" y="26" width="12" height="12" fill="${colour}"/><text x="${20 + index * 120}" y="36">${origin}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="monospace" font-size="11">`,
    `<title>${escaped(title)}</title>`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="4" y="16" font-size="13" font-weight="bold">${escaped(title)}: ${(all / units).toFixed(2)} µs ${escaped(unit)}</text>`,
    ...legend,
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

interface Place {
  /** In units of the picture. */
  readonly x: number;
  readonly depth: number;
  /** Microseconds that the whole width stands for. */
  readonly all: number;
  readonly units: number;
  readonly unit: string;
}

/** The deepest row that was drawn. */
function draw(call: Call, place: Place, rows: string[]): number {
  const total = totalUs(call);
  const width = (total / place.all) * WIDTH;
  if (width < NARROWEST) return place.depth - 1;
  rows.push(rectangle(call, total, width, place));
  let [x, deepest] = [place.x, place.depth];
  for (const callee of [...call.callees.values()].sort((a, b) => totalUs(b) - totalUs(a))) {
    deepest = Math.max(deepest, draw(callee, { ...place, x, depth: place.depth + 1 }, rows));
    x += (totalUs(callee) / place.all) * WIDTH;
  }
  return deepest;
}

function rectangle(call: Call, total: number, width: number, { x, depth, all, units, unit }: Place): string {
  const y = HEAD + depth * ROW;
  const share = `${((total / all) * 100).toFixed(1)} %, ${(total / units).toFixed(2)} µs ${unit}`;
  const where = call.origin === '' ? call.name : `${call.name} (${call.origin})`;
  const letters = Math.floor((width - 4) / LETTER);
  const label = letters < 3 ? '' : call.name.length > letters ? `${call.name.slice(0, letters - 1)}…` : call.name;
  const text = label === '' ? '' : `<text x="${(x + 3).toFixed(1)}" y="${y + 13}">${escaped(label)}</text>`;
  const colour = COLOURS[call.origin] ?? OTHER;
  const box = `x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.2, width - 0.5).toFixed(1)}" height="${ROW - 1}" fill="${colour}"`;
  return `<g><title>${escaped(`${where}: ${share}`)}</title><rect ${box}/>${text}</g>`;
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, letter => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[letter] ?? letter);
