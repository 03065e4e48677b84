import * as Plot from '@observablehq/plot';
import { digits } from './units.ts';

/** A scale of positive values, and the round ones of them that are written beside it. */
export interface Axis {
  readonly isLog: boolean;
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
}

/** More ticks than this would stand in each other's way. */
const TICKS_MAX = 9;

/** In decades where values are too far apart for the small ones to be seen otherwise; from zero on where `fromZero`. */
export function axisFor(values: readonly number[], fromZero: boolean): Axis {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (low > 0 && high / low > 12) return logAxis(low, high);
  if (!(high > low)) return linearAxis(Math.min(0, low), high > 0 ? high : low + 1);
  return linearAxis(fromZero ? Math.min(0, low) : low, high);
}

function linearAxis(low: number, high: number): Axis {
  const step = roundStep((high - low) / (TICKS_MAX - 3));
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step)];
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  return { isLog: false, domain: [first * step, last * step], ticks };
}

/** 1, 2 or 5 and zeros, at least as large. */
function roundStep(least: number): number {
  const decade = 10 ** Math.floor(Math.log10(least));
  return decade * ([1, 2, 5].find(step => step * decade >= least * 0.999) ?? 10);
}

function logAxis(low: number, high: number): Axis {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const within = (steps: readonly number[]): number[] =>
    Array.from({ length: last - first + 1 }, (_, i) => steps.map(step => step * 10 ** (first + i)))
      .flat()
      .filter(tick => tick >= lower && tick <= upper);
  const all = [1, 2, 5].flatMap(step => Array.from({ length: last - first + 1 }, (_, i) => step * 10 ** (first + i)));
  const lower = Math.max(...all.filter(tick => tick <= low * 1.0001));
  const upper = Math.min(...[...all, 10 ** last].filter(tick => tick >= high * 0.9999));
  const fine = within([1, 2, 5]);
  return { isLog: true, domain: [lower, upper], ticks: fine.length > TICKS_MAX ? within([1]) : fine };
}

/** Grid and labels of the axis; the library would leave some of a logarithmic scale's labels out. */
export function axisMarks(axis: Axis, direction: 'x' | 'y', label: string): Plot.Markish[] {
  const ticks = [...axis.ticks];
  const shown = { text: (tick: number) => tickText(tick), tickSize: 0, label, labelArrow: 'none' as const };
  const grid = { stroke: 'currentColor', strokeOpacity: 0.15 };
  return direction === 'x'
    ? [Plot.gridX(ticks, grid), Plot.axisX(ticks, { ...shown, labelAnchor: 'center' })]
    : [Plot.gridY(ticks, grid), Plot.axisY(ticks, shown)];
}

/** What the scale itself is told; its axis is drawn by `axisMarks`. */
export const scaleOptions = ({ isLog, domain }: Axis): Plot.ScaleOptions => ({
  type: isLog ? 'log' : 'linear',
  domain: [...domain],
  axis: null,
});

/** Round as they are: `0.5`, `200`. */
const tickText = (tick: number): string => String(Number(digits(tick)));
