import type {
  BenchEnvironment,
  BenchRecord,
  FigureRecord,
  SampleRecord,
  TurnRecord,
} from '../../reports/bench-format.ts';
import type { Turn } from './order.ts';

/** A figure as one turn brings it: what it is, and its sample. */
export type MeasuredFigure = Omit<FigureRecord, 'samples' | 'subject'> & {
  readonly sample: Omit<SampleRecord, 'round'>;
};

/** The record after one turn more. Throws for a turn that is done already, or that is told as if it measured a figure of another subject. */
export function withTurn(record: BenchRecord, turn: TurnRecord, measured: readonly MeasuredFigure[]): BenchRecord {
  if (isDone(record, turn)) throw new Error(`${turn.subject} was measured in round ${turn.round} already`);
  const figures = new Map(record.figures.map(figure => [figure.id, figure]));
  for (const { sample, ...figure } of measured) {
    const known = figures.get(figure.id) ?? { ...figure, subject: turn.subject, samples: [] };
    if (known.subject !== turn.subject) throw new Error(`${figure.id} is of ${known.subject}, not of ${turn.subject}`);
    figures.set(figure.id, { ...known, samples: [...known.samples, { ...sample, round: turn.round }] });
  }
  return { ...record, turns: [...record.turns, turn], figures: [...figures.values()] };
}

/** What remains to be measured of an order, the same whether the run was stopped or not. */
export const turnsLeft = (order: readonly Turn[], record: BenchRecord): readonly Turn[] =>
  order.filter(turn => !isDone(record, turn));

const isDone = (record: BenchRecord, { round, subject }: Turn): boolean =>
  record.turns.some(turn => turn.round === round && turn.subject === subject);

/** The values of a figure in the order of their rounds. */
export const valuesOf = (figure: FigureRecord): readonly number[] =>
  figure.samples.toSorted((a, b) => a.round - b.round).map(sample => sample.value);

/** Why a stopped run cannot be gone on with as `wanted`, a record without turns; nothing where it can. */
export function whyNotResumable(stopped: BenchRecord, wanted: BenchRecord): readonly string[] {
  return [
    ...differences([
      ['profile', stopped.profile, wanted.profile],
      ['world', stopped.world, wanted.world],
      ['seed', stopped.seed, wanted.seed],
      ['number of rounds', stopped.rounds, wanted.rounds],
      ['command', stopped.command, wanted.command],
      ['version', stopped.environment.version, wanted.environment.version],
      ['commit', stopped.environment.commit, wanted.environment.commit],
    ]),
    ...machineDifferences(stopped.environment, wanted.environment),
    ...softwareDifferences(stopped.environment, wanted.environment),
  ];
}

/** In what two machines differ, such that no figure of one says anything of the other. */
export const machineDifferences = (before: BenchEnvironment, now: BenchEnvironment): readonly string[] =>
  differences([
    ['processor', before.processor.model, now.processor.model],
    ['number of processors', before.processor.processors, now.processor.processors],
    [
      'set of crypto instructions',
      before.processor.cryptoInstructions.join(' '),
      now.processor.cryptoInstructions.join(' '),
    ],
  ]);

/** What may explain a difference between two runs on the same machine, beside the lab itself. */
export const softwareDifferences = (before: BenchEnvironment, now: BenchEnvironment): readonly string[] =>
  differences([
    ['kernel', before.kernel, now.kernel],
    ['Node', before.node, now.node],
    ['OpenSSL', before.openssl, now.openssl],
    ['congestion control', before.congestionControl ?? 'unknown', now.congestionControl ?? 'unknown'],
    ['set of offloads', before.offloads.toSorted().join(' '), now.offloads.toSorted().join(' ')],
  ]);

type Difference = readonly [what: string, before: string | number, now: string | number];

const differences = (compared: readonly Difference[]): readonly string[] =>
  compared
    .filter(([, before, now]) => before !== now)
    .map(([what, before, now]) => `the ${what} was "${before}" and is "${now}"`);
