import type { BenchRecord, LoadRecord } from '../../../reports/bench-format.ts';
import type { LiveOptions } from '../../drivers/netns/bring-up.ts';
import { createSeededRandom } from '../../drivers/sim/seeded-random.ts';
import { interleave, type Turn } from '../order.ts';
import type { PlannedSubject } from '../profiles/profile.ts';
import { type MeasuredFigure, turnsLeft, withTurn } from '../record.ts';
import { bringUp } from './bring-up.ts';
import type { BenchGround } from './ground.ts';
import { watchLoad } from './machine-load.ts';
import type { FromBench } from './messages.ts';
import { TimeLeft } from './time-left.ts';

export interface RunOutside {
  readonly tell: (message: FromBench) => void;
  /** After each turn, with all that was measured so far. */
  readonly write: (record: BenchRecord) => void;
  /** Aborted: the turn that runs is given up. */
  readonly signal: AbortSignal;
}

/** A turn that takes longer than its guess by so much hangs: a busy machine is slow, but not so slow. */
const LATE_FACTOR = 10;
const LATE_SECONDS = 60;

/** Takes the turns that the record lacks, in the order that its seed gives, and gives the record with them. */
export async function runPlan(
  subjects: readonly PlannedSubject[],
  record: BenchRecord,
  { tell, write, signal }: RunOutside,
): Promise<BenchRecord> {
  const { rounds, seed } = record;
  const names = subjects.map(({ name }) => name);
  const order = interleave(names, rounds, createSeededRandom(`${seed}/order`));
  const left = turnsLeft(order, record);
  const time = new TimeLeft(new Map(subjects.map(({ name, secondsPerTurn }) => [name, secondsPerTurn])));
  const counts = { turnsLeft: left.length, turns: order.length };
  tell({ kind: 'planned', subjects: record.subjects ?? [], rounds, ...counts, secondsLeft: time.of(left) });
  let now = record;
  for (const [index, turn] of left.entries()) {
    const subject = subjects.find(({ name }) => name === turn.subject);
    if (subject === undefined || signal.aborted) break;
    const began = performance.now();
    const seconds = (): number => (performance.now() - began) / 1000;
    const say = (what: string): void => {
      const turnsDone = order.length - left.length + index;
      tell({
        kind: 'doing',
        ...turn,
        what,
        turnsDone,
        turns: order.length,
        secondsLeft: time.of(left.slice(index), seconds()),
      });
    };
    const taken = await takeTurn(subject, turn, seed, say, signal);
    if (taken.kind === 'stopped') break;
    time.took(turn.subject, seconds());
    if (taken.kind === 'failed') {
      tell({ kind: 'turnFailed', ...turn, why: taken.why });
      continue;
    }
    now = withTurn(now, { ...turn, load: taken.load }, taken.figures);
    write(now);
    tell({ kind: 'turnDone', ...turn, seconds: seconds() });
  }
  tell({ kind: 'ended', turnsMissing: turnsLeft(order, now).length });
  return now;
}

type Taken =
  | { readonly kind: 'measured'; readonly figures: readonly MeasuredFigure[]; readonly load: LoadRecord }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'stopped' };

async function takeTurn(
  subject: PlannedSubject,
  turn: Turn,
  seed: string,
  say: (what: string) => void,
  stop: AbortSignal,
): Promise<Taken> {
  const limitSeconds = LATE_SECONDS + LATE_FACTOR * subject.secondsPerTurn;
  const signal = AbortSignal.any([stop, AbortSignal.timeout(Math.ceil(limitSeconds * 1000))]);
  const load = watchLoad();
  let ground: BenchGround | null = null;
  const up = async (text: string, options?: LiveOptions): Promise<BenchGround> => {
    ground = await bringUp(text, signal, options);
    return ground;
  };
  const random = createSeededRandom(`${seed}/${turn.subject}/${turn.round}`);
  try {
    say('coming up');
    const figures = await subject.measure({ round: turn.round, signal, random, say, up });
    return { kind: 'measured', figures, load: load.end() };
  } catch (error) {
    if (stop.aborted) return { kind: 'stopped' };
    if (signal.aborted) return { kind: 'failed', why: `it had not ended after ${Math.round(limitSeconds)} s` };
    return { kind: 'failed', why: error instanceof Error ? error.message : String(error) };
  } finally {
    await (ground as BenchGround | null)?.down();
  }
}
