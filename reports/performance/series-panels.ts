import { type ChartPanel, legend } from './figure.ts';
import { type Line, lineChart } from './line-chart.ts';
import { SERIES_MAX, type SeriesStyle, styleOf } from './plot.ts';
import type { JudgedFigure, Study } from './study.ts';
import { type Scale, scaleFor } from './units.ts';
import { GROWTH, growthOf, grouped, notes, panelsOf, seriesNames } from './words.ts';

/** What the charts of one metric have in common. */
export interface SeriesChart {
  readonly caption: string;
  readonly note: string;
  readonly xLabel: string;
  readonly places: readonly string[];
  /** Those that a line goes through. */
  readonly joined: ReadonlySet<string>;
  readonly placeOf: (judged: JudgedFigure) => string;
  readonly scale: Scale;
  /** Of lines; what has the same is one line. */
  readonly names: ReadonlyMap<JudgedFigure, string>;
}

/** A line a subject, as many in one chart as can be told apart. */
export function seriesPanels(
  figures: readonly JudgedFigure[],
  study: Study,
  chart: SeriesChart,
): readonly ChartPanel[] {
  const all = bestFirst(grouped(figures, judged => chart.names.get(judged) ?? ''));
  const charts: ChartPanel[] = [];
  for (let from = 0; from < all.length; from += SERIES_MAX) {
    const lines = all.slice(from, from + SERIES_MAX).map(
      ([name, ofSeries], i): Line => ({
        name,
        style: all.length > SERIES_MAX ? styleOf(i) : styleFor(study, name, i),
        points: ofSeries
          .map(judged => ({ place: chart.placeOf(judged), value: judged.median, interval: judged.interval }))
          .sort((a, b) => chart.places.indexOf(a.place) - chart.places.indexOf(b.place)),
      }),
    );
    const part = all.length > SERIES_MAX ? `${from + 1} to ${from + lines.length} of ${all.length}` : '';
    const what = notes(chart.caption, chart.note);
    const label = `Line chart of ${what} against ${chart.xLabel} for ${lines.map(({ name }) => name).join('; ')}`;
    charts.push({
      caption: chart.caption,
      note: notes(chart.note, part),
      svg: lineChart(label, { ...chart, lines }),
      legend: legend(lines),
    });
  }
  return charts;
}

/** Where they are too many for one chart the best are drawn together, and otherwise they stand as in the record. */
function bestFirst(
  series: readonly (readonly [string, readonly JudgedFigure[]])[],
): readonly (readonly [string, readonly JudgedFigure[]])[] {
  if (series.length <= SERIES_MAX) return series;
  return series.toSorted(([, a], [, b]) => best(b) - best(a));
}

const best = (figures: readonly JudgedFigure[]): number =>
  Math.max(...figures.map(({ figure, median }) => (figure.better === 'more' ? median : -median)));

/** The same for a subject in all charts of a run, as long as there are styles for all subjects. */
export function styleFor({ record: { subjects = [] } }: Study, name: string, place: number): SeriesStyle {
  const measured = subjects.filter(({ obstacle }) => obstacle === null);
  const known = measured.length > SERIES_MAX ? -1 : measured.findIndex(({ title }) => title === name);
  return styleOf(known === -1 ? place : known);
}

/** Packet rates by size; a mix of sizes stands beside the line. */
export function sizeCharts(figures: readonly JudgedFigure[], study: Study): readonly ChartPanel[] {
  return grouped(figures, ({ figure }) => figure.metric).flatMap(([metric, ofMetric]) => {
    const sizes = sizesOf(ofMetric);
    const scale = scaleOf(ofMetric);
    return panelsOf(ofMetric).flatMap(({ title, figures: shown }) =>
      seriesPanels(shown, study, {
        caption: metric,
        note: title,
        names: seriesNames(shown, study, ['octets']),
        xLabel: 'inner packet, octets',
        places: sizes.map(sizeWords),
        joined: new Set(sizes.filter(size => size !== 'imix').map(sizeWords)),
        placeOf: ({ figure }) => sizeWords(figure.parameters['octets']),
        scale,
      }),
    );
  });
}

const sizeWords = (size: string | number | undefined): string => (size === 'imix' ? 'IMIX' : String(size ?? 'any'));

function sizesOf(figures: readonly JudgedFigure[]): readonly (string | number)[] {
  const sizes = [...new Set(figures.map(({ figure }) => figure.parameters['octets'] ?? 'any'))];
  return sizes.sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
}

const rank = (size: string | number): number => (typeof size === 'number' ? size : Number.POSITIVE_INFINITY);

/** Of one metric. */
export const scaleOf = (figures: readonly JudgedFigure[]): Scale =>
  scaleFor(
    figures[0]?.figure.unit ?? '',
    figures.map(({ median }) => median),
  );

/** A chart for each metric and each thing that grows. */
export function growthCharts(figures: readonly JudgedFigure[], study: Study): readonly ChartPanel[] {
  return grouped(figures, ({ figure }) => `${figure.metric} ${growthOf(figure)}`).flatMap(([, shown]) => {
    const [first] = shown;
    const growth = first === undefined ? null : growthOf(first.figure);
    if (first === undefined || growth === null) return [];
    const counts = [...new Set(shown.map(({ figure }) => Number(figure.parameters[growth])))].sort((a, b) => a - b);
    return seriesPanels(shown, study, {
      caption: `${first.figure.metric} against ${GROWTH[growth] ?? growth}`,
      note: '',
      names: seriesNames(shown, study, [growth]),
      xLabel: GROWTH[growth] ?? growth,
      places: counts.map(String),
      joined: new Set(counts.map(String)),
      placeOf: ({ figure }) => String(figure.parameters[growth]),
      scale: scaleOf(shown),
    });
  });
}
