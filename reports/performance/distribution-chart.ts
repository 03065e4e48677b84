import * as Plot from '@observablehq/plot';
import type { LatencyStepRecord } from '../bench-format.ts';
import { axisFor, axisMarks, scaleOptions } from './axis.ts';
import { type SeriesStyle, svgOf, WIDTH } from './plot.ts';
import type { JudgedFigure } from './study.ts';
import { scaleFor } from './units.ts';

export interface Distribution {
  readonly style: SeriesStyle;
  readonly steps: readonly LatencyStepRecord[];
}

/** Those of all samples of a figure as one, ascending; empty where nobody kept them. */
export function stepsOf({ figure }: JudgedFigure): readonly LatencyStepRecord[] {
  const packets = new Map<number, number>();
  for (const { distribution = [] } of figure.samples)
    for (const step of distribution) packets.set(step.ns, (packets.get(step.ns) ?? 0) + step.packets);
  return [...packets].sort(([a], [b]) => a - b).map(([ns, count]) => ({ ns, packets: count }));
}

/** The latency that a share of the packets did not exceed; NaN without packets. */
function percentileOf(steps: readonly LatencyStepRecord[], share: number): number {
  const total = steps.reduce((sum, { packets }) => sum + packets, 0);
  let passed = 0;
  for (const { ns, packets } of steps) {
    passed += packets;
    if (passed >= share * total) return ns;
  }
  return Number.NaN;
}

/** Where the curve is drawn: closer where it bends, at its ends. */
const SHARES = [
  0.001,
  0.005,
  0.01,
  0.02,
  ...Array.from({ length: 46 }, (_, i) => 0.04 + i * 0.02),
  0.95,
  0.96,
  0.97,
  0.98,
  0.985,
  0.99,
  0.993,
  0.996,
  0.998,
  0.999,
  1,
];

/** The share of packets that took at most so long. */
export function distributionChart(label: string, distributions: readonly Distribution[]): string {
  const curves = distributions.map(({ style, steps }) => ({
    style,
    points: SHARES.map(share => ({ share, ns: Math.max(1, percentileOf(steps, share)) })),
  }));
  const { divisor, name } = scaleFor(
    'ns',
    curves.flatMap(({ points }) => points.filter(({ share }) => share === 0.5).map(({ ns }) => ns)),
  );
  const axis = axisFor(
    curves.flatMap(({ points }) => points.map(({ ns }) => ns / divisor)),
    false,
  );
  type Point = { readonly share: number; readonly ns: number };
  const x = ({ ns }: Point): number => ns / divisor;
  const y = ({ share }: Point): number => share * 100;
  const marked = [0.5, 0.9, 0.99];
  return svgOf(label, {
    width: WIDTH,
    height: 300,
    marginLeft: 52,
    marginRight: 18,
    marginTop: 26,
    marginBottom: 42,
    x: scaleOptions(axis),
    y: { domain: [0, 100], label: '% of packets', labelArrow: 'none', ticks: 5, tickSize: 0 },
    marks: [
      Plot.gridY({ ticks: 5, stroke: 'currentColor', strokeOpacity: 0.15 }),
      ...axisMarks(axis, 'x', `one-way latency, ${name}`),
      ...curves.flatMap(({ style, points }) => [
        Plot.line(points, { x, y, stroke: style.stroke, strokeWidth: 1.75, strokeDasharray: style.dash }),
        Plot.dot(
          points.filter(({ share }) => marked.some(mark => Math.abs(mark - share) < 1e-9)),
          { x, y, stroke: style.stroke, fill: style.stroke, symbol: style.symbol, r: 3.5 },
        ),
      ]),
    ],
  });
}
