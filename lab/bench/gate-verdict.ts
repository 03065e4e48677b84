import type { BenchRecord } from '../../reports/bench-format.ts';
import type { GateVerdict } from '../../reports/performance/study.ts';
import { BOOTSTRAP } from './bootstrap.ts';
import { deltaWord } from './comparison.ts';
import { gate } from './gate.ts';
import type { Uniform } from './uniform.ts';

/** Changes below it are no reason to stop anybody. */
const CHANGE_MIN = 0.05;

/** What `--compare` says of a run, as the report takes it. */
export function gateVerdict(
  label: string,
  base: BenchRecord,
  now: BenchRecord,
  randomFor: (id: string) => Uniform,
): GateVerdict {
  const { passed, reasons, notes, figures } = gate(base, now, { ...BOOTSTRAP, changeMin: CHANGE_MIN }, randomFor);
  const metrics = new Map(base.figures.map(({ id, metric }) => [id, metric]));
  return {
    label,
    base: { startedAt: base.startedAt, commit: base.environment.commit },
    passed,
    reasons,
    notes,
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
