import type { BenchRecord, FigureRecord } from '../../reports/bench-format.ts';
import { type Comparison, compareRuns, type RunsSettings, whyNoBase } from './comparison.ts';
import { judgeDisturbance } from './disturbance.ts';
import { machineDifferences, softwareDifferences, valuesOf } from './record.ts';
import { comparableValues, isJudged } from './reference.ts';

export interface GateResult {
  readonly passed: boolean;
  /** Why it did not pass, in sentences; empty when it did. */
  readonly reasons: readonly string[];
  /** What whoever reads the result should know besides. */
  readonly notes: readonly string[];
  /** Of every figure that both records have and that is judged, in the base's order. */
  readonly figures: readonly { readonly id: string; readonly comparison: Comparison }[];
}

export interface GateSettings {
  /**
   * That of the whole gate: in a hundred comparisons of a commit with itself it finds something slower in one at most where this is 0.99,
   * however many figures there are. Each is therefore held against its share of the doubt (Bonferroni).
   */
  readonly confidence: number;
  /** Changes below this share are no difference, however sure they are. */
  readonly changeMin: number;
}

/**
 * Whether anything became slower since the base, or can no longer be measured. What runs nothing of this project's is judged by nobody:
 * other implementations are what the rest is held against, where there are enough of them (`reference.ts`).
 */
export function gate(base: BenchRecord, now: BenchRecord, { confidence, changeMin }: GateSettings): GateResult {
  const obstacles = whyIncomparable(base, now);
  if (obstacles.length > 0) return { passed: false, reasons: obstacles, notes: [], figures: [] };
  const pairs = base.figures.flatMap(before => {
    const after = now.figures.find(figure => figure.id === before.id);
    if (after === undefined || !isJudged(before, base)) return [];
    return [{ figure: before, ...comparableValues({ before, after }, { before: base, after: now }) }];
  });
  const disturbances = [base, now].map(({ environment, turns }) =>
    judgeDisturbance(
      environment.loadBefore,
      turns.map(turn => turn.load),
    ),
  );
  const settings: RunsSettings = {
    doubt: (1 - confidence) / Math.max(1, pairs.filter(pair => whyNoBase(pair.before) === null).length),
    changeMin,
    widening: Math.max(...disturbances.map(disturbance => disturbance.widening)),
  };
  const judged = pairs.map(({ figure, before, after, others }) => ({
    figure,
    others,
    comparison: compareRuns(before, after, figure.better, settings),
  }));
  const unjudged = judged.flatMap(({ figure, comparison }) =>
    comparison.kind === 'compared' ? [] : [{ figure, why: comparison.reason }],
  );
  const absent = missing(base, now);
  // What the base could not tell either is no news; what it could, and this run cannot, is.
  const isNews = ({ figure }: { readonly figure: FigureRecord }): boolean =>
    whyNoBase(valuesOf(figure)) === null && isJudged(figure, base);
  const reasons = [
    ...judged.flatMap(one => sentence(one, 'slower')),
    ...together(unjudged.filter(isNews)),
    ...absent.filter(isNews).map(({ why }) => why),
  ];
  if (unjudged.length === judged.length && reasons.length === 0) reasons.push('no figure could be compared');
  return {
    passed: reasons.length === 0,
    reasons,
    notes: [
      ...judged.flatMap(one => sentence(one, 'faster')),
      ...unjudged.filter(one => !isNews(one)).map(({ figure, why }) => `${figure.id}: ${why}`),
      ...absent.filter(one => !isNews(one)).map(({ why }) => why),
      ...softwareDifferences(base.environment, now.environment),
      ...disturbances.flatMap(({ reasons: why }, i) => why.map(reason => `${i === 0 ? 'base' : 'now'}: ${reason}`)),
    ],
    figures: judged.map(({ figure, comparison }) => ({ id: figure.id, comparison })),
  };
}

/** Too few rounds are too few for all figures: that is said once. */
function together(unjudged: readonly { readonly figure: FigureRecord; readonly why: string }[]): readonly string[] {
  const idsByReason = new Map<string, string[]>();
  for (const { figure, why } of unjudged) idsByReason.set(why, [...(idsByReason.get(why) ?? []), figure.id]);
  return [...idsByReason].map(
    ([why, [first, ...more]]) => `${first}${more.length === 0 ? '' : `, and ${more.length} more`}: ${why}`,
  );
}

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
