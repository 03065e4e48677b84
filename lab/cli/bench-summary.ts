import type { BenchRecord } from '../../reports/bench-format.ts';
import type { Comparison } from '../bench/comparison.ts';
import { judgeDisturbance } from '../bench/disturbance.ts';
import { type FigureVerdict, judgeFigures } from '../bench/figure-verdict.ts';
import { quantityText, rangeText } from '../bench/quantity.ts';
import { createSeededRandom } from '../drivers/sim/seeded-random.ts';
import { table } from './table.ts';

/** Whom the others are held against. */
const REFERENCE = 'engine';
/** In the record and in the report, and too much for a terminal. */
const LEFT_OUT = new Set([
  'one-way latency p90',
  'one-way latency p99.9',
  'overhead predicted',
  'cipher alone, seal',
  'cipher alone, open',
]);

/** What of the record a table needs beside the figures that are in it. */
interface Texts {
  readonly title: (verdict: FigureVerdict) => string;
  /** What the book has for what was measured; empty where it says nothing. */
  readonly predicted: (verdict: FigureVerdict) => string;
}

/** What `lab bench` says at its end: a table for each thing that was measured, a line a subject. */
export function benchSummary(record: BenchRecord): readonly string[] {
  const order = record.subjects?.map(({ name }) => name) ?? [];
  const verdicts = judgeFigures(record, REFERENCE, id => createSeededRandom(`${record.seed}/${id}`)).toSorted(
    (a, b) => order.indexOf(a.figure.subject) - order.indexOf(b.figure.subject),
  );
  const titles = new Map(record.subjects?.map(({ name, title }) => [name, title]));
  const texts: Texts = {
    title: ({ figure }) => titles.get(figure.subject) ?? figure.subject,
    predicted: ({ figure: { id, unit } }) => {
      const found = verdicts.find(({ figure }) => figure.id === `${id}-predicted`);
      return found === undefined ? '' : quantityText(found.summary.median, unit);
    },
  };
  const groups = new Map<string, FigureVerdict[]>();
  for (const verdict of verdicts) {
    const { id, subject, metric } = verdict.figure;
    const what = id.slice(`${record.profile}/${subject}/`.length);
    if (!LEFT_OUT.has(metric)) groups.set(what, [...(groups.get(what) ?? []), verdict]);
  }
  return [...groups.values()].flatMap(group => ['', groupTitle(group), ...groupTable(group, texts)]);
}

/** Why the figures are to be taken with care, a sentence each; none for a quiet machine. */
export const disturbanceLines = ({ environment, turns }: BenchRecord): readonly string[] =>
  judgeDisturbance(
    environment.loadBefore,
    turns.map(({ load }) => load),
  ).reasons;

/** Its metric, and what all of the group have in common that a title should say. */
function groupTitle(group: readonly FigureVerdict[]): string {
  const [first, ...others] = group.map(({ figure }) => figure);
  if (first === undefined) return '';
  const {
    octets,
    load,
    node,
    from,
    group: exchange,
    authentication,
    rekey,
  } = Object.fromEntries(
    Object.entries(first.parameters).filter(([name, value]) =>
      others.every(({ parameters }) => parameters[name] === value),
    ),
  );
  const about = [
    ...(octets === undefined ? [] : [octets === 'imix' ? 'IMIX' : `packets of ${octets} octets`]),
    ...(load === undefined ? [] : [load === 'tcp' ? 'one TCP stream' : `at ${load} % of the rate without loss`]),
    ...(from === undefined ? [] : [`from ${from}`]),
    ...(node === undefined ? [] : [`on ${node}`]),
    ...(exchange === undefined ? [] : [String(exchange)]),
    ...(authentication === undefined ? [] : [String(authentication)]),
    ...(rekey === undefined ? [] : [rekey === 'nothing' ? 'without a rekey' : `rekey of the ${rekey} SA`]),
  ];
  return [`${first.metric}${about.length === 0 ? '' : ':'}`, about.join(', ')].join(' ').trim();
}

function groupTable(group: readonly FigureVerdict[], texts: Texts): readonly string[] {
  const columns = COLUMNS.filter(({ cell }) => group.some(verdict => cell(verdict, texts) !== ''));
  const rows = group.map(verdict => [texts.title(verdict), ...columns.map(({ cell }) => cell(verdict, texts))]);
  return table(['', ...columns.map(({ heading }) => heading)], rows).map(line => `  ${line}`);
}

interface Column {
  readonly heading: string;
  /** Empty where there is nothing to say; a column of nothing is left out. */
  readonly cell: (verdict: FigureVerdict, texts: Texts) => string;
}

/** Of the packet format, and the same in each round: nothing to judge. */
const isOverhead = ({ figure }: FigureVerdict): boolean =>
  figure.unit === 'octets' && figure.metric.startsWith('overhead');

const COLUMNS: readonly Column[] = [
  { heading: 'median', cell: ({ figure, summary }) => quantityText(summary.median, figure.unit) },
  { heading: 'predicted', cell: (verdict, { predicted }) => predicted(verdict) },
  {
    heading: 'middle half',
    cell: verdict =>
      isOverhead(verdict)
        ? ''
        : rangeText(verdict.summary.lowerQuartile, verdict.summary.upperQuartile, verdict.figure.unit),
  },
  {
    heading: '95 % interval',
    cell: verdict =>
      isOverhead(verdict) ? '' : rangeText(verdict.interval.low, verdict.interval.high, verdict.figure.unit),
  },
  { heading: 'of the ceiling', cell: ({ share }) => (share === null ? '' : shareText(share)) },
  {
    heading: 'against this engine',
    cell: verdict => (isOverhead(verdict) || verdict.comparison === null ? '' : comparisonText(verdict.comparison)),
  },
];

const shareText = ({ median, interval }: NonNullable<FigureVerdict['share']>): string =>
  `${percent(median)} (${number(interval.low)} to ${number(interval.high)})`;

function comparisonText(comparison: Comparison): string {
  if (comparison.kind === 'notComparable') return 'too few rounds to say';
  const { verdict, change, interval } = comparison;
  if (verdict === 'noSignificantDifference') return 'no significant difference';
  return `${signed(change)} (${signed(interval.low)} to ${signed(interval.high)})`;
}

const number = (share: number): string => String(Number((share * 100).toPrecision(3)));
const percent = (share: number): string => `${number(share)} %`;
const signed = (change: number): string => `${change > 0 ? '+' : ''}${percent(change)}`;
