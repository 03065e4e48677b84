import { escapeXml } from '../junit.ts';
import type { FrameRecord } from './frame.ts';

/** More are not drawn: those near the decisive ones are. */
const DRAWN_MAX = 60;

/**
 * The ladder diagram of a capture: a lane a node, a rung a frame, the decisive ones marked by word and weight. A list for those who
 * hear it, each rung naming who sends to whom. Numbers of `linked` lead to `#frame-NUMBER` of the page.
 */
export function ladder(
  frames: readonly FrameRecord[],
  cited: ReadonlySet<number>,
  linked: ReadonlySet<number>,
): string {
  const relevant = frames.filter(frame => !frame.isChatter || cited.has(frame.number));
  if (relevant.length === 0) return '<p>No frame but those by which neighbours find each other.</p>';
  const lanes = lanesOf(frames);
  const drawn = nearestTo(cited, relevant);
  const chatter = frames.length - relevant.length;
  const left = chatter === 0 ? '' : `, without ${chatter} by which neighbours find each other`;
  return [
    TIP,
    `<p class="when">${drawn.length} of ${frames.length} frames${left}.</p>`,
    `<div class="lane-names" aria-hidden="true"><div>${lanes.map(lane => `<span>${escapeXml(lane)}</span>`).join('')}</div></div>`,
    '<ol class="ladder" aria-label="Ladder diagram">',
    ...drawn.flatMap((frame, i) => [
      gap(relevant, drawn[i - 1] ?? null, frame),
      rung(frame, lanes, frames, { isCited: cited.has(frame.number), isLinked: linked.has(frame.number) }),
    ]),
    gap(relevant, drawn.at(-1) ?? null, null),
    '</ol>',
  ].join('\n');
}

/** The head of all arrows. */
const TIP =
  '<svg width="0" height="0" aria-hidden="true" style="position:absolute"><defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="10" markerHeight="10" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 8 4 0 8z" fill="context-stroke"/></marker></defs></svg>';

const nodeOf = (frame: FrameRecord): string => frame.from.split(':')[0] ?? '';

/** Who may have received it: the other nodes of its link, or the link itself where nobody else was heard on it. */
function receivers(frame: FrameRecord, all: readonly FrameRecord[]): string[] {
  const others = new Set(all.filter(({ link, from }) => link === frame.link && from !== frame.from).map(nodeOf));
  others.delete('');
  return others.size === 0 ? [`(${frame.link})`] : [...others];
}

/** Neighbours beside each other, as far as a row allows: from a node with one neighbour on. */
function lanesOf(frames: readonly FrameRecord[]): string[] {
  const neighbours = new Map<string, Set<string>>();
  const connect = (a: string, b: string): void => void neighbours.set(a, (neighbours.get(a) ?? new Set()).add(b));
  const firsts = new Map(frames.map(frame => [`${frame.link} ${frame.from}`, frame]));
  for (const frame of firsts.values()) {
    const from = nodeOf(frame);
    if (from === '') continue;
    for (const to of receivers(frame, frames)) {
      connect(from, to);
      connect(to, from);
    }
  }
  const ordered: string[] = [];
  const visit = (node: string): void => {
    if (ordered.includes(node)) return;
    ordered.push(node);
    for (const next of neighbours.get(node) ?? []) visit(next);
  };
  const byDegree = [...neighbours].sort(([, a], [, b]) => a.size - b.size);
  for (const [node] of byDegree) visit(node);
  return ordered;
}

/** At most DRAWN_MAX, in the order of the capture. */
function nearestTo(cited: ReadonlySet<number>, frames: readonly FrameRecord[]): readonly FrameRecord[] {
  if (frames.length <= DRAWN_MAX) return frames;
  const places = frames.flatMap((frame, i) => (cited.has(frame.number) ? [i] : []));
  const distance = (i: number): number =>
    places.length === 0 ? i : Math.min(...places.map(place => Math.abs(place - i)));
  const ranked = frames.map((frame, i) => ({ frame, rank: distance(i) })).sort((a, b) => a.rank - b.rank);
  return ranked
    .slice(0, DRAWN_MAX)
    .map(({ frame }) => frame)
    .sort((a, b) => a.number - b.number);
}

/** What is not drawn between two rungs; null: the beginning, or the end. */
function gap(all: readonly FrameRecord[], after: FrameRecord | null, before: FrameRecord | null): string {
  const [from, to] = [after?.number ?? 0, before?.number ?? Infinity];
  const left = all.filter(({ number }) => number > from && number < to).length;
  return left === 0 ? '' : `<li><div class="lanes"></div><div class="step when">⋮ ${left} frames not drawn</div></li>`;
}

interface Weight {
  readonly isCited: boolean;
  readonly isLinked: boolean;
}

function rung(
  frame: FrameRecord,
  lanes: readonly string[],
  all: readonly FrameRecord[],
  { isCited, isLinked }: Weight,
): string {
  const when = `+${(frame.atUs / 1e6).toFixed(6)} s`;
  const number = isLinked ? `<a href="#frame-${frame.number}">#${frame.number}</a>` : `#${frame.number}`;
  return [
    isCited ? '<li class="cited">' : '<li>',
    drawing(frame, lanes, receivers(frame, all)),
    `<div class="step">${isCited ? '<b>▶ decisive</b> ' : ''}<span class="when">${number} ${when} ${escapeXml(frame.link)}</span><br>${escapeXml(frame.line)}</div>`,
    '</li>',
  ].join('');
}

function drawing(frame: FrameRecord, lanes: readonly string[], to: readonly string[]): string {
  const xOf = (lane: string): string => `${(((lanes.indexOf(lane) + 0.5) / lanes.length) * 100).toFixed(2)}%`;
  const life = lanes.map(lane => `<line class="life" x1="${xOf(lane)}" x2="${xOf(lane)}" y1="0" y2="100%"/>`);
  const from = nodeOf(frame);
  const known = from === '' ? [] : to;
  const arrows = known.map(
    lane => `<line class="arrow" x1="${xOf(from)}" x2="${xOf(lane)}" y1="50%" y2="50%" marker-end="url(#tip)"/>`,
  );
  const label = from === '' ? `on ${frame.link}` : `${from} to ${to.join(', ')} on ${frame.link}`;
  return `<div class="lanes"><svg role="img" aria-label="${escapeXml(label)}">${life.join('')}${arrows.join('')}</svg></div>`;
}
