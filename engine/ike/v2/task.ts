import type { FlowQuery } from '../../node/node.ts';
import type { ChildConfig } from '../config.ts';
import type { KeyExchangeMethod, KeyExchangeStart } from '../../crypto/key-exchange.ts';

/**
 * What this end is to ask the peer: waits in `IkeSa.tasks` for room in the window, then stands beside its request until the
 * response comes. `begin` of its exchange (engine/ike/v2/exchange.ts) may return a task that knows more than the one that
 * waited: the nonce that it drew, the half of a key exchange.
 */
export type Task =
  /** IKE_SA_INIT, the first request. */
  | { readonly kind: 'initial' }
  /** IKE_AUTH; `child` goes along, null: none (RFC 6023). */
  | {
      readonly kind: 'authenticate';
      readonly child: ChildConfig | null;
      readonly flow: FlowQuery | null;
      readonly spiIn: number;
    }
  /** IKE_INTERMEDIATE; the key exchange is of ADDKE number `index`. */
  | { readonly kind: 'intermediate'; readonly index: number; readonly keyExchange: KeyExchangeStart | null }
  /** CREATE_CHILD_SA of §1.3.1; `flow` is the packet that asked for it (§2.9). */
  | {
      readonly kind: 'newChild';
      readonly child: ChildConfig;
      readonly flow: FlowQuery | null;
      readonly progress: Progress | null;
    }
  /** CREATE_CHILD_SA of §1.3.3; `childId` is a `ChildSa.id`. */
  | { readonly kind: 'rekeyChild'; readonly childId: number; readonly progress: Progress | null }
  /** CREATE_CHILD_SA of §1.3.2. */
  | { readonly kind: 'rekeyIke'; readonly progress: Progress | null }
  /** INFORMATIONAL: Delete of a Child SA, of the IKE SA. */
  | { readonly kind: 'deleteChild'; readonly childId: number }
  | { readonly kind: 'deleteIke' }
  /** INFORMATIONAL with nothing in it, §2.4. */
  | { readonly kind: 'liveness' };

/** What the initiator of a CREATE_CHILD_SA knows while its request is under way. CHILD's exchanges extend it as they need. */
export interface Progress {
  readonly nonce: Uint8Array;
  readonly method: KeyExchangeMethod | null;
  readonly keyExchange: KeyExchangeStart | null;
  /** Of the Child SA that this end receives by; 0 when an IKE SA is rekeyed. */
  readonly spiIn: number;
  /** Of the new IKE SA; null when it is a Child SA. */
  readonly ikeSpi: string | null;
  /** How often INVALID_KE_PAYLOAD made it begin again, and TEMPORARY_FAILURE made it wait. */
  readonly restarts: number;
}

export type TaskKind = Task['kind'];
export type TaskOf<K extends TaskKind> = Extract<Task, { kind: K }>;
