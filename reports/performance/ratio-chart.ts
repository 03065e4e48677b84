import * as Plot from '@observablehq/plot';
import { svgOf, WIDTH } from './plot.ts';
import type { Effect, Estimate } from './study.ts';
import { digits } from './units.ts';

export interface RatioRow {
  readonly name: string;
  /** How many times better than the other; below 1 it is behind. */
  readonly ahead: Estimate;
  readonly effect: Effect;
}

const ROW = 40;

/** How far ahead or behind, on a scale where twice and half are equally far from level. Filled: the interval leaves no doubt. */
export function ratioChart(label: string, rows: readonly RatioRow[]): string {
  const reach = reachOf(rows);
  const within = (ratio: number): number => Math.min(reach, Math.max(1 / reach, ratio));
  const placed = rows.map((row, top) => ({ ...row, top }));
  type Row = (typeof placed)[number];
  const middle = ({ top }: Row): number => top + 0.7;
  return svgOf(label, {
    width: WIDTH,
    height: 48 + rows.length * ROW,
    marginLeft: 14,
    marginRight: 22,
    marginTop: 4,
    marginBottom: 40,
    x: {
      type: 'log',
      domain: [1 / reach, reach],
      axis: null,
    },
    y: { domain: [rows.length, 0], axis: null },
    marks: [
      Plot.axisX(ticksWithin(reach), {
        text: (tick: number) => (tick < 1 ? `1/${Math.round(1 / tick)}` : `${tick}×`),
        label: '← behind · times the other · ahead →',
        labelAnchor: 'center',
        labelArrow: 'none',
        tickSize: 4,
      }),
      Plot.ruleX([1], { stroke: 'currentColor', strokeDasharray: '4 3' }),
      Plot.text(placed, {
        frameAnchor: 'left',
        textAnchor: 'start',
        y: ({ top }: Row) => top + 0.25,
        text: ({ name, ahead, effect }: Row) =>
          `${name}: ${effect === 'none' ? 'no significant difference' : `${digits(ahead.middle)} ×`}`,
        stroke: 'var(--plot-background)',
        strokeWidth: 4,
        fill: 'currentColor',
      }),
      Plot.ruleY(placed, {
        y: middle,
        x1: ({ ahead }: Row) => within(ahead.low),
        x2: ({ ahead }: Row) => within(ahead.high),
        stroke: 'var(--series-0)',
        strokeWidth: 4,
        strokeOpacity: 0.5,
      }),
      Plot.dot(placed, {
        x: ({ ahead }: Row) => within(ahead.middle),
        y: middle,
        r: 4.5,
        symbol: ({ effect }: Row) => effect,
        stroke: 'var(--series-0)',
        fill: ({ effect }: Row) => (effect === 'none' ? 'var(--plot-background)' : 'var(--series-0)'),
      }),
    ],
    symbol: { domain: ['better', 'none', 'worse'], range: ['circle', 'circle', 'square'] },
    color: { type: 'identity' },
  });
}

/** Wide enough for all marks, and for intervals unless they say nothing: those end where the chart does. */
function reachOf(rows: readonly RatioRow[]): number {
  const marks = Math.max(1.5, ...rows.map(({ ahead }) => far(ahead.middle)));
  const ends = Math.max(...rows.flatMap(({ ahead }) => [far(ahead.low), far(ahead.high)]));
  return 1.1 * Math.max(marks, Math.min(ends, 3 * marks));
}

const far = (ratio: number): number => Math.max(ratio, 1 / ratio);

/** Round ratios on both sides of 1, few enough for the width. */
function ticksWithin(reach: number): number[] {
  const all = reach > 40 ? [10, 100, 1000] : reach > 6 ? [2, 5, 20] : reach > 2.2 ? [2, 3, 5] : [1.25, 1.5, 2];
  const within = all.filter(tick => tick <= reach);
  const below = reach > 2.2 ? within.map(tick => 1 / tick) : [];
  return [...below.reverse(), 1, ...within];
}
