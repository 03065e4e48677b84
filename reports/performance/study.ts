import type { BenchRecord, FigureRecord } from '../bench-format.ts';

/** Where a value lies, by the confidence that was asked for. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** What the samples of one figure come to, in its own unit. */
export interface JudgedFigure {
  readonly figure: FigureRecord;
  /** Whose figure it is where the subject says so: `engine` of the subject `engine-x25519`; null where subjects differ in something else. */
  readonly implementation: string | null;
  readonly samples: number;
  readonly minimum: number;
  readonly lowerQuartile: number;
  readonly median: number;
  readonly upperQuartile: number;
  readonly maximum: number;
  /** Of the median; widened where the machine was disturbed. null where there are too few samples to tell. */
  readonly interval: Range | null;
  /** Of its ceiling in the same rounds; null for a ceiling, or where too few rounds have both. */
  readonly share: Estimate | null;
}

/** A median with where it lies. */
export interface Estimate extends Range {
  readonly middle: number;
}

/** `none`: no significant difference. */
export type Effect = 'better' | 'worse' | 'none';

/** One figure against the like one of another subject, in the same rounds. */
export interface Versus {
  readonly figure: FigureRecord;
  readonly other: FigureRecord;
  /** `figure` divided by `other`. */
  readonly ratio: Estimate;
  readonly effect: Effect;
}

/** What somebody said about cost, held against what was measured. */
export interface Claim {
  /** As it was said. */
  readonly statement: string;
  /** How it was put to the test. */
  readonly test: string;
  readonly verdict: 'holds' | 'holds in part' | 'does not hold' | 'undecided' | 'not measured';
  /** Why, in a sentence. */
  readonly because: string;
  readonly evidence: readonly ClaimEvidence[];
}

export interface ClaimEvidence {
  /** Whether it bears the claim out; null where the interval leaves it open. */
  readonly agrees: boolean | null;
  /** `decides`: the verdict rests on it; `aside`: told besides; `control`: the claim is not about it, so that it shows what chance does. */
  readonly role: 'decides' | 'aside' | 'control';
  /** `AES-CBC against 3DES`. */
  readonly what: string;
  readonly metric: string;
  /** From so many pairs of figures that differ in nothing else. */
  readonly pairs: number;
  /** By which share the first costs more than the second: 0.1 for a tenth more time, or a tenth less done in the same. */
  readonly cost: Estimate;
}

/** A run and all that is told of it. */
export interface Study {
  /** Unique in a report: `compare`, `compare no. 2`. */
  readonly label: string;
  readonly record: BenchRecord;
  /** In the record's order; figures without a sample are not among them. */
  readonly figures: readonly JudgedFigure[];
  /** This engine's figures against everybody else's. */
  readonly versus: readonly Versus[];
  /** Why the figures are to be taken with care; empty on a quiet machine. */
  readonly disturbances: readonly string[];
  /** What intervals were widened by. */
  readonly widening: number;
  /** In (0, 1). */
  readonly confidence: number;
  readonly resamples: number;
}

/** What `--compare` found. */
export interface GateVerdict {
  /** The run that was held against the base, by its label. */
  readonly label: string;
  readonly base: { readonly startedAt: string; readonly commit: string };
  readonly passed: boolean;
  readonly reasons: readonly string[];
  readonly notes: readonly string[];
  /** Changes below this share count for nothing. */
  readonly changeMin: number;
  readonly figures: readonly GatedFigure[];
}

export interface GatedFigure {
  readonly id: string;
  readonly metric: string;
  /** Why nothing could be compared; null where it was. */
  readonly obstacle: string | null;
  readonly change: Estimate | null;
  readonly verdict: 'noSignificantDifference' | 'faster' | 'slower' | null;
  /** How often samples are above those of the base less how often below, in a word: `large`. */
  readonly size: string;
}

export interface PerformanceReport {
  readonly studies: readonly Study[];
  readonly claims: readonly Claim[];
  readonly gate: GateVerdict | null;
}
