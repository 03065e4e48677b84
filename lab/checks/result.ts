import type { CapturedPacket } from '../capture/packet.ts';
import type { Recorder } from '../capture/recorder.ts';
import type { Tripwire } from '../capture/tripwire.ts';

/** Who saw the links, from before the first packet. */
export interface Witnesses {
  readonly recorder: Recorder;
  readonly tripwire: Tripwire;
}

/** A frame that a verdict rests on, and what it shows. */
export interface EvidenceFrame {
  readonly packet: CapturedPacket;
  readonly says: string;
}

export interface CheckResult {
  /** Of the check in the topology, with its line in the file. */
  readonly title: string;
  readonly line: number;
  readonly kind: 'passed' | 'failed' | 'unsupported';
  /** What was seen, or why it could not be; a sentence, several are several lines. */
  readonly why: string;
  readonly tries: number;
  /** Of lab time. */
  readonly durationMs: number;
  readonly evidence: readonly EvidenceFrame[];
}

/** The outcome of one try. */
export type Attempt =
  | {
      readonly kind: 'passed' | 'failed' | 'unsupported';
      readonly why: string;
      readonly evidence?: readonly EvidenceFrame[];
    }
  /** Another try may do better. */
  | { readonly kind: 'again'; readonly why: string; readonly evidence?: readonly EvidenceFrame[] };

/** `1 packet`, `2 packets`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
