import * as Plot from '@observablehq/plot';
import { axisFor, axisMarks, scaleOptions } from './axis.ts';
import { type SeriesStyle, svgOf, WIDTH } from './plot.ts';
import type { Range } from './study.ts';
import { digits, type Scale } from './units.ts';

export interface Line {
  readonly name: string;
  readonly style: SeriesStyle;
  readonly points: readonly Point[];
}

export interface Point {
  /** One of the chart's places. */
  readonly place: string;
  readonly value: number;
  readonly interval: Range | null;
}

/**
 * Values against places that stand in a row at equal distances, such as packet sizes; `joined` are those that a line goes through. From
 * zero, or in decades where values are too far apart for that.
 */
export function lineChart(
  label: string,
  {
    places,
    joined,
    lines,
    xLabel,
    scale,
  }: {
    readonly places: readonly string[];
    readonly joined: ReadonlySet<string>;
    readonly lines: readonly Line[];
    readonly xLabel: string;
    readonly scale: Scale;
  },
): string {
  const values = lines.flatMap(({ points }) =>
    points.flatMap(({ value, interval }) => [value, interval?.low ?? value, interval?.high ?? value]),
  );
  const axis = axisFor(
    values.map(value => value / scale.divisor),
    true,
  );
  return svgOf(label, {
    width: WIDTH,
    height: 300,
    marginLeft: 52,
    marginRight: 14,
    marginTop: 26,
    marginBottom: 42,
    x: { type: 'point', domain: [...places], label: xLabel, labelAnchor: 'center', labelArrow: 'none', tickSize: 4 },
    y: scaleOptions(axis),
    marks: [...axisMarks(axis, 'y', scale.name), ...lines.flatMap(line => marksOf(line, joined, scale))],
  });
}

function marksOf({ name, style, points }: Line, joined: ReadonlySet<string>, scale: Scale): Plot.Markish[] {
  const y = ({ value }: Point): number => value / scale.divisor;
  const known = points.filter(({ interval }) => interval !== null);
  return [
    Plot.line(
      points.filter(({ place }) => joined.has(place)),
      { x: 'place', y, stroke: style.stroke, strokeWidth: 1.75, strokeDasharray: style.dash },
    ),
    Plot.ruleX(known, {
      x: 'place',
      y1: ({ interval }: Point) => (interval?.low ?? 0) / scale.divisor,
      y2: ({ interval }: Point) => (interval?.high ?? 0) / scale.divisor,
      stroke: style.stroke,
      strokeWidth: 3,
      strokeOpacity: 0.5,
    }),
    Plot.dot(points, {
      x: 'place',
      y,
      stroke: style.stroke,
      fill: style.stroke,
      symbol: style.symbol,
      r: 3.5,
      title: (point: Point) => `${name}, ${point.place}: ${digits(y(point))} ${scale.name}`,
    }),
  ];
}
