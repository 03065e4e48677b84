import * as Plot from '@observablehq/plot';
import { axisFor, axisMarks, scaleOptions } from './axis.ts';
import { foldedTable, numbers, panels, words } from './figure.ts';
import { svgOf, WIDTH } from './plot.ts';
import type { JudgedFigure, Study } from './study.ts';
import { digits } from './units.ts';
import { grouped, parametersWords, seriesNames } from './words.ts';

interface Pair {
  readonly name: string;
  readonly octets: string;
  readonly predicted: number | null;
  readonly measured: number | null;
}

/** What was predicted beside what was seen; who does not agree stands first. */
export function overheadSection(figures: readonly JudgedFigure[], study: Study, caption: string): readonly string[] {
  const pairs = pairsOf(figures, study);
  const differing = pairs.filter(differs);
  const judged = pairs.filter(({ predicted, measured }) => predicted !== null && measured !== null);
  const verdict =
    judged.length === 0
      ? 'Nothing was both predicted and measured.'
      : differing.length === 0
        ? `All ${judged.length} predictions are what was measured, to the octet.`
        : `${differing.length} of ${judged.length} predictions are not what was measured.`;
  const rows = pairs.toSorted((a, b) => Number(differs(b)) - Number(differs(a)));
  return [
    `<p class="verdict">${verdict}</p>`,
    panels(
      grouped(pairs, ({ octets }) => octets).map(([octets, shown]) => ({
        caption: octets === '' ? 'Overhead' : octets,
        note: '',
        svg: overheadChart(octets, shown),
        legend: '',
      })),
    ),
    foldedTable(
      caption,
      [words('figure'), words('inner packet'), numbers('predicted'), numbers('measured'), words('')],
      rows.map(pair => [
        pair.name,
        pair.octets,
        octetsText(pair.predicted),
        octetsText(pair.measured),
        differs(pair) ? '✗ differs' : pair.predicted === null || pair.measured === null ? '' : '✓',
      ]),
    ),
  ];
}

const octetsText = (value: number | null): string => (value === null ? 'not told' : `${digitsOf(value)} octets`);
const digitsOf = (value: number): string => (Number.isInteger(value) ? String(value) : digits(value));
/** A mix of sizes has a mean, which need not be whole. */
const differs = ({ predicted, measured }: Pair): boolean =>
  predicted !== null && measured !== null && Math.abs(predicted - measured) > 0.5;

function pairsOf(figures: readonly JudgedFigure[], study: Study): readonly Pair[] {
  const names = seriesNames(figures, study, ['octets']);
  return grouped(figures, keyOf).flatMap(([, both]) => {
    const [first] = both;
    if (first === undefined) return [];
    const of = (metric: string): number | null => both.find(({ figure }) => figure.metric === metric)?.median ?? null;
    return [
      {
        name: names.get(first) ?? '',
        octets: parametersWords(first.figure, ['octets']),
        predicted: of('overhead predicted'),
        measured: of('overhead measured'),
      },
    ];
  });
}

const keyOf = ({ figure }: JudgedFigure): string => `${figure.subject} ${JSON.stringify(figure.parameters)}`;

/** Rows that do not fit are in the table. */
const ROWS_MAX = 20;
const ROW = 40;

/** A hollow ring for what was predicted, a dot for what was measured: a dot in its ring is a prediction that holds. */
function overheadChart(octets: string, pairs: readonly Pair[]): string {
  const rows = pairs.slice(0, ROWS_MAX).map((pair, top) => ({ ...pair, top }));
  type Row = (typeof rows)[number];
  const axis = axisFor([0, 1, ...rows.flatMap(({ predicted, measured }) => [predicted ?? 0, measured ?? 0])], true);
  return svgOf(`Overhead of ${octets}: predicted and measured octets a packet; they are in the table`, {
    width: WIDTH,
    height: 48 + rows.length * ROW,
    marginLeft: 14,
    marginRight: 22,
    marginTop: 4,
    marginBottom: 40,
    x: scaleOptions(axis),
    y: { domain: [rows.length, 0], axis: null },
    marks: [
      ...axisMarks(axis, 'x', 'octets a packet · ring: predicted, dot: measured'),
      Plot.text(rows, {
        frameAnchor: 'left',
        textAnchor: 'start',
        y: ({ top }: Row) => top + 0.25,
        text: ({ name }: Row) => name,
        stroke: 'var(--plot-background)',
        strokeWidth: 4,
        fill: 'currentColor',
      }),
      Plot.dot(
        rows.filter(({ predicted }) => predicted !== null),
        { x: 'predicted', y: ({ top }: Row) => top + 0.7, r: 6, stroke: 'var(--series-1)', strokeWidth: 1.5 },
      ),
      Plot.dot(
        rows.filter(({ measured }) => measured !== null),
        { x: 'measured', y: ({ top }: Row) => top + 0.7, r: 3, fill: 'var(--series-0)' },
      ),
    ],
  });
}
