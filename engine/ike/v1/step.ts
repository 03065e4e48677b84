import type { Random } from '../../crypto/random.ts';
import type { InboundName, NodeCommand } from '../../node/node.ts';
import type { PathMemory } from '../../pki/memory.ts';
import type { Instant } from '../../wire/instant.ts';
import type { ChildConfig, IkeConfig } from '../config.ts';
import type { IkeEvent, IkeSecrets } from '../daemon.ts';
import type { LossCause } from '../v2/step.ts';
import type { ExchangeState } from './exchange-state.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import type { HashForm } from './hash-form.ts';
import type { Cookie } from '../../wire/isakmp/message.ts';
import type { IsakmpSa } from './isakmp-sa.ts';
import type { V1Steps } from './steps.ts';
import type { Task } from './task.ts';

export type { LossCause } from '../v2/step.ts';

/** What comes of one input to one ISAKMP SA: its next value (null: it is gone) and every effect, in order. */
export interface Step {
  readonly sa: IsakmpSa | null;
  readonly effects: readonly Effect[];
}

export type Effect =
  /** The next message of phase 1: the spine seals, cuts, sends, repeats. `awaits`: sent again until the peer answers. */
  | {
      readonly kind: 'phase1';
      readonly payloads: readonly IsakmpPayload[];
      readonly isEncrypted: boolean;
      readonly awaits: boolean;
    }
  /** The last message of phase 1 once more, which the peer may not have. */
  | { readonly kind: 'repeat' }
  /** A message of phase 2. The spine makes its HASH payload, and chains the IV. */
  | {
      readonly kind: 'send';
      readonly messageId: number;
      readonly exchangeType: number;
      /** Behind the HASH. */
      readonly payloads: readonly IsakmpPayload[];
      readonly hash: HashForm;
      /** COMMIT BIT in the header, RFC 2408 §3.1. */
      readonly isCommit?: boolean;
      readonly after: After;
    }
  /** The exchange is over, and nothing of it will have to be repeated. */
  | { readonly kind: 'close'; readonly messageId: number }
  /** To be done when its turn comes; by another ISAKMP SA when one is named. */
  | { readonly kind: 'task'; readonly task: Task; readonly isakmpSa?: number }
  /** The same, but not before then. */
  | { readonly kind: 'delay'; readonly task: Task; readonly at: Instant }
  /** To the node, before any datagram of this call leaves. */
  | { readonly kind: 'command'; readonly command: NodeCommand }
  | { readonly kind: 'event'; readonly event: IkeEvent }
  /** Of the key log; the spine drops it unless that is wanted. */
  | { readonly kind: 'secrets'; readonly secrets: IkeSecrets }
  /** Another ISAKMP SA that this step has made or changed. */
  | { readonly kind: 'put'; readonly sa: IsakmpSa }
  /** A phase 1 that this end began came to nothing: the connection says whether to try again. */
  | { readonly kind: 'attemptFailed'; readonly attempt: number; readonly why: string }
  /** Another ISAKMP SA ends without a word; its children leave the node. */
  | { readonly kind: 'discard'; readonly isakmpSa: number; readonly why: string }
  /** These children are no more: the connection's `onClose` or `onDeath` says what becomes of them. */
  | {
      readonly kind: 'lost';
      readonly connection: string;
      readonly children: readonly ChildConfig[];
      readonly cause: LossCause;
    }
  /** Begin another phase 1 for this connection, with these children; `replaces` is the ISAKMP SA that it is to replace. */
  | {
      readonly kind: 'initiate';
      readonly connection: string;
      readonly children: readonly ChildConfig[];
      readonly replaces?: number;
    };

/** What becomes of an exchange of phase 2 when a message of this end has left. */
export type After =
  /** The peer's next message is waited for, and this one repeated until it comes. */
  | { readonly kind: 'expect'; readonly state: ExchangeState }
  /** It was the last; it is repeated for a while whenever the peer repeats its own. */
  | { readonly kind: 'over'; readonly state: ExchangeState }
  /** It was the only one: Informational. */
  | { readonly kind: 'once' };

export const step = (sa: IsakmpSa | null, ...effects: readonly Effect[]): Step => ({ sa, effects });
export const unchanged = (sa: IsakmpSa): Step => ({ sa, effects: [] });

/** What a step may look at besides its ISAKMP SA. Nothing in it is changed by a step, but `random` moves on, and `memory` learns. */
export interface World {
  readonly now: Instant;
  readonly config: IkeConfig;
  readonly steps: V1Steps;
  readonly random: Random;
  /** Of the node's own clock. */
  readonly epochSeconds: number;
  /** All ISAKMP SAs, this one included, in the order of their ids. */
  readonly sas: Iterable<IsakmpSa>;
  readonly find: (id: number) => IsakmpSa | null;
  /** The node's own addresses, text. */
  readonly addresses: readonly string[];
  readonly sourceFor: (destination: string) => string | null;
  /** As in `IkeContext`. */
  readonly lastHeard: (inbound: readonly InboundName[]) => Instant | null;
  /** What was fetched for the message at hand; null: it could not be; undefined: nobody has tried. */
  readonly fetched: (url: string, body: Uint8Array | null) => Uint8Array | null | undefined;
  /** What is known of the certificates of peers; it learns while they are looked at. */
  readonly memory: PathMemory;
  /** Never 0, and of no other ISAKMP SA. */
  readonly newCookie: () => Cookie;
  /** Of an exchange of phase 2 that this end begins: never 0, and not used in this ISAKMP SA. */
  readonly newMessageId: (sa: IsakmpSa) => number;
  /** 256 or more, and of no other inbound SA that IKE has made. */
  readonly newChildSpi: () => number;
  /** For `IsakmpSa.id` and `ChildSa.id`. */
  readonly newId: () => number;
  /** An instant so many seconds from now, less the connection's jitter; null for 0 seconds: never. */
  readonly jittered: (seconds: number, jitter: number) => Instant | null;
}
