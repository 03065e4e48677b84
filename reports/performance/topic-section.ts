import { escapeXml } from '../junit.ts';
import { boxCharts } from './box-panels.ts';
import { panels } from './figure.ts';
import { figureTable } from './figure-table.ts';
import { latencyCharts } from './latency-panels.ts';
import { overheadSection } from './overhead.ts';
import { growthCharts, sizeCharts } from './series-panels.ts';
import type { JudgedFigure, Study } from './study.ts';
import { figuresOf, type Topic } from './topics.ts';
import { growthOf } from './words.ts';

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
  if (topic.id === 'rates') return [panels(sizeCharts(figures, study)), behind];
  if (topic.id === 'overhead') return overheadSection(figures, study, caption);
  if (topic.id === 'latency') return [...latencyCharts(figures, study).map(panels), behind];
  const grown = figures.filter(({ figure }) => growthOf(figure) !== null);
  const rest = figures.filter(({ figure }) => growthOf(figure) === null);
  return [panels(growthCharts(grown, study)), panels(boxCharts(rest, study)), behind];
}
