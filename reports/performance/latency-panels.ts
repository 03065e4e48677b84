import { distributionChart, stepsOf } from './distribution-chart.ts';
import { type ChartPanel, legend } from './figure.ts';
import { SERIES_MAX } from './plot.ts';
import { scaleOf, seriesPanels, styleFor } from './series-panels.ts';
import type { JudgedFigure, Study } from './study.ts';
import { grouped, notes, parameterWords, seriesNames } from './words.ts';

/** The whole distribution where it was kept, load by load; then percentiles against load. */
export function latencyCharts(figures: readonly JudgedFigure[], study: Study): readonly (readonly ChartPanel[])[] {
  const kept = figures.filter(judged => stepsOf(judged).length > 0);
  const percentiles = figures.filter(
    ({ figure: { metric, parameters } }) => metric !== 'one-way latency' && 'load' in parameters,
  );
  return [
    grouped(kept, ({ figure }) => loadWords(figure.parameters['load'])).map(([load, shown]) =>
      distributionPanel(load, shown, study),
    ),
    grouped(percentiles, ({ figure }) => figure.metric).flatMap(([metric, shown]) =>
      percentilePanels(metric, shown, study),
    ),
  ];
}

function distributionPanel(load: string, shown: readonly JudgedFigure[], study: Study): ChartPanel {
  const names = seriesNames(shown, study, ['load']);
  const series = shown.slice(0, SERIES_MAX).map((judged, i) => {
    const name = names.get(judged) ?? '';
    return { name, style: styleFor(study, name, i), steps: stepsOf(judged) };
  });
  const left = shown.length - series.length;
  const label = `Cumulative distribution of one-way latency ${load} for ${series.map(({ name }) => name).join('; ')}`;
  return {
    caption: `Distribution ${load}`,
    note: notes('share of packets that took at most so long', left > 0 ? `${left} more in the table` : ''),
    svg: distributionChart(label, series),
    legend: legend(series),
  };
}

function percentilePanels(metric: string, shown: readonly JudgedFigure[], study: Study): readonly ChartPanel[] {
  const loads = [...new Set(shown.map(({ figure }) => Number(figure.parameters['load'] ?? 0)))].sort((a, b) => a - b);
  return seriesPanels(shown, study, {
    caption: metric,
    note: '',
    names: seriesNames(shown, study, ['load']),
    xLabel: '% of the rate without loss',
    places: loads.map(String),
    joined: new Set(loads.map(String)),
    placeOf: ({ figure }) => String(figure.parameters['load'] ?? 0),
    scale: scaleOf(shown),
  });
}

const loadWords = (load: string | number | undefined): string =>
  load === undefined ? '' : parameterWords('load', load);
