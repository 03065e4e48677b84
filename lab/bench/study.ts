import type { BenchRecord, FigureRecord } from '../../reports/bench-format.ts';
import type { JudgedFigure, Study, Versus } from '../../reports/performance/study.ts';
import { BOOTSTRAP } from './bootstrap.ts';
import { SAMPLES_MIN } from './comparison.ts';
import { judgeDisturbance } from './disturbance.ts';
import { type FigureVerdict, judgeFigures } from './figure-verdict.ts';
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

/** Of these every subject of the name is another measurement: `ipip-4in6` is one of IP in IP alone, beside ciphers. */
const ALONE = new Set(['ipip', 'plain']);

/**
 * What the figures of a run come to, in the order of its plan. `randomFor` gives a stream for each figure by its id, so that what is said
 * of one does not hang on the others.
 */
export function studyOf(label: string, record: BenchRecord, randomFor: (id: string) => Uniform): Study {
  const { reasons, widening } = judgeDisturbance(
    record.environment.loadBefore,
    record.turns.map(turn => turn.load),
  );
  const verdicts = inOrder(judgeFigures(record, OURS, randomFor), record);
  const byId = new Map(verdicts.map(({ figure }) => [figure.id, figure]));
  return {
    label,
    record,
    figures: verdicts.map(judgedFigure),
    versus: verdicts.flatMap(verdict => versusOf(verdict, record, byId)),
    disturbances: reasons,
    widening,
    confidence: BOOTSTRAP.confidence,
    resamples: BOOTSTRAP.resamples,
  };
}

/** Figures come in the order of turns, which is drawn. */
function inOrder(verdicts: readonly FigureVerdict[], { subjects = [] }: BenchRecord): readonly FigureVerdict[] {
  const places = new Map(subjects.map(({ name }, i) => [name, i]));
  const placeOf = ({ figure }: FigureVerdict): number => places.get(figure.subject) ?? places.size;
  return verdicts.toSorted((a, b) => placeOf(a) - placeOf(b));
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
  return longestFirst.find(name => subject === name || (!ALONE.has(name) && subject.startsWith(`${name}-`))) ?? null;
}

function judgedFigure({ figure, summary, interval, share }: FigureVerdict): JudgedFigure {
  const { count, iqr: _, ...quartiles } = summary;
  const isTold = count >= SAMPLES_MIN;
  return {
    figure,
    implementation: implementationOf(figure.subject),
    samples: count,
    ...quartiles,
    interval: isTold ? { low: interval.low, high: interval.high } : null,
    share:
      isTold && share !== null ? { middle: share.median, low: share.interval.low, high: share.interval.high } : null,
  };
}

/** The other's change from ours, turned round. */
function versusOf(
  { figure: other, comparison }: FigureVerdict,
  { profile }: BenchRecord,
  byId: ReadonlyMap<string, FigureRecord>,
): readonly Versus[] {
  const figure = byId.get(other.id.replace(`${profile}/${other.subject}/`, `${profile}/${OURS}/`));
  if (figure === undefined || comparison?.kind !== 'compared') return [];
  const { change, interval, verdict } = comparison;
  const effect = verdict === 'noSignificantDifference' ? 'none' : verdict === 'slower' ? 'better' : 'worse';
  return [
    {
      figure,
      other,
      ratio: { middle: turned(change), low: turned(interval.high), high: turned(interval.low) },
      effect,
    },
  ];
}

/** Of a wide interval the end may be less than nothing: a million times is as far as anybody is ahead. */
const turned = (change: number): number => 1 / Math.max(1 + change, 1e-6);
