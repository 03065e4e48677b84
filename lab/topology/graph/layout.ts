import type { Picture, PictureEnd, PictureNode } from './picture.ts';

/** Where a node stands; all in SVG user units, y downwards. */
export interface Box {
  readonly node: PictureNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** The middle of each interface's row, by its name. */
  readonly rows: ReadonlyMap<string, number>;
}

export const HEADER = 34;
export const LINE = 16;
export const PADDING = 12;
/** Of the monospaced face at 11 units. */
export const CHARACTER = 6.7;
/** Interface names stand in front of their addresses. */
export const NAME_GAP = 10;
const COLUMN_GAP_MIN = 90;
const ROW_GAP = 36;
const WIDTH_MIN = 110;

/**
 * Nodes in columns by their distance from one end of the longest path, so that a chain is a straight line; in a column
 * they are ordered by their neighbours. Networks that are not connected stand below each other.
 */
export function layOut(picture: Picture): ReadonlyMap<string, Box> {
  const neighbours = neighboursOf(picture);
  const boxes = new Map<string, Box>();
  let top = 0;
  for (const component of componentsOf(picture, neighbours)) {
    const columns = ordered(columnsOf(component, neighbours), neighbours);
    const placed = place(picture, columns, top);
    for (const box of placed) {
      boxes.set(box.node.name, box);
      top = Math.max(top, box.y + box.height + 2 * ROW_GAP);
    }
  }
  return boxes;
}

interface Neighbour {
  readonly name: string;
  /** How far down its card the link ends: 0 to 1. */
  readonly height: number;
}

type Neighbours = ReadonlyMap<string, readonly Neighbour[]>;

function neighboursOf(picture: Picture): Neighbours {
  const neighbours = new Map<string, Neighbour[]>(picture.nodes.map(({ name }) => [name, []]));
  for (const { from, to } of picture.links) {
    neighbours.get(from.node)?.push({ name: to.node, height: heightOf(picture, to) });
    neighbours.get(to.node)?.push({ name: from.node, height: heightOf(picture, from) });
  }
  return neighbours;
}

function heightOf(picture: Picture, end: PictureEnd): number {
  const rows = picture.nodes.find(({ name }) => name === end.node)?.rows ?? [];
  return rows.length === 0 ? 0 : rows.findIndex(({ name }) => name === end.interface) / rows.length;
}

function distancesFrom(start: string, neighbours: Neighbours): Map<string, number> {
  const distances = new Map([[start, 0]]);
  for (const [name, distance] of distances) {
    for (const next of neighbours.get(name) ?? [])
      if (!distances.has(next.name)) distances.set(next.name, distance + 1);
  }
  return distances;
}

function componentsOf(picture: Picture, neighbours: Neighbours): string[][] {
  const seen = new Set<string>();
  const components: string[][] = [];
  for (const { name } of picture.nodes) {
    if (seen.has(name)) continue;
    const members = distancesFrom(name, neighbours);
    for (const member of members.keys()) seen.add(member);
    components.push(picture.nodes.map(node => node.name).filter(node => members.has(node)));
  }
  return components;
}

function columnsOf(component: readonly string[], neighbours: Neighbours): string[][] {
  let start = component[0] ?? '';
  let longest = -1;
  for (const candidate of component) {
    const length = Math.max(...distancesFrom(candidate, neighbours).values());
    if (length > longest) [start, longest] = [candidate, length];
  }
  const distances = distancesFrom(start, neighbours);
  const columns = Array.from({ length: longest + 1 }, (): string[] => []);
  for (const name of component) columns[distances.get(name) ?? 0]?.push(name);
  return columns;
}

/** Moves each node towards the average height of its neighbours in the column before, then in the column after. */
function ordered(columns: readonly string[][], neighbours: Neighbours): string[][] {
  let result = columns.map(column => [...column]);
  for (const direction of [-1, 1, -1]) {
    const positions = new Map(
      result.flatMap(column => column.map((name, index) => [name, index - (column.length - 1) / 2] as const)),
    );
    result = result.map((column, index) => {
      const beside = new Set(result[index + direction]);
      const weight = (name: string) => {
        const near = (neighbours.get(name) ?? []).filter(other => beside.has(other.name));
        const heights = near.map(other => (positions.get(other.name) ?? 0) + other.height);
        return heights.length === 0 ? (positions.get(name) ?? 0) : heights.reduce((a, b) => a + b, 0) / heights.length;
      };
      return column.toSorted((a, b) => weight(a) - weight(b));
    });
  }
  return result;
}

function place(picture: Picture, columns: readonly string[][], top: number): Box[] {
  const sized = columns.map(column => column.map(name => sizeOf(picture, name)));
  const heights = sized.map(column => column.reduce((sum, { height }) => sum + height + ROW_GAP, -ROW_GAP));
  const middle = top + Math.max(...heights) / 2;
  const boxes: Box[] = [];
  let x = 0;
  for (const [index, column] of sized.entries()) {
    const width = Math.max(...column.map(size => size.width));
    let y = middle - (heights[index] ?? 0) / 2;
    for (const size of column) {
      boxes.push(boxAt(size.node, x + (width - size.width) / 2, y, size.width, size.height));
      y += size.height + ROW_GAP;
    }
    x += width + gapAfter(picture, columns, index);
  }
  return boxes;
}

function longest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(text => text.length));
}

/** Room for the labels of the links that cross it. */
function gapAfter(picture: Picture, columns: readonly string[][], index: number): number {
  const near = new Set([...(columns[index] ?? []), ...(columns[index + 1] ?? [])]);
  const crossing = picture.links.filter(({ from, to }) => near.has(from.node) && near.has(to.node));
  const labels = crossing.map(({ name, impairments }) => longest([name, ...impairments]) * CHARACTER + 40);
  return Math.max(COLUMN_GAP_MIN, ...labels);
}

function sizeOf(picture: Picture, name: string): { node: PictureNode; width: number; height: number } {
  const node = picture.nodes.find(candidate => candidate.name === name) ?? { name, kind: 'host', rows: [] };
  const names = longest(node.rows.map(row => row.name)) * CHARACTER;
  const addresses = longest(node.rows.flatMap(row => row.addresses)) * CHARACTER;
  const header = (name.length + node.kind.length + 4) * 8;
  const width = Math.max(WIDTH_MIN, header, names + NAME_GAP + addresses) + 2 * PADDING;
  const lines = node.rows.reduce((sum, row) => sum + Math.max(1, row.addresses.length), 0);
  return { node, width: Math.round(width), height: HEADER + lines * LINE + PADDING };
}

function boxAt(node: PictureNode, x: number, y: number, width: number, height: number): Box {
  const rows = new Map<string, number>();
  let rowY = y + HEADER;
  for (const row of node.rows) {
    rows.set(row.name, rowY + LINE / 2);
    rowY += Math.max(1, row.addresses.length) * LINE;
  }
  return { node, x, y, width, height, rows };
}
