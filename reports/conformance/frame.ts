/** A frame of a capture as the pages show it: decoded by the caller, since reports know no packets. */
export interface FrameRecord {
  /** Its place in the pcapng, from 1. */
  readonly number: number;
  /** Since the first frame of the capture. */
  readonly atUs: number;
  readonly link: string;
  /** The end that sent it, `node:interface`; empty where the capture does not say. */
  readonly from: string;
  /** Decoded, in one line. */
  readonly line: string;
  /** Neighbours finding each other: drawn only where a judgement rests on it. */
  readonly isChatter: boolean;
  /** Of a frame that a judgement rests on; null for the others, of which no page shows the octets. */
  readonly content: FrameContent | null;
}

export interface FrameContent {
  readonly octets: Uint8Array;
  /** From the outside in; the last is what tells such a frame from its like. */
  readonly fields: readonly FieldRecord[];
}

/** A header field, `offset` to `end` (exclusive) in octets from the start of the frame. */
export interface FieldRecord {
  readonly name: string;
  readonly value: string;
  readonly offset: number;
  readonly end: number;
  /** Words, in lower case, by which a sentence speaks of it. */
  readonly words: readonly string[];
}
