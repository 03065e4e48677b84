import type { BenchRecord, FigureRecord } from '../../reports/bench-format.ts';
import { type Comparison, type ComparisonSettings, compare, whyNoBase } from './comparison.ts';
import { judgeDisturbance } from './disturbance.ts';
import { machineDifferences, softwareDifferences, valuesOf } from './record.ts';
import { comparableValues, isOfOthers } from './reference.ts';
import type { Uniform } from './uniform.ts';

export interface GateResult {
  readonly passed: boolean;
  /** Why it did not pass, in sentences; empty when it did. */
  readonly reasons: readonly string[];
  /** What whoever reads the result should know besides. */
  readonly notes: readonly string[];
  /** Of every figure that both records have, in the base's order, but for those of other implementations. */
  readonly figures: readonly { readonly id: string; readonly comparison: Comparison }[];
}

/**
 * `confidence` is that of the whole gate: in a hundred comparisons of a commit with itself it fails in 5 at most where that is 0.95, however
 * many figures there are. Each is therefore held against its share of the doubt (Bonferroni).
 */
export type GateSettings = Pick<ComparisonSettings, 'confidence' | 'resamples' | 'changeMin'>;

/**
 * Whether anything became slower since the base, or can no longer be measured. What is not of this lab's making is judged by nobody: it
 * is what the rest is held against, where there is enough of it (`reference.ts`). `randomFor` gives a stream for each figure by its id, so
 * that what is drawn for one does not hang on the order of the others.
 */
export function gate(
  base: BenchRecord,
  now: BenchRecord,
  settings: GateSettings,
  randomFor: (id: string) => Uniform,
): GateResult {
  const obstacles = whyIncomparable(base, now);
  if (obstacles.length > 0) return { passed: false, reasons: obstacles, notes: [], figures: [] };
  const pairs = base.figures.flatMap(before => {
    const after = now.figures.find(figure => figure.id === before.id);
    if (after === undefined || isOfOthers(before)) return [];
    return [{ figure: before, ...comparableValues({ before, after }, { before: base, after: now }) }];
  });
  const disturbances = [base, now].map(({ environment, turns }) =>
    judgeDisturbance(
      environment.loadBefore,
      turns.map(turn => turn.load),
    ),
  );
  const figureSettings: ComparisonSettings = {
    ...settings,
    confidence:
      1 - (1 - settings.confidence) / Math.max(1, pairs.filter(pair => whyNoBase(pair.before) === null).length),
    widening: Math.max(...disturbances.map(disturbance => disturbance.widening)),
    pairedBy: 'runs',
  };
  const judged = pairs.map(({ figure, before, after, others }) => ({
    figure,
    others,
    comparison: compare(before, after, figure.better, figureSettings, randomFor(figure.id)),
  }));
  const slower = judged.flatMap(one => sentence(one, 'slower'));
  const unjudged = judged.flatMap(({ figure, comparison }) =>
    comparison.kind === 'compared' ? [] : [{ figure, why: `${figure.id}: ${comparison.reason}` }],
  );
  // What the base could not tell either is no news; what it could, and this run cannot, is.
  const silent = [...unjudged, ...missing(base, now)];
  const reasons = [...slower, ...silent.filter(({ figure }) => hasBase(figure)).map(({ why }) => why)];
  if (unjudged.length === judged.length && reasons.length === 0) reasons.push('no figure could be compared');
  return {
    passed: reasons.length === 0,
    reasons,
    notes: [
      ...judged.flatMap(one => sentence(one, 'faster')),
      ...silent.filter(({ figure }) => !hasBase(figure)).map(({ why }) => why),
      ...softwareDifferences(base.environment, now.environment),
      ...disturbances.flatMap(({ reasons: why }, i) => why.map(reason => `${i === 0 ? 'base' : 'now'}: ${reason}`)),
    ],
    figures: judged.map(({ figure, comparison }) => ({ id: figure.id, comparison })),
  };
}

/** What others could be measured by is no reason to stop anybody. */
const hasBase = (figure: FigureRecord): boolean => whyNoBase(valuesOf(figure)) === null && !isOfOthers(figure);

function whyIncomparable(base: BenchRecord, now: BenchRecord): readonly string[] {
  if (base.world !== now.world) return [`the base is ${base.world} and this is ${now.world}`];
  const units = new Map(base.figures.map(({ id, unit, better }) => [id, `${better} ${unit}`]));
  return [
    ...machineDifferences(base.environment, now.environment).map(
      difference => `the base was measured on another machine: ${difference}`,
    ),
    ...now.figures
      .filter(({ id, unit, better }) => (units.get(id) ?? `${better} ${unit}`) !== `${better} ${unit}`)
      .map(({ id }) => `${id} is not told in the unit of the base`),
  ];
}

function missing(
  base: BenchRecord,
  now: BenchRecord,
): readonly { readonly figure: FigureRecord; readonly why: string }[] {
  const ids = new Set(now.figures.map(figure => figure.id));
  return base.figures
    .filter(({ id }) => !ids.has(id))
    .map(figure => ({ figure, why: `${figure.id} was not measured now` }));
}

/** None where the verdict is another. */
function sentence(
  {
    figure,
    others,
    comparison,
  }: { readonly figure: FigureRecord; readonly others: number; readonly comparison: Comparison },
  verdict: 'faster' | 'slower',
): readonly string[] {
  if (comparison.kind !== 'compared' || comparison.verdict !== verdict) return [];
  const { change, interval } = comparison;
  const size = `${percent(change)} ${figure.unit} (${percent(interval.low)} to ${percent(interval.high)})`;
  const against = others === 0 ? '' : `, beside ${others} others in the same rounds`;
  return [`${figure.id} is ${verdict}: ${size}${against}`];
}

const percent = (share: number): string => `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)} %`;
