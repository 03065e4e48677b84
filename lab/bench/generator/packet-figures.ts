import type { MeasuredFigure } from '../record.ts';
import { lossRatio, NO_LOSS, PARTIAL_LOSS, type RateGoal } from '../rate-search.ts';
import { judged, searchRate } from './generator.ts';
import { type Generator, type OneWayLatency, SILENCE_SECONDS, type TrialOrder, type TrialResult } from './trial.ts';

/** How long is looked, and how closely. */
export interface Effort {
  /** Of each trial. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** As in `TrialOrder`. */
  readonly silenceSeconds: number;
  /** As in `RateGoal`. */
  readonly precision: number;
  readonly trialsPerRate: number;
  /** Packets/s. */
  readonly rateMax: number;
}

/** RFC 2544 asks for trials of 60 s; what is measured in ten rounds or more need not take long in each. */
export const THOROUGH: Effort = {
  seconds: 1,
  warmUpSeconds: 0.3,
  silenceSeconds: SILENCE_SECONDS,
  precision: 0.02,
  trialsPerRate: 3,
  rateMax: 500_000,
};
export const QUICK: Effort = { ...THOROUGH, seconds: 0.3, warmUpSeconds: 0.1, precision: 0.1, trialsPerRate: 1 };

export interface PacketNaming {
  /** What ids begin with: `compare/engine/udp-64`. */
  readonly id: string;
  /** What the ids begin with of whatever these rates cannot exceed; null: nothing is known to bound them. */
  readonly ceiling: string | null;
  readonly parameters: Readonly<Record<string, string | number>>;
}

/** Below this nothing is looked for. */
const RATE_MIN = 100;
/** Shares of the rate without loss at which latencies are measured, percent. */
const LOADS = [10, 50, 90] as const;
const PERCENTILES = [
  ['p50', 'p50'],
  ['p90', 'p90'],
  ['p99', 'p99'],
  ['p99.9', 'p999'],
] as const satisfies readonly (readonly [string, keyof OneWayLatency])[];

/**
 * Measures what packets of one kind a subject carries: the rate without loss (NDR), that with a loss of 0.5 % at most (PDR), and one-way
 * latencies at shares of the first. A subject that loses at any rate has only those figures that it could be measured by.
 */
export async function packetFigures(
  generator: Generator,
  order: Pick<TrialOrder, 'source' | 'destination' | 'packetOctets'>,
  effort: Effort,
  naming: PacketNaming,
): Promise<readonly MeasuredFigure[]> {
  const { seconds, warmUpSeconds, silenceSeconds, rateMax } = effort;
  const trial = { ...order, seconds, warmUpSeconds, silenceSeconds };
  const none: RateGoal = { ...effort, lossRatioMax: NO_LOSS, rateMin: RATE_MIN, rateMax };
  const { end: ndr, trials } = await searchRate(generator, none, trial);
  const figures: MeasuredFigure[] = [];
  if (ndr.kind === 'found') figures.push(rateFigure(naming, 'NDR', ndr.rate));
  const rateMin = ndr.kind === 'found' ? ndr.rate : RATE_MIN;
  const goal = { ...none, lossRatioMax: PARTIAL_LOSS, rateMin, rateMax: lossyRate(trials, effort) };
  // Where nobody has lost packets because of the rate, allowing for some of them finds no other.
  const isSame = ndr.kind === 'found' && (ndr.limit !== 'subject' || goal.rateMax <= rateMin * (1 + effort.precision));
  const { end: pdr } = isSame ? { end: ndr } : await searchRate(generator, goal, trial);
  if (pdr.kind === 'found') figures.push(rateFigure(naming, 'PDR', pdr.rate));
  else if (ndr.kind === 'found') figures.push(rateFigure(naming, 'PDR', ndr.rate)); // what held once need not again
  if (ndr.kind !== 'found') return figures;
  for (const load of LOADS) {
    const { latency } = await generator.trial({ ...trial, rate: Math.max(1, (ndr.rate * load) / 100) });
    if (latency !== null) figures.push(...latencyFigures(naming, latency, load));
  }
  return figures;
}

/** The lowest rate at which more was lost than PDR allows: above it that need not look. */
function lossyRate(results: readonly TrialResult[], { seconds, rateMax }: Effort): number {
  const lossy = results.map(result => judged(result, seconds)).filter(trial => lossRatio(trial) > PARTIAL_LOSS);
  return Math.max(RATE_MIN * 2, Math.min(rateMax, ...lossy.map(({ offeredRate }) => offeredRate)));
}

function rateFigure({ id, ceiling, parameters }: PacketNaming, metric: 'NDR' | 'PDR', rate: number): MeasuredFigure {
  const name = metric.toLowerCase();
  return {
    id: `${id}/${name}`,
    metric,
    unit: 'packets/s',
    better: 'more',
    parameters,
    ceiling: ceiling === null ? null : `${ceiling}/${name}`,
    sample: { value: rate, readings: [], warmUpReadings: 0 },
  };
}

/** The median's sample has the distribution. `load`: percent of the rate without loss; null where that is not what was sent. */
export function latencyFigures(
  { id, parameters }: PacketNaming,
  latency: OneWayLatency,
  load: number | null,
): readonly MeasuredFigure[] {
  return PERCENTILES.map(([name, key]) => ({
    id: `${id}/latency-${load === null ? '' : `${load}-`}${name}`,
    metric: `one-way latency ${name}`,
    unit: 'ns',
    better: 'less' as const,
    parameters: load === null ? parameters : { ...parameters, load },
    ceiling: null,
    sample: {
      value: latency[key],
      readings: [],
      warmUpReadings: 0,
      ...(name === 'p50' ? { distribution: latency.steps } : {}),
    },
  }));
}
