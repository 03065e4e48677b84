/**
 * What a conformance run leaves behind, `results.json`: the one file that the pages are made of. Documented in
 * reports/FORMAT.md; `format` counts up when a reader of the old form would misread the new one.
 */
export interface RunRecord {
  readonly format: 1;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** Which implementation was judged, by its adapter's name. */
  readonly dut: string;
  readonly driver: string;
  readonly seed: string;
  /** Which part of a run that machines share this is, counted from 1; absent in a run of everything that was asked for. */
  readonly shard?: { readonly index: number; readonly count: number };
  readonly environment: Environment;
  /** In the order in which the suites declare them. */
  readonly clauses: readonly ClauseRecord[];
}

export interface Environment {
  readonly version: string;
  /** Empty where the checkout is not known. */
  readonly commit: string;
  readonly node: string;
  readonly openssl: string;
  readonly platform: string;
}

/** `inconclusive`: the lab did not come up, so nothing was judged. `unsupported`: the driver or subject cannot do what the clause needs. */
export type Outcome = 'passed' | 'failed' | 'unsupported' | 'inconclusive';

export interface ClauseRecord {
  /** RFC, section, slug; then the parameter in brackets where a clause is judged for several. Stable. */
  readonly id: string;
  readonly suite: string;
  /**
   * `rfcNNNN`; `xauth` and `modecfg` for the drafts of IKEv1 of these names; `adversary` for what attackers have done to others, and
   * then `section` is the number of the attack.
   */
  readonly rfc: string;
  readonly section: string;
  readonly level: 'MUST' | 'MUST NOT' | 'SHOULD' | 'SHOULD NOT' | 'MAY';
  /** What the standard asks, in our words. */
  readonly text: string;
  /** What the tester does to find out. */
  readonly scenario: string;
  /** Algorithms that it used and that nobody should use any more, each with the reason; absent in older records. */
  readonly legacy?: readonly string[];
  readonly outcome: Outcome;
  /** Why it failed, was unsupported or inconclusive; empty when it passed. */
  readonly reason: string;
  readonly durationMs: number;
  readonly evidence: readonly EvidenceRecord[];
  /** The capture, relative to results.json; null when nothing was captured. */
  readonly pcapng: string | null;
  /** The subjects broken on purpose that the clause was run against as well, and whether it caught them. */
  readonly controls: readonly { readonly subject: string; readonly caught: boolean; readonly how: string }[];
  /** The command that judges this clause again with the same seed. */
  readonly replay: string;
}

/** One frame that the judgement rests on. */
export interface EvidenceRecord {
  /** Number of the packet in the pcapng, from 1; null when the frame is of no capture. */
  readonly frame: number | null;
  readonly link: string;
  readonly line: string;
  readonly says: string;
  /** The field of the frame that decides, where the judge names one; absent otherwise, and in older records. */
  readonly field?: FieldPlace;
}

/** A header field of a frame, `offset` to `end` (exclusive) in octets from the start of the frame. */
export interface FieldPlace {
  readonly name: string;
  readonly offset: number;
  readonly end: number;
}
