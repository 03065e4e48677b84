import { type Box, boxChart } from './box-chart.ts';
import type { ChartPanel } from './figure.ts';
import type { JudgedFigure, Study } from './study.ts';
import { scaleFor } from './units.ts';
import { grouped, notes, panelsOf, seriesNames } from './words.ts';

/** More boxes than this are no picture any more: the rest is in the table. */
const BOXES_MAX = 24;

/** A box chart for each metric, and each way that a matrix measured it; the best of a chart stands first. */
export function boxCharts(figures: readonly JudgedFigure[], study: Study): readonly ChartPanel[] {
  return grouped(figures, ({ figure }) => `${figure.metric} ${figure.unit}`).flatMap(([, ofMetric]) =>
    panelsOf(ofMetric).flatMap(({ title, figures: shown }) => boxPanel(title, shown, study)),
  );
}

function boxPanel(title: string, figures: readonly JudgedFigure[], study: Study): readonly ChartPanel[] {
  const [first] = figures;
  if (first === undefined) return [];
  const { metric, unit, better } = first.figure;
  const names = seriesNames(figures, study, []);
  const boxes = inOrder(figures).map((judged): Box => ({ name: names.get(judged) ?? '', judged }));
  const drawn = boxes.slice(0, BOXES_MAX);
  const left = boxes.length - drawn.length;
  const scale = scaleFor(
    unit,
    drawn.map(({ judged }) => judged.maximum),
  );
  const direction = better === 'more' ? 'more is better' : 'less is better';
  return [
    {
      caption: metric,
      note: notes(title, direction, left > 0 ? `${left} more in the table` : ''),
      svg: boxChart(`Box plot of ${notes(metric, title)}; its figures are in the table`, drawn, scale),
      legend: '',
    },
  ];
}

/** By value; where a subject has a figure a node, these stay together. */
function inOrder(figures: readonly JudgedFigure[]): readonly JudgedFigure[] {
  const ordered = figures.toSorted(byValue);
  if (!figures.some(({ figure }) => 'node' in figure.parameters)) return ordered;
  return grouped(ordered, ({ figure }) => figure.subject).flatMap(([, ofSubject]) => ofSubject);
}

const byValue = (a: JudgedFigure, b: JudgedFigure): number =>
  a.figure.better === 'more' ? b.median - a.median : a.median - b.median;
