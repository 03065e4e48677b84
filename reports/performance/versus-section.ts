import { escapeXml } from '../junit.ts';
import { foldedTable, numbers, panels, words } from './figure.ts';
import { ratioChart } from './ratio-chart.ts';
import type { Effect, Estimate, Study, Versus } from './study.ts';
import { digits, ratioWords, valueText } from './units.ts';
import { grouped, notes, parametersWords, titleOf, varying } from './words.ts';

/** How far this engine is from each of the others; empty where no run has both. */
export function versusSection(studies: readonly Study[]): string {
  const parts = studies.flatMap(study => {
    if (study.versus.length === 0) return [];
    const heading = studies.length > 1 ? [`<h3>${escapeXml(study.label)}</h3>`] : [];
    return [...heading, charts(study), versusTable(study)];
  });
  if (parts.length === 0) return '';
  return [
    '<section aria-labelledby="versus">',
    '<h2 id="versus">This engine and the others</h2>',
    '<p>How many times better it is than each of the others, round by round in the same run. A filled mark: the interval leaves no doubt that there is a difference; a hollow one: no significant difference.</p>',
    ...parts,
    '</section>',
  ].join('\n');
}

/** How many times better `figure` is than `other`, whichever way is better. */
export function aheadOf({ figure, ratio }: Versus): Estimate {
  if (figure.better === 'more') return ratio;
  return { middle: 1 / ratio.middle, low: 1 / ratio.high, high: 1 / ratio.low };
}

const effectWords = (effect: Effect): string => (effect === 'none' ? 'no significant difference' : effect);

/** What is drawn, and said in the first lines: one size of many, and the rate that is quoted most. */
function drawnOf({ versus }: Study): readonly Versus[] {
  const hasPdr = versus.some(({ figure }) => figure.metric === 'PDR');
  const sizes = versus.flatMap(({ figure: { parameters } }) =>
    typeof parameters['octets'] === 'number' ? [parameters['octets']] : [],
  );
  const quoted = new Set<unknown>([undefined, 'imix', Math.min(...sizes), Math.max(...sizes)]);
  return versus.filter(({ figure: { metric, parameters } }) => {
    if (metric.startsWith('overhead')) return false;
    if (metric.startsWith('one-way latency')) return metric.endsWith('p50') && parameters['load'] === 50;
    if (metric !== 'NDR' && metric !== 'PDR') return true;
    return quoted.has(parameters['octets']) && !(metric === 'NDR' && hasPdr);
  });
}

interface Headline {
  readonly what: string;
  readonly rows: readonly { readonly name: string; readonly versus: Versus }[];
}

/** A figure against all others; where there is only one other, a metric against it. */
export function headlines(study: Study): readonly Headline[] {
  const drawn = drawnOf(study);
  const isPair = new Set(drawn.map(({ other }) => other.subject)).size === 1;
  return grouped(drawn, ({ figure }) => figure.metric).flatMap(([metric, ofMetric]) => {
    const names = varying(ofMetric.map(({ figure }) => figure)).filter(name => name !== 'cipher' && name !== 'program');
    const details = ({ figure }: Versus): string => parametersWords(figure, names);
    const row = (versus: Versus): Headline['rows'][number] => ({
      name: isPair
        ? notes(titleOf(study, versus.other.subject), details(versus))
        : titleOf(study, versus.other.subject),
      versus,
    });
    if (isPair) return [{ what: metric, rows: ofMetric.map(row) }];
    return grouped(ofMetric, details).map(([detail, same]) => ({
      what: [metric, detail].filter(part => part !== '').join(', '),
      rows: same.map(row),
    }));
  });
}

function charts(study: Study): string {
  return panels(
    headlines(study).map(({ what, rows }) => {
      const drawn = rows.map(({ name, versus }) => ({ name, ahead: aheadOf(versus), effect: versus.effect }));
      const said = drawn.map(({ name, ahead, effect }) =>
        effect === 'none' ? `${name} no significant difference` : `${name} ${digits(ahead.middle)} times`,
      );
      const ours = new Set(rows.map(({ versus }) => versus.figure));
      const [first] = ours;
      return {
        caption: what,
        note:
          first === undefined || ours.size > 1
            ? ''
            : `this engine: ${valueText(medianOf(study, first.id), first.unit)}`,
        svg: ratioChart(`${what}, how many times better than: ${said.join('; ')}`, drawn),
        legend: '',
      };
    }),
  );
}

const medianOf = (study: Study, id: string): number =>
  study.figures.find(({ figure }) => figure.id === id)?.median ?? Number.NaN;

export const VERSUS_COLUMNS = [
  words('figure'),
  words('other'),
  numbers('this engine'),
  numbers('the other'),
  numbers('times better'),
  words('verdict'),
];

export function versusRows(study: Study): readonly (readonly string[])[] {
  // Of ours alone: all others have the same, or it is how they carry packets.
  const names = varying(study.versus.map(({ figure }) => figure));
  return study.versus.map(one => [
    [one.figure.metric, parametersWords(one.figure, names)].filter(part => part !== '').join(', '),
    titleOf(study, one.other.subject),
    valueText(medianOf(study, one.figure.id), one.figure.unit),
    valueText(medianOf(study, one.other.id), one.other.unit),
    ratioWords(aheadOf(one)),
    effectWords(one.effect),
  ]);
}

const versusTable = (study: Study): string =>
  foldedTable(`This engine and the others, ${study.label}`, VERSUS_COLUMNS, versusRows(study));
