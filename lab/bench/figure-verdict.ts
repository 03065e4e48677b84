import type { BenchRecord, FigureRecord } from '../../reports/bench-format.ts';
import { BOOTSTRAP, bootstrapInterval, type Interval, widened } from './bootstrap.ts';
import { type Comparison, compareRounds } from './comparison.ts';
import { judgeDisturbance } from './disturbance.ts';
import { valuesOf } from './record.ts';
import { median, type Summary, summarize } from './summary.ts';
import type { Uniform } from './uniform.ts';

/** What is told of one figure beside its samples. */
export interface FigureVerdict {
  readonly figure: FigureRecord;
  readonly summary: Summary;
  /** Of the median, wider where the machine was disturbed. */
  readonly interval: Interval;
  /** How much of its ceiling it reached: the median of the shares of each round, and where that lies. null: it has none. */
  readonly share: { readonly median: number; readonly interval: Interval } | null;
  /** Against the same figure of `reference`; null: there is none, or this is it. */
  readonly comparison: Comparison | null;
}

/** Changes that nobody would notice are no difference. */
const CHANGE_MIN = 0.02;

/**
 * Judges every figure of a record that has a sample, in the record's order. `reference`: the subject that all others are held against.
 * `randomFor` gives a stream by the id of a figure.
 */
export function judgeFigures(
  record: BenchRecord,
  reference: string,
  randomFor: (id: string) => Uniform,
): readonly FigureVerdict[] {
  const loads = record.turns.map(({ load }) => load);
  const { widening } = judgeDisturbance(record.environment.loadBefore, loads);
  const byId = new Map(record.figures.map(figure => [figure.id, figure]));
  const referenceId = ({ id, subject }: FigureRecord): string =>
    id.replace(`${record.profile}/${subject}/`, `${record.profile}/${reference}/`);
  return record.figures
    .filter(({ samples }) => samples.length > 0)
    .map(figure => {
      const random = randomFor(figure.id);
      const summary = summarize(valuesOf(figure));
      const around = (values: readonly number[], middle: number): Interval =>
        notNegative(widened(bootstrapInterval(values, median, BOOTSTRAP, random), middle, widening));
      const interval = around(valuesOf(figure), summary.median);
      const ceiling = figure.ceiling === null ? undefined : byId.get(figure.ceiling);
      const shares = ceiling === undefined ? [] : sameRounds(ceiling, figure).map(([top, value]) => value / top);
      const middle = shares.length === 0 ? 0 : median(shares);
      const share = shares.length === 0 ? null : { median: middle, interval: around(shares, middle) };
      const other = figure.subject === reference ? undefined : byId.get(referenceId(figure));
      const pairs = other === undefined ? [] : sameRounds(other, figure);
      const settings = { ...BOOTSTRAP, changeMin: CHANGE_MIN, widening };
      const [base, values] = [pairs.map(([first]) => first), pairs.map(([, second]) => second)];
      const comparison = other === undefined ? null : compareRounds(base, values, figure.better, settings, random);
      return { figure, summary, interval, share, comparison };
    });
}

/** There are no rates, times and sizes below nothing, however wide an interval is made. */
const notNegative = (interval: Interval): Interval => ({ ...interval, low: Math.max(0, interval.low) });

/** The values of two figures in the rounds in which both were measured; those of which no share can be told are left out. */
function sameRounds(base: FigureRecord, figure: FigureRecord): readonly (readonly [number, number])[] {
  return figure.samples.flatMap(({ round, value }) => {
    const other = base.samples.find(sample => sample.round === round);
    return other === undefined || other.value <= 0 ? [] : [[other.value, value] as const];
  });
}
