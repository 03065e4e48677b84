import type { InboundName, NodeCommand } from '../../node/node.ts';
import type { PathMemory } from '../../pki/memory.ts';
import type { Payload } from '../../wire/ike/payload.ts';
import type { IkeSpi } from '../../wire/ike/message.ts';
import type { Instant } from '../../wire/instant.ts';
import type { KeyExchangeMethod, KeyPair } from '../../crypto/key-exchange.ts';
import type { Random } from '../../crypto/random.ts';
import type { ChildConfig, IkeConfig } from '../config.ts';
import type { IkeEvent, IkeFetch, IkeSecrets } from '../daemon.ts';
import type { IkeSteps } from '../steps.ts';
import type { IkeSa } from './ike-sa.ts';
import type { Task } from './task.ts';
import type { StoredTicket, Tickets } from './ticket.ts';

/** What comes of one input to one IKE SA: its next value (null: it is gone) and every effect, in order. */
export interface Step {
  readonly sa: IkeSa | null;
  readonly effects: readonly Effect[];
}

export type Effect =
  /** A request of this end for `task`; the spine numbers, seals, cuts, sends and repeats it. */
  | {
      readonly kind: 'request';
      readonly exchangeType: number;
      readonly payloads: readonly Payload[];
      readonly task: Task;
    }
  /** The answer to the request at hand: once for each, and kept to be sent again. */
  | { readonly kind: 'respond'; readonly payloads: readonly Payload[] }
  /** To be asked of the peer when the window has room; of another IKE SA when one is named. */
  | { readonly kind: 'task'; readonly task: Task; readonly ikeSa?: number }
  /** The same, but not before then. */
  | { readonly kind: 'delay'; readonly task: Task; readonly at: Instant; readonly ikeSa: number }
  /** To the node, before any datagram of this call leaves. */
  | { readonly kind: 'command'; readonly command: NodeCommand }
  | { readonly kind: 'event'; readonly event: IkeEvent }
  /** Of the key log; the spine drops it unless that is wanted. */
  | { readonly kind: 'secrets'; readonly secrets: IkeSecrets }
  /** Another IKE SA that this step has made or changed: a rekeyed one, an older one of the same peer. */
  | { readonly kind: 'put'; readonly sa: IkeSa }
  /** An IKE SA that this end began came to nothing: the connection says whether to try again. */
  | { readonly kind: 'attemptFailed'; readonly attempt: number; readonly why: string; readonly isDead: boolean }
  /** Another IKE SA ends without a word; its Child SAs leave the node. */
  | { readonly kind: 'discard'; readonly ikeSa: number; readonly why: string }
  /** These children are no more: the connection's `onClose` or `onDeath` says what becomes of them. */
  | {
      readonly kind: 'lost';
      readonly connection: string;
      readonly children: readonly ChildConfig[];
      readonly cause: LossCause;
    }
  /** Begin a new IKE SA for this connection, with these children. */
  | {
      readonly kind: 'initiate';
      readonly connection: string;
      readonly children: readonly ChildConfig[];
      /** The IKE SA that it is to replace (reauthentication). */
      readonly replaces?: number;
      /** RFC 5685: to there instead. */
      readonly to?: string;
    }
  /** RFC 5723: the peer has given a ticket for this IKE SA; one of the peer's has led to it. */
  | { readonly kind: 'ticket'; readonly ticket: StoredTicket }
  | { readonly kind: 'ticketUsed'; readonly serial: number }
  /** The message cannot be judged before this is fetched: the handler is called again with the same message then. */
  | { readonly kind: 'fetch'; readonly fetch: Omit<IkeFetch, 'id'> };

/** `closed`: the peer deleted it. `dead`: the peer does not answer. `failed`: it was refused, or broke. `asked`: a command. */
export type LossCause = 'closed' | 'dead' | 'failed' | 'asked';

export const step = (sa: IkeSa | null, ...effects: readonly Effect[]): Step => ({ sa, effects });
export const unchanged = (sa: IkeSa): Step => ({ sa, effects: [] });

/** What a step may look at besides its IKE SA. Nothing in it is changed by a step, but `random` moves on, and `memory` learns. */
export interface World {
  readonly now: Instant;
  readonly config: IkeConfig;
  readonly steps: IkeSteps;
  readonly random: Random;
  /** Of the node's own clock. */
  readonly epochSeconds: number;
  /** All IKE SAs, this one included, in the order of their ids. */
  readonly sas: Iterable<IkeSa>;
  readonly find: (id: number) => IkeSa | null;
  /** The node's own addresses, text. */
  readonly addresses: readonly string[];
  readonly sourceFor: (destination: string) => string | null;
  /** As in `IkeContext`. */
  readonly lastHeard: (inbound: readonly InboundName[]) => Instant | null;
  /** What was fetched for the message at hand; null: it could not be; undefined: nobody has tried. */
  readonly fetched: (url: string, body: Uint8Array | null) => Uint8Array | null | undefined;
  /** What is known of the certificates of peers; it learns while they are looked at. */
  readonly memory: PathMemory;
  /** One that was drawn ahead and that nobody else gets; undefined: there is none. */
  readonly takeKeyPair: (method: KeyExchangeMethod) => KeyPair | undefined;
  /** Those that this node gives out, RFC 5723. */
  readonly tickets: () => Tickets;
  /** Never 0, and of no other IKE SA. */
  readonly newIkeSpi: () => IkeSpi;
  /** 256 or more, and of no other inbound SA that IKE has made. */
  readonly newChildSpi: () => number;
  /** For `IkeSa.id` and `ChildSa.id`. */
  readonly newId: () => number;
  /** An instant so many seconds from now, less the connection's jitter; null for 0 seconds: never. */
  readonly jittered: (seconds: number, jitter: number) => Instant | null;
}
