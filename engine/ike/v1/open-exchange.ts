import type { Instant } from '../../wire/instant.ts';
import type { ExchangeState } from './exchange-state.ts';

/** The last that this end has said in an exchange, and how it comes to be said again. */
export interface Conversation {
  /** Digest of the message that `sent` has answered: when it comes again, so does the answer. null: nothing has come yet. */
  readonly heard: string | null;
  /** As they were on the wire, several when it was cut; empty: nothing was said yet. */
  readonly sent: readonly Uint8Array[];
  readonly sends: number;
  /** How often it was sent because the peer repeated its own. */
  readonly repeats: number;
  /** null: nothing is waited for, or it is the peer who repeats. */
  readonly resendAt: Instant | null;
}

export const SILENCE: Conversation = { heard: null, sent: [], sends: 0, repeats: 0, resendAt: null };

/** An exchange of phase 2: one Message ID, one chain of IVs. */
export interface OpenExchange {
  readonly messageId: number;
  /** In the header. */
  readonly exchangeType: number;
  /** Of this end in this exchange. */
  readonly role: 'initiator' | 'responder';
  /** The last block of ciphertext of the last message that was sent, or found to be authentic: RFC 2409 App. B. */
  readonly iv: Uint8Array;
  readonly conversation: Conversation;
  /** What its handler remembers. */
  readonly state: ExchangeState;
  readonly openedAt: Instant;
  /** Over but for repetitions of the last message: forgotten then. null: it goes on. */
  readonly dropAt: Instant | null;
}
