import * as Plot from '@observablehq/plot';
import { axisFor, axisMarks, scaleOptions } from './axis.ts';
import { svgOf, WIDTH } from './plot.ts';
import type { JudgedFigure } from './study.ts';
import { type Scale, valueText } from './units.ts';

export interface Box {
  readonly name: string;
  readonly judged: JudgedFigure;
}

/** A row's height: its name, and its box below. */
const ROW = 44;

/**
 * A box a figure, from quartile to quartile with the median in it, and a line from the least to the greatest; each sample is a dot. The
 * names stand above, so that a narrow page has room for both.
 */
export function boxChart(label: string, boxes: readonly Box[], scale: Scale): string {
  const at = (value: number): number => value / scale.divisor;
  const rows = boxes.map(({ name, judged }, i) => ({ name, judged, top: i }));
  const values = boxes.flatMap(({ judged }) => [at(judged.minimum), at(judged.maximum)]);
  const axis = axisFor(values, false);
  type Row = (typeof rows)[number];
  const middle = ({ top }: Row): number => top + 0.66;
  const samples = rows.flatMap(row => row.judged.figure.samples.map(({ value }) => ({ row, value })));
  return svgOf(label, {
    width: WIDTH,
    height: 44 + boxes.length * ROW,
    marginLeft: 14,
    marginRight: 22,
    marginTop: 4,
    marginBottom: 40,
    x: scaleOptions(axis),
    y: { domain: [boxes.length, 0], axis: null },
    marks: [
      ...axisMarks(axis, 'x', scale.name),
      Plot.text(rows, {
        frameAnchor: 'left',
        textAnchor: 'start',
        y: ({ top }: Row) => top + 0.2,
        text: ({ name, judged }: Row) => `${name}: ${valueText(judged.median, judged.figure.unit)}`,
        stroke: 'var(--plot-background)',
        strokeWidth: 4,
        fill: 'currentColor',
      }),
      Plot.ruleY(rows, {
        y: middle,
        x1: ({ judged }: Row) => at(judged.minimum),
        x2: ({ judged }: Row) => at(judged.maximum),
        stroke: 'currentColor',
      }),
      Plot.rect(rows, {
        x1: ({ judged }: Row) => at(judged.lowerQuartile),
        x2: ({ judged }: Row) => at(judged.upperQuartile),
        y1: ({ top }: Row) => top + 0.46,
        y2: ({ top }: Row) => top + 0.86,
        fill: 'var(--soft)',
        stroke: 'currentColor',
      }),
      Plot.dot(samples, {
        x: ({ value }: (typeof samples)[number]) => at(value),
        y: ({ row }: (typeof samples)[number]) => middle(row),
        r: 2,
        fill: 'var(--series-0)',
        fillOpacity: 0.7,
      }),
      Plot.ruleX(rows, {
        x: ({ judged }: Row) => at(judged.median),
        y1: ({ top }: Row) => top + 0.42,
        y2: ({ top }: Row) => top + 0.9,
        stroke: 'var(--series-1)',
        strokeWidth: 2.5,
      }),
    ],
  });
}
