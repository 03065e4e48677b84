/** Between `lab bench` and the first process of its pod, which takes the measurements. */
import type { BenchRecord, SubjectRecord } from '../../../reports/bench-format.ts';

export interface BenchOrder {
  readonly profile: string;
  readonly quick: boolean;
  readonly legacy: boolean;
  /** null: as many as the plan says. */
  readonly rounds: number | null;
  /** Only these of the plan; null: all. */
  readonly subjects: readonly string[] | null;
  readonly seed: string;
  /** Where the record is written, absolute; its folder exists. */
  readonly file: string;
  /** A stopped run to go on with. */
  readonly resumed: BenchRecord | null;
  readonly command: string;
  readonly version: string;
  /** Empty where the checkout is not known. */
  readonly commit: string;
}

export type ToBench =
  | { readonly kind: 'start'; readonly order: BenchOrder }
  /** End the turn that runs, which is not counted, take everything down, and go. */
  | { readonly kind: 'stop' };

export type FromBench =
  | { readonly kind: 'hello' }
  /** Once, before the first turn. */
  | {
      readonly kind: 'planned';
      readonly subjects: readonly SubjectRecord[];
      readonly rounds: number;
      readonly turnsLeft: number;
      readonly turns: number;
      /** A guess. */
      readonly secondsLeft: number;
    }
  | {
      readonly kind: 'doing';
      readonly subject: string;
      readonly round: number;
      readonly what: string;
      readonly turnsDone: number;
      readonly turns: number;
      readonly secondsLeft: number;
    }
  | { readonly kind: 'turnDone'; readonly subject: string; readonly round: number; readonly seconds: number }
  /** It is not in the record; the next one goes on. */
  | { readonly kind: 'turnFailed'; readonly subject: string; readonly round: number; readonly why: string }
  /** The user's input, or the machine: as of Failure. */
  | { readonly kind: 'failed'; readonly message: string; readonly fix: string | null; readonly exitCode: number }
  /** All turns are done, or it was told to stop. The record is written. */
  | { readonly kind: 'ended'; readonly turnsMissing: number };
