import type { IkeHeader } from '../../wire/ike/message.ts';
import type { Payload } from '../../wire/ike/payload.ts';
import type { ExchangeTable } from './exchange-table.ts';
import type { IkeSa, KeyedIkeSa } from './ike-sa.ts';
import type { Step, World } from './step.ts';
import type { TaskKind, TaskOf } from './task.ts';
import type { OutstandingRequest, SealedContent } from './windows.ts';
import type { IkeDatagram } from '../daemon.ts';

/**
 * How an exchange is added: one file exports a `Responder` (the answer to a peer's request), an `Initiator` for each kind of
 * task that it carries out, and its `ExchangeTable` with the RFC's own line above it; engine/ike/v2/exchanges.ts lists them.
 * The dispatcher has checked SPIs, window, integrity, critical payloads and the table before either is called; the spine
 * numbers, seals, fragments, sends, repeats and caches.
 */
export interface Responder {
  readonly table: ExchangeTable;
  /** Whether a request of this exchange type is of this form; of those in the list, the first that says so has it. */
  takes(payloads: readonly Payload[]): boolean;
  /** Whether it can be handled in this state; what no responder takes is answered by the spine (§2.21, §2.25). */
  accepts(sa: KeyedIkeSa): boolean;
  /** Its effects hold one `respond`, or a `fetch`: then it is called again with the same request. */
  respond(sa: KeyedIkeSa, request: ReceivedMessage, world: World): Step;
}

export interface Initiator<K extends TaskKind> {
  readonly table: ExchangeTable;
  readonly kind: K;
  /** Its effects hold one `request`; without one the task was for nothing any more, and is gone. */
  begin(sa: IkeSa, task: TaskOf<K>, world: World): Step;
  /** The response is authentic (where it can be), and complete by the table unless it has an error notify. */
  conclude(
    sa: IkeSa,
    request: OutstandingRequest & { readonly task: TaskOf<K> },
    response: ReceivedMessage,
    world: World,
  ): Step;
}

/** A message that came, opened. */
export interface ReceivedMessage {
  readonly header: IkeHeader;
  /** In the clear, or inside of SK; whole. Those that we do not know, and are not critical, are left out. */
  readonly payloads: readonly Payload[];
  /** As it was on the wire; of a message in fragments the last that came. */
  readonly octets: Uint8Array;
  /** null: it was in the clear. */
  readonly content: SealedContent | null;
  readonly from: Omit<IkeDatagram, 'octets'>;
}
