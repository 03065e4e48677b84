import { type Column, foldedTable, numbers, words } from './figure.ts';
import type { JudgedFigure, Study } from './study.ts';
import { rangeText, shareWords, valueText } from './units.ts';
import { grouped, parametersWords, titleOf, varying } from './words.ts';

/** The columns of every table of figures, here and in Markdown. */
export const FIGURE_COLUMNS: readonly Column[] = [
  words('figure'),
  numbers('median'),
  numbers('half of the samples'),
  numbers('interval'),
  numbers('share of its ceiling'),
  numbers('samples'),
];

/** Told of every figure where some differ in it; a subject's title says what else it is. */
const DRAWN: readonly string[] = ['octets', 'load'];

export function figureRows(figures: readonly JudgedFigure[], study: Study): readonly (readonly string[])[] {
  const all = figures.map(({ figure }) => figure);
  const bySubject = new Map(grouped(all, ({ subject }) => subject).map(([subject, own]) => [subject, varying(own)]));
  const everywhere = varying(all).filter(name => DRAWN.includes(name));
  const names = (subject: string): string[] => [...new Set([...(bySubject.get(subject) ?? []), ...everywhere])];
  const metrics = new Set(figures.map(({ figure }) => figure.metric));
  return figures.map(({ figure, median, lowerQuartile, upperQuartile, interval, share, samples }) => [
    [
      titleOf(study, figure.subject),
      metrics.size > 1 ? figure.metric : '',
      parametersWords(figure, names(figure.subject)),
    ]
      .filter(part => part !== '')
      .join(', '),
    valueText(median, figure.unit),
    rangeText({ low: lowerQuartile, high: upperQuartile }, figure.unit),
    interval === null ? 'too few samples' : rangeText(interval, figure.unit),
    share === null ? '' : shareWords(share),
    String(samples),
  ]);
}

export const figureTable = (caption: string, figures: readonly JudgedFigure[], study: Study): string =>
  foldedTable(caption, FIGURE_COLUMNS, figureRows(figures, study));
