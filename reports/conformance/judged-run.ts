import type { ClauseRecord, RunRecord } from '../format.ts';
import type { Difference } from './difference.ts';
import type { FrameRecord } from './frame.ts';

/** What the pages are made of. */
export interface ConformanceReport {
  readonly runs: readonly JudgedRun[];
  /** What came out otherwise than in an earlier run; null: nobody asked. */
  readonly difference: Difference | null;
}

export interface JudgedRun {
  /** What was judged, and where; no two runs of a report have the same. */
  readonly label: string;
  readonly run: RunRecord;
  /** Where a clause's page is, and its capture: relative to the report's folder. */
  readonly pageOf: ReadonlyMap<ClauseRecord, string>;
  readonly captureOf: ReadonlyMap<ClauseRecord, string>;
  /** All frames of the clause's capture; null: it has none, or it is not there. */
  framesOf(clause: ClauseRecord): readonly FrameRecord[] | null;
}
