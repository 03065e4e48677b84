import type { FigureRecord } from '../bench-format.ts';
import { escapeXml } from '../junit.ts';
import { boxCharts } from './box-panels.ts';
import { panels } from './figure.ts';
import { figureTable } from './figure-table.ts';
import { latencyCharts } from './latency-panels.ts';
import { overheadSection } from './overhead.ts';
import { growthCharts, sizeCharts } from './series-panels.ts';
import type { JudgedFigure, Study } from './study.ts';
import { figuresOf, type Topic } from './topics.ts';
import { grouped, growthOf } from './words.ts';

/** A topic's charts, each with the table that it is drawn from, run by run; empty where no run has measured it. */
export function topicSection(topic: Topic, studies: readonly Study[]): string {
  const parts = studies.flatMap(study => {
    const figures = figuresOf(study, topic);
    if (figures.length === 0) return [];
    const heading = studies.length > 1 ? [`<h3>${escapeXml(study.label)}</h3>`] : [];
    return [...heading, ...chartsOf(topic, figures, study)];
  });
  if (parts.length === 0) return '';
  return [
    `<section aria-labelledby="${topic.id}">`,
    `<h2 id="${topic.id}">${escapeXml(topic.heading)}</h2>`,
    `<p>${escapeXml(topic.about)}</p>`,
    ...parts,
    '</section>',
  ].join('\n');
}

function chartsOf(topic: Topic, figures: readonly JudgedFigure[], study: Study): readonly string[] {
  const caption = `${topic.heading}, ${study.label}`;
  const behind = figureTable(caption, figures, study);
  if (topic.id === 'overhead') return overheadSection(figures, study, caption);
  const kinds = grouped(figures, ({ figure }) => kindOf(figure));
  return [...kinds.flatMap(([kind, own]) => CHARTS[kind as Kind](own, study)), behind];
}

type Kind = 'growth' | 'sizes' | 'latency' | 'samples';

/** How a figure is drawn. */
function kindOf(figure: FigureRecord): Kind {
  if (growthOf(figure) !== null) return 'growth';
  if (figure.unit === 'packets/s' && 'octets' in figure.parameters) return 'sizes';
  return figure.metric.startsWith('one-way latency') && 'load' in figure.parameters ? 'latency' : 'samples';
}

const CHARTS: Readonly<Record<Kind, (figures: readonly JudgedFigure[], study: Study) => readonly string[]>> = {
  growth: (figures, study) => [panels(growthCharts(figures, study))],
  sizes: (figures, study) => [panels(areOfOneSize(figures) ? boxCharts(figures, study) : sizeCharts(figures, study))],
  latency: (figures, study) => latencyCharts(figures, study).map(panels),
  samples: (figures, study) => [panels(boxCharts(figures, study))],
};

/** One place is no line. */
const areOfOneSize = (figures: readonly JudgedFigure[]): boolean =>
  new Set(figures.map(({ figure }) => figure.parameters['octets'])).size === 1;
