import { type Box, CHARACTER, HEADER, layOut, LINE, NAME_GAP, PADDING } from './layout.ts';
import type { Picture, PictureLink, PictureNode, PictureTunnel } from './picture.ts';

const MARGIN = 28;
const TITLE = 52;
const LABEL = 18;
/** How far above the nodes the lowest tunnel passes, and each further one above it. */
const ARC = 34;

const STYLE = `
    svg { font-family: system-ui, "Segoe UI", Helvetica, Arial, "DejaVu Sans", sans-serif; background: #ffffff; }
    .mono { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 11px; }
    .title { font-size: 17px; font-weight: 600; fill: #1a1d24; }
    .about { font-size: 12px; fill: #5c6370; }
    .card { fill: #ffffff; stroke-width: 1.4; }
    .gateway .card { stroke: #2f6fde; } .gateway .head { fill: #e7f0ff; }
    .nat .card { stroke: #c98a1b; } .nat .head { fill: #fff3df; }
    .router .card { stroke: #7a7f8c; } .router .head { fill: #f1f1f4; }
    .host .card { stroke: #3a9b52; } .host .head { fill: #ecf8ee; }
    .name { font-size: 14px; font-weight: 600; fill: #1a1d24; }
    .kind { font-size: 11px; fill: #5c6370; }
    .interface { fill: #5c6370; }
    .address { fill: #1a1d24; }
    .link { fill: none; stroke: #4a4f5a; stroke-width: 1.6; }
    .plug { fill: #4a4f5a; }
    .label { fill: #ffffff; }
    .label-text { fill: #1a1d24; }
    .impairment { fill: #a1541a; }
    .tunnel { fill: none; stroke-width: 2; stroke-dasharray: 6 4; }
    .esp { stroke: #2f6fde; } .esp-text { fill: #1d4fa8; }
    .clear { stroke: #b4521c; } .clear-text { fill: #9a4413; }
`;

/** A self-contained SVG: no script, no font and no picture from elsewhere. */
export function graphToSvg(picture: Picture): string {
  const boxes = layOut(picture);
  const all = [...boxes.values()];
  const arcs = tunnelArcs(picture.tunnels, boxes);
  const above = Math.max(0, ...arcs.map(arc => -arc.apex)) + (arcs.length === 0 ? 0 : LABEL + 4);
  const left = Math.min(0, ...arcs.map(arc => arc.label.x - labelWidth(arc.label.text) / 2));
  const right = Math.max(
    360,
    ...all.map(box => box.x + box.width),
    picture.title.length * 10,
    picture.description.length * 6.4,
    ...arcs.map(arc => arc.label.x + labelWidth(arc.label.text) / 2),
  );
  const bottom = Math.max(0, ...all.map(box => box.y + box.height));
  const width = Math.ceil(right - left + 2 * MARGIN);
  const height = Math.ceil(TITLE + above + bottom + 2 * MARGIN);
  const parts = [
    ...picture.links.map(link => drawLink(link, boxes)),
    ...arcs.map(drawArc),
    ...all.map(drawNode),
    ...arcs.map(({ label, apex, tunnel }) =>
      drawLabel(label.text, label.x, apex - 11, `${protectionStyle(tunnel)}-text`),
    ),
    ...picture.links.map(link => drawLinkLabel(link, boxes)),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `  <title>${escape(picture.title)}</title>`,
    `  <desc>${escape(picture.description)}</desc>`,
    `  <style>${STYLE}  </style>`,
    `  <rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `  <text class="title" x="${MARGIN}" y="${MARGIN + 8}">${escape(picture.title)}</text>`,
    `  <text class="about" x="${MARGIN}" y="${MARGIN + 28}">${escape(picture.description)}</text>`,
    `  <g transform="translate(${round(MARGIN - left)} ${round(MARGIN + TITLE + above)})">`,
    ...parts,
    '  </g>',
    '</svg>',
    '',
  ].join('\n');
}

function drawNode(box: Box): string {
  const { node, x, y, width, height } = box;
  const lines = [
    `    <g class="${node.kind}" transform="translate(${round(x)} ${round(y)})">`,
    `      <rect class="card" width="${width}" height="${height}" rx="8"/>`,
    `      <path class="head" d="M1 ${HEADER - 6} V8 a7 7 0 0 1 7 -7 H${width - 8} a7 7 0 0 1 7 7 V${HEADER - 6} Z"/>`,
    icon(node.kind),
    `      <text class="name" x="34" y="19">${escape(node.name)}</text>`,
    `      <text class="kind" x="${width - PADDING}" y="19" text-anchor="end">${node.kind}</text>`,
    ...addressLines(node),
    '    </g>',
  ];
  return lines.join('\n');
}

function addressLines(node: PictureNode): string[] {
  const column = PADDING + Math.max(0, ...node.rows.map(row => row.name.length)) * CHARACTER + NAME_GAP;
  const lines: string[] = [];
  let y = HEADER + LINE / 2 + 4;
  for (const row of node.rows) {
    lines.push(`      <text class="mono interface" x="${PADDING}" y="${y}">${escape(row.name)}</text>`);
    for (const [index, address] of row.addresses.entries()) {
      lines.push(
        `      <text class="mono address" x="${round(column)}" y="${y + index * LINE}">${escape(address)}</text>`,
      );
    }
    y += Math.max(1, row.addresses.length) * LINE;
  }
  return lines;
}

/** A shield, crossing arrows, or a screen. */
function icon(kind: PictureNode['kind']): string {
  const strokes = 'fill="none" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"';
  if (kind === 'gateway' || kind === 'peer') {
    const colour = kind === 'gateway' ? '#2f6fde' : '#8a4fc4';
    return `      <path ${strokes} stroke="${colour}" d="M19 6 l7 2.5 v5 c0 5 -3.5 7.5 -7 9 c-3.5 -1.5 -7 -4 -7 -9 v-5 z M16 14 l2.2 2.2 l4 -4.4"/>`;
  }
  if (kind === 'router') {
    return `      <path ${strokes} stroke="#7a7f8c" d="M12 11 H25 M22 8 l3 3 l-3 3 M26 18 H13 M16 15 l-3 3 l3 3"/>`;
  }
  return `      <path ${strokes} stroke="#3a9b52" d="M12 7 h14 v10 h-14 z M19 17 v4 M15 21 h8"/>`;
}

interface Curve {
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };
  /** How far its handles reach, with the sign of the side on which it leaves. */
  readonly reach: readonly [number, number];
}

/** From the row of one interface to that of the other, leaving each card on the side where the other is. */
function curveOf(link: PictureLink, boxes: ReadonlyMap<string, Box>): Curve | null {
  const a = boxes.get(link.from.node);
  const b = boxes.get(link.to.node);
  if (a === undefined || b === undefined) return null;
  const [aCentre, bCentre] = [a.x + a.width / 2, b.x + b.width / 2];
  const isBeside = Math.abs(aCentre - bCentre) < 1; // in one column: a bow on the right
  const aSide = isBeside || bCentre > aCentre ? 1 : -1;
  const bSide = isBeside || aCentre > bCentre ? 1 : -1;
  const from = { x: aSide > 0 ? a.x + a.width : a.x, y: a.rows.get(link.from.interface) ?? a.y };
  const to = { x: bSide > 0 ? b.x + b.width : b.x, y: b.rows.get(link.to.interface) ?? b.y };
  const reach = isBeside ? 50 : Math.abs(from.x - to.x) / 2;
  return { from, to, reach: [aSide * reach, bSide * reach] };
}

function drawLink(link: PictureLink, boxes: ReadonlyMap<string, Box>): string {
  const curve = curveOf(link, boxes);
  if (curve === null) return '';
  const { from, to, reach } = curve;
  const handles = `${point(from.x + reach[0], from.y)} ${point(to.x + reach[1], to.y)}`;
  return [
    `    <path class="link" d="M${point(from.x, from.y)} C${handles} ${point(to.x, to.y)}"/>`,
    `    <circle class="plug" cx="${round(from.x)}" cy="${round(from.y)}" r="3"/>`,
    `    <circle class="plug" cx="${round(to.x)}" cy="${round(to.y)}" r="3"/>`,
  ].join('\n');
}

function drawLinkLabel(link: PictureLink, boxes: ReadonlyMap<string, Box>): string {
  const curve = curveOf(link, boxes);
  if (curve === null) return '';
  const { from, to, reach } = curve;
  // The middle of a cubic Bézier curve.
  const x = (from.x + 3 * (from.x + reach[0]) + 3 * (to.x + reach[1]) + to.x) / 8;
  const y = (from.y + to.y) / 2;
  const lines = [drawLabel(link.name, x, y, 'label-text')];
  for (const [index, text] of link.impairments.entries()) {
    lines.push(drawLabel(text, x, y + (index + 1) * (LABEL - 3), 'impairment'));
  }
  return lines.join('\n');
}

function drawLabel(text: string, x: number, y: number, style: string): string {
  const width = labelWidth(text);
  return [
    `    <rect class="label" x="${round(x - width / 2)}" y="${round(y - LABEL / 2)}" width="${round(width)}" height="${LABEL - 2}" rx="5"/>`,
    `    <text class="mono ${style}" x="${round(x)}" y="${round(y + 3)}" text-anchor="middle">${escape(text)}</text>`,
  ].join('\n');
}

interface Arc {
  readonly tunnel: PictureTunnel;
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };
  /** The height at which it passes over the nodes. */
  readonly apex: number;
  readonly label: { readonly text: string; readonly x: number };
}

/** Tunnels pass above all nodes, each at a height of its own: the shortest lowest. */
function tunnelArcs(tunnels: readonly PictureTunnel[], boxes: ReadonlyMap<string, Box>): Arc[] {
  const top = Math.min(0, ...[...boxes.values()].map(box => box.y));
  const spans = tunnels.flatMap(tunnel => {
    const a = boxes.get(tunnel.from);
    const b = boxes.get(tunnel.to);
    if (a === undefined || b === undefined) return [];
    return [a.x <= b.x ? { tunnel, from: a, to: b } : { tunnel, from: b, to: a }];
  });
  spans.sort((one, other) => one.to.x - one.from.x - (other.to.x - other.from.x));
  return spans.map((span, index) => {
    const from = { x: footX(span.from, span, spans), y: span.from.y };
    const to = { x: footX(span.to, span, spans), y: span.to.y };
    const text = `${span.tunnel.name} · ${span.tunnel.protection ?? 'in the clear'}`;
    return { tunnel: span.tunnel, from, to, apex: top - ARC * (index + 1), label: { text, x: (from.x + to.x) / 2 } };
  });
}

interface Span {
  readonly tunnel: PictureTunnel;
  readonly from: Box;
  readonly to: Box;
}

/** Where a tunnel stands on a card: those to the left first, lowest first, then those to the right, highest first. */
function footX(box: Box, span: Span, spans: readonly Span[]): number {
  const leftwards = spans.filter(({ to }) => to === box);
  const rightwards = spans.filter(({ from }) => from === box).toReversed();
  const feet = [...leftwards, ...rightwards];
  const step = Math.min(16, (box.width - 40) / Math.max(1, feet.length));
  return box.x + box.width / 2 + (feet.indexOf(span) - (feet.length - 1) / 2) * step;
}

function drawArc({ tunnel, from, to, apex }: Arc): string {
  const bend = Math.min(22, (to.x - from.x) / 2);
  const path = [
    `M${point(from.x, from.y)} V${round(apex + bend)}`,
    `Q${point(from.x, apex)} ${point(from.x + bend, apex)}`,
    `H${round(to.x - bend)}`,
    `Q${point(to.x, apex)} ${point(to.x, apex + bend)} V${round(to.y)}`,
  ].join(' ');
  return `    <path class="tunnel ${protectionStyle(tunnel)}" d="${path}"/>`;
}

function protectionStyle({ protection }: PictureTunnel): 'esp' | 'clear' {
  return protection === null ? 'clear' : 'esp';
}

function labelWidth(text: string): number {
  return text.length * CHARACTER + 12;
}

function point(x: number, y: number): string {
  return `${round(x)},${round(y)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
