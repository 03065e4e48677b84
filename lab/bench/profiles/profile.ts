import type { LiveOptions } from '../../drivers/netns/bring-up.ts';
import type { BenchGround } from '../live/ground.ts';
import type { MeasuredFigure } from '../record.ts';
import type { Uniform } from '../uniform.ts';

/** A set of measurements that `lab bench NAME` takes. */
export interface Profile {
  readonly name: string;
  /** One line for `lab bench --help`. */
  readonly summary: string;
  /** Decides what is measured; touches nothing. */
  plan(options: ProfileOptions): ProfilePlan;
}

export interface ProfileOptions {
  /** Under two minutes in all, on a machine that has nothing else to do. */
  readonly quick: boolean;
  /** Deprecated ciphers too. */
  readonly legacy: boolean;
}

export interface ProfilePlan {
  /** Each is measured once a round, in an order that the runner draws. */
  readonly subjects: readonly PlannedSubject[];
  /** How often, unless the user says: at least 10 for figures to quote. */
  readonly rounds: number;
}

/** What one turn measures. */
export interface PlannedSubject {
  /** In ids, in the record, and for `--subjects`: `engine`, `aes256-sha256-tunnel-44`. Unique in the plan. */
  readonly name: string;
  readonly title: string;
  /** Why it is left out on this machine, with what would help; null where it can be measured. */
  obstacle(): string | null;
  /** How long a turn takes, a guess, until one has been taken. */
  readonly secondsPerTurn: number;
  /**
   * Takes one turn: brings up what it measures, and tells of each figure one sample. Ids are `profile/subject/what`, the same in each
   * round. What is still up when it is done, or has failed, is taken down by the runner. A rejection is told to the user, and the turn
   * is not counted as done.
   */
  measure(context: TurnContext): Promise<readonly MeasuredFigure[]>;
}

export interface TurnContext {
  /** From 0. */
  readonly round: number;
  /** Aborted when the run is stopped, or the turn has taken far too long. */
  readonly signal: AbortSignal;
  /** Chance of this turn alone: the same for the same seed, round and subject. */
  readonly random: Uniform;
  /** What is being done, in a few words, for the line of progress. */
  readonly say: (what: string) => void;
  /** Brings up a topology in YAML, without its checks and without captures. One at a time: the one before has to be down. */
  readonly up: (topologyText: string, options?: LiveOptions) => Promise<BenchGround>;
}
