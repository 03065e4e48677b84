import type { MessagePort } from 'node:worker_threads';
import type { IkeConfig } from '../ike/config.ts';
import type { IkeEffects } from '../ike/daemon.ts';
import type { IkeStatus } from '../ike/status.ts';
import type { InboundName } from '../node/node.ts';
import type { IkeInput } from './ike-inbox.ts';
import type { Implementation } from './messages.ts';

/** Between the thread of a live node and the thread of its IKE daemon: IKE never shares a thread with packets. */

/** What the daemon's thread begins with. */
export interface IkeThreadOrder {
  readonly config: IkeConfig;
  readonly implementation: Implementation | null;
  /** Names that URLs may have, and the address of each. */
  readonly hosts: Readonly<Record<string, string>>;
  /** How far the node's clock is ahead, in nanoseconds. */
  readonly skewNs: number;
}

export type ToIkeThread =
  /** The first message. `answered` becomes 1 when the answer to a `question` is on the port `answers`. */
  | {
      readonly kind: 'start';
      readonly order: IkeThreadOrder;
      readonly answers: MessagePort;
      readonly answered: SharedArrayBuffer;
    }
  /** The next ones follow when it has done with these. */
  | { readonly kind: 'inputs'; readonly inputs: readonly IkeInput[] }
  | { readonly kind: 'status'; readonly id: number }
  | { readonly kind: 'skew'; readonly byNs: number };

export type FromIkeThread =
  /** `isDone`: it has done with its `inputs`. */
  | { readonly kind: 'effects'; readonly effects: Omit<IkeEffects, 'fetches'>; readonly isDone: boolean }
  | { readonly kind: 'status'; readonly id: number; readonly status: IkeStatus }
  /** The daemon waits, in its thread, for an answer. */
  | { readonly kind: 'question'; readonly question: IkeQuestion };

/** What a daemon asks of its node. */
export type IkeQuestion =
  /** The source address towards a destination; the answer is text, or null. */
  | { readonly kind: 'source'; readonly destination: string }
  /** Nanoseconds since a packet came by one of these SAs, or null. */
  | { readonly kind: 'silence'; readonly inbound: readonly InboundName[] };
