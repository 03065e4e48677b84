import type { IkeDatagram } from '../daemon.ts';
import type { Cookie } from '../../wire/isakmp/message.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import type { MessageTable } from './exchange-table.ts';
import type { HashForm } from './hash-form.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import type { OpenExchange } from './open-exchange.ts';
import type { Step, World } from './step.ts';
import type { TaskKind, TaskOf } from './task.ts';

/**
 * How an exchange of phase 2 is added: one file exports an `Exchange` (what is done with the peer's messages), an `Initiator` for
 * each kind of task that it carries out, and its tables with the RFC's own line above them; engine/ike/v1/exchanges.ts lists
 * them. The spine has found the ISAKMP SA, decrypted by the chain of the Message ID, checked the table and the HASH before
 * `receive` is called; it seals, cuts, sends and repeats what comes of it.
 */
export interface Exchange {
  /** The number in the header, and what people call it. */
  readonly exchangeType: number;
  readonly name: string;
  /** What the peer's next message has to be: the first where the state is `fresh`. null: none may come. */
  expects(exchange: OpenExchange): Expected | null;
  /**
   * `sa.exchanges` has `exchange`, with the IV of this message already. Its effects: a `send` or a `close` at most; with neither
   * an exchange that was `fresh` is over.
   */
  receive(sa: EstablishedIsakmpSa, exchange: OpenExchange, message: ReceivedMessage, world: World): Step;
  /** The peer does not answer, however often it was asked; the exchange is not in `sa.exchanges` any more. */
  giveUp(sa: EstablishedIsakmpSa, exchange: OpenExchange, world: World): Step;
}

export interface Expected {
  readonly table: MessageTable;
  readonly hash: HashForm;
}

/** An exchange that this end begins. */
export interface Initiator<K extends TaskKind> {
  readonly kind: K;
  /** Whether its turn has come: Quick Mode waits until the ISAKMP SA is open, and until one that is under way is over. */
  mayBegin(sa: EstablishedIsakmpSa, task: TaskOf<K>): boolean;
  /** Its effects hold a `send` with a `newMessageId`; without one the task was for nothing any more, and is gone. */
  begin(sa: EstablishedIsakmpSa, task: TaskOf<K>, world: World): Step;
}

/** What else there is to do for an established ISAKMP SA, and when: lifetimes, dead peer detection. */
export interface Clock {
  /** null: never, as things are. */
  dueAt(sa: EstablishedIsakmpSa): number | null;
  /** Is called when it is due. What comes of it is not due any more: another time, or never. */
  fire(sa: EstablishedIsakmpSa, world: World): Step;
}

/** A message that came, opened. */
export interface ReceivedMessage {
  readonly responderCookie: Cookie;
  readonly messageId: number;
  readonly exchangeType: number;
  readonly isEncrypted: boolean;
  /** COMMIT BIT, RFC 2408 §3.1. */
  readonly wantsCommit: boolean;
  /** All of them, HASH included; those that we do not know are left out. */
  readonly payloads: readonly IsakmpPayload[];
  /** Payloads as they were, deciphered, the generic headers included, without padding. */
  readonly octets: Uint8Array;
  readonly from: Omit<IkeDatagram, 'octets'>;
}
