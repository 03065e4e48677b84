import type { Instant } from '../../wire/instant.ts';

/** Dead peer detection of one ISAKMP SA, RFC 3706 §5 and §6. */
export interface LivenessState {
  /** Of the next R-U-THERE of this end; null: it has sent none. */
  readonly nextSequence: number | null;
  /** Of the last R-U-THERE of the peer; null: none has come. */
  readonly peerSequence: number | null;
  /** Since when an R-U-THERE of this end is not answered; null: none is under way. */
  readonly askedAt: Instant | null;
  /** When it is asked again. */
  readonly askAgainAt: Instant | null;
}

export const NOT_ASKED: LivenessState = { nextSequence: null, peerSequence: null, askedAt: null, askAgainAt: null };
