import type { LoadRecord } from '../../reports/bench-format.ts';

/** How far figures are to be believed that were measured while the machine had other things to do. */
export interface Disturbance {
  readonly disturbed: boolean;
  /** What was in the way, in sentences for whoever reads the figures; empty when nothing was. */
  readonly reasons: readonly string[];
  /** What intervals are widened by: 1 on a quiet machine (`widened` in bootstrap.ts). */
  readonly widening: number;
}

/** A share of all processors' time that any machine uses for itself. */
const QUIET = 0.05;
/** A single turn may be worse, since rounds and medians forgive one. */
const QUIET_TURN = 0.2;
/**
 * How much a share of the machine that was missing widens intervals: by a quarter missing they are twice as wide. A convention, not a
 * theorem: how much samples differ shows in the interval already; this is for what moved all of them.
 */
const WIDENING_PER_SHARE = 4;

/** Judges the load before the run and in each of its turns, which count by how long they took. */
export function judgeDisturbance(before: LoadRecord, during: readonly LoadRecord[]): Disturbance {
  const others = meanShare(during, load => load.others);
  const stolen = meanShare(during, load => load.stolen);
  const worst = Math.max(0, ...during.map(load => load.others + load.stolen));
  const reasons = [
    before.others + before.stolen > QUIET
      ? `the machine was busy by ${percent(before.others + before.stolen)} before the run began`
      : '',
    others > QUIET ? `others used ${percent(others)} of the machine during the run` : '',
    stolen > QUIET ? `the hypervisor took ${percent(stolen)} of the machine during the run` : '',
    worst > QUIET_TURN && others <= QUIET && stolen <= QUIET
      ? `in one of ${during.length} turns ${percent(worst)} of the machine went elsewhere`
      : '',
  ].filter(reason => reason !== '');
  const disturbed = reasons.length > 0;
  return { disturbed, reasons, widening: disturbed ? 1 + WIDENING_PER_SHARE * Math.min(1, others + stolen) : 1 };
}

function meanShare(loads: readonly LoadRecord[], share: (load: LoadRecord) => number): number {
  let [shares, seconds] = [0, 0];
  for (const load of loads) {
    shares += share(load) * load.processorSeconds;
    seconds += load.processorSeconds;
  }
  return seconds > 0 ? shares / seconds : 0;
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
