import type { BenchRecord } from '../../reports/bench-format.ts';
import type { GateVerdict } from '../../reports/performance/study.ts';
import { deltaWord } from './comparison.ts';
import { gate, type GateResult } from './gate.ts';

/** One false alarm in a hundred is what those who commit daily can live with. */
const CONFIDENCE = 0.99;
/** Changes below it are no reason to stop anybody. */
const CHANGE_MIN = 0.05;

/** What `--compare` says of a run, as the report takes it. */
export function gateVerdict(label: string, base: BenchRecord, now: BenchRecord): GateVerdict {
  const { passed, reasons, notes, figures } = gate(base, now, { confidence: CONFIDENCE, changeMin: CHANGE_MIN });
  const metrics = new Map(base.figures.map(({ id, metric }) => [id, metric]));
  return {
    label,
    base: { startedAt: base.startedAt, commit: base.environment.commit },
    passed,
    reasons,
    notes: withoutUnjudged(notes, figures),
    changeMin: CHANGE_MIN,
    figures: figures.map(({ id, comparison }) => {
      const metric = metrics.get(id) ?? '';
      if (comparison.kind !== 'compared')
        return { id, metric, obstacle: comparison.reason, change: null, verdict: null, size: '' };
      const { change, interval, verdict, delta } = comparison;
      return {
        id,
        metric,
        obstacle: null,
        change: { middle: change, low: interval.low, high: interval.high },
        verdict,
        size: deltaWord(delta),
      };
    }),
  };
}

/** Figures that the base had too few samples of, or none that a share can be told of, are named in the table and counted here. */
function withoutUnjudged(notes: readonly string[], figures: GateResult['figures']): readonly string[] {
  const unjudged = new Set(
    figures.flatMap(({ id, comparison }) => (comparison.kind === 'compared' ? [] : [`${id}: ${comparison.reason}`])),
  );
  const others = notes.filter(note => !unjudged.has(note));
  const count = notes.length - others.length;
  if (count === 0) return notes;
  return [...others, `${count} of ${figures.length} figures say nothing: they have too few samples, or are 0`];
}
