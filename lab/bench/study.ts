import type { BenchRecord, FigureRecord } from '../../reports/bench-format.ts';
import type { Estimate, JudgedFigure, Study, Versus } from '../../reports/performance/study.ts';
import { bootstrapInterval, widened } from './bootstrap.ts';
import { compare, type ComparisonSettings, SAMPLES_MIN } from './comparison.ts';
import { judgeDisturbance } from './disturbance.ts';
import { valuesOf } from './record.ts';
import { median, summarize } from './summary.ts';
import type { Uniform } from './uniform.ts';

/** Those whose name a subject may begin with: `strongswan-x25519-psk` is a subject of strongSwan's. */
const IMPLEMENTATIONS = [
  'engine',
  'strongswan',
  'openvpn-static',
  'openvpn-tls',
  'wireguard-go',
  'kernel-esp',
  'ipip',
  'plain',
];
/** Everybody is held against this one. */
const OURS = 'engine';

/** What says how a subject carries packets. Two of them that differ in it are compared all the same: that is what they are. */
const OWN_PARAMETERS = new Set(['cipher', 'mode', 'encapsulation', 'program']);

const CONFIDENCE = 0.95;
/** Smaller changes are no difference. */
const CHANGE_MIN = 0.03;
/** So many samples are drawn again for all figures together, as long as each gets the least that is worth it. */
const [DRAWS, RESAMPLES_MIN, RESAMPLES_MAX] = [600_000, 1000, 4000];

/**
 * What the figures of a run come to. `randomFor` gives a stream for each figure by its id, so that what is said of one does not hang
 * on the others.
 */
export function studyOf(label: string, record: BenchRecord, randomFor: (id: string) => Uniform): Study {
  const { reasons, widening } = judgeDisturbance(
    record.environment.loadBefore,
    record.turns.map(turn => turn.load),
  );
  const measured = record.figures.filter(({ samples }) => samples.length > 0);
  const resamples = Math.max(RESAMPLES_MIN, Math.min(RESAMPLES_MAX, Math.floor(DRAWS / Math.max(1, measured.length))));
  const settings = { confidence: CONFIDENCE, resamples, changeMin: CHANGE_MIN, widening, pairedBy: 'rounds' } as const;
  const byId = new Map(measured.map(figure => [figure.id, figure]));
  const figures = measured.map(figure => {
    const ceiling = byId.get(figure.ceiling ?? '') ?? null;
    return judged(figure, ceiling, settings, randomFor);
  });
  return {
    label,
    record,
    figures,
    versus: versusOf(figures, settings, randomFor),
    disturbances: reasons,
    widening,
    confidence: CONFIDENCE,
    resamples,
  };
}

/** Names for runs: the profile, then what tells them apart. */
export function labelsOf(records: readonly BenchRecord[]): string[] {
  return records.map(({ profile }, i) => {
    const before = records.slice(0, i).filter(other => other.profile === profile).length;
    return before === 0 ? profile : `${profile} no. ${before + 1}`;
  });
}

export function implementationOf(subject: string): string | null {
  const longestFirst = IMPLEMENTATIONS.toSorted((a, b) => b.length - a.length);
  return longestFirst.find(name => subject === name || subject.startsWith(`${name}-`)) ?? null;
}

function judged(
  figure: FigureRecord,
  ceiling: FigureRecord | null,
  settings: ComparisonSettings,
  randomFor: (id: string) => Uniform,
): JudgedFigure {
  const values = valuesOf(figure);
  const { count, iqr: _, ...summary } = summarize(values);
  const drawn = (): JudgedFigure['interval'] =>
    widened(bootstrapInterval(values, median, settings, randomFor(figure.id)), summary.median, settings.widening);
  return {
    figure,
    implementation: implementationOf(figure.subject),
    samples: count,
    ...summary,
    interval: count < SAMPLES_MIN ? null : drawn(),
    share: ceiling === null ? null : ratioOf(figure, ceiling, settings, randomFor),
  };
}

/** Of two figures in the rounds that have both; null where these are too few, or where it says nothing. */
function ratioOf(
  figure: FigureRecord,
  other: FigureRecord,
  settings: ComparisonSettings,
  randomFor: (id: string) => Uniform,
): Estimate | null {
  const comparison = comparisonOf(figure, other, settings, randomFor);
  if (comparison.kind !== 'compared') return null;
  const { change, interval } = comparison;
  return { middle: 1 + change, low: 1 + interval.low, high: 1 + interval.high };
}

function comparisonOf(
  figure: FigureRecord,
  other: FigureRecord,
  settings: ComparisonSettings,
  randomFor: (id: string) => Uniform,
): ReturnType<typeof compare> {
  const others = new Map(other.samples.map(({ round, value }) => [round, value]));
  const both = figure.samples.flatMap(({ round, value }) => {
    const base = others.get(round);
    return base === undefined ? [] : [{ base, value }];
  });
  return compare(
    both.map(({ base }) => base),
    both.map(({ value }) => value),
    figure.better,
    settings,
    randomFor(`${figure.id} ${other.id}`),
  );
}

function versusOf(
  figures: readonly JudgedFigure[],
  settings: ComparisonSettings,
  randomFor: (id: string) => Uniform,
): readonly Versus[] {
  const ours = new Map<string, FigureRecord[]>();
  for (const { figure, implementation } of figures) {
    if (implementation !== OURS) continue;
    const like = likeness(figure);
    ours.set(like, [...(ours.get(like) ?? []), figure]);
  }
  const others = figures.filter(({ implementation }) => implementation !== null && implementation !== OURS);
  return others.flatMap(({ figure: other }) => {
    const like = ours.get(likeness(other)) ?? [];
    const same = like.length > 1 ? like.filter(({ parameters }) => isSame(parameters, other.parameters)) : like;
    const [figure] = same;
    if (figure === undefined || same.length > 1) return [];
    const comparison = comparisonOf(figure, other, settings, randomFor);
    if (comparison.kind !== 'compared') return [];
    const { change, interval, verdict } = comparison;
    const ratio = { middle: 1 + change, low: 1 + interval.low, high: 1 + interval.high };
    const effect = verdict === 'noSignificantDifference' ? 'none' : verdict === 'faster' ? 'better' : 'worse';
    return [{ figure, other, ratio, effect }];
  });
}

/** The same of figures that tell the same of two subjects. */
const likeness = ({ metric, unit, parameters }: FigureRecord): string =>
  JSON.stringify([metric, unit, ...sortedEntries(parameters).filter(([name]) => !OWN_PARAMETERS.has(name))]);

const isSame = (a: FigureRecord['parameters'], b: FigureRecord['parameters']): boolean =>
  JSON.stringify(sortedEntries(a)) === JSON.stringify(sortedEntries(b));

const sortedEntries = (parameters: FigureRecord['parameters']): [string, string | number][] =>
  Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
