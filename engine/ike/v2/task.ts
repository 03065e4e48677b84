import type { FlowQuery } from '../../node/node.ts';
import type { SecurityProtocol } from '../../ipsec/sa.ts';
import type { IkeSpi } from '../../wire/ike/message.ts';
import type { Payload, SaPayload } from '../../wire/ike/payload.ts';
import type { ChildOffer } from './child-offer.ts';
import type { Path } from './ike-sa.ts';
import type { LossCause } from './step.ts';
import type { ChildConfig } from '../config.ts';
import type { AdditionalKeyExchange } from './suite.ts';
import type { KeyExchangeMethod, KeyExchangeStart } from '../../crypto/key-exchange.ts';

/**
 * What this end is to ask the peer: waits in `IkeSa.tasks` for room in the window, then stands beside its request until the
 * response comes. `begin` of its exchange (engine/ike/v2/exchange.ts) may return a task that knows more than the one that
 * waited: the nonce that it drew, the half of a key exchange.
 */
export type Task =
  /** IKE_SA_INIT, the first request. */
  | { readonly kind: 'initial' }
  /**
   * IKE_AUTH; `offer` is of the child that goes along, null: not yet known, or none
   * (RFC 6023). `method` is that of our AUTH, as in `IkeSaStatus.localAuthentication`.
   */
  | { readonly kind: 'authenticate'; readonly offer: ChildOffer | null; readonly method: string | null }
  /** IKE_INTERMEDIATE; the key exchange is of ADDKE number `index`. */
  | { readonly kind: 'intermediate'; readonly index: number; readonly keyExchange: KeyExchangeStart | null }
  /** CREATE_CHILD_SA of §1.3.1; `flow` is the packet that asked for it (§2.9). */
  | {
      readonly kind: 'newChild';
      readonly child: ChildConfig;
      readonly flow: FlowQuery | null;
      readonly progress: ChildProgress | null;
      readonly deferrals?: number;
    }
  /** CREATE_CHILD_SA of §1.3.3; `childId` is a `ChildSa.id`. */
  | {
      readonly kind: 'rekeyChild';
      readonly childId: number;
      readonly progress: ChildProgress | null;
      readonly deferrals?: number;
    }
  /** CREATE_CHILD_SA of §1.3.2. `deferrals`: how often TEMPORARY_FAILURE made it wait (§2.25). */
  | { readonly kind: 'rekeyIke'; readonly progress: IkeProgress | null; readonly deferrals?: number }
  /**
   * IKE_FOLLOWUP_KE, RFC 9370 §2.2.4: `about` is the task of the CREATE_CHILD_SA that it follows, `answered` what that was
   * answered with, `link` what brings the next request to it.
   */
  | {
      readonly kind: 'followUp';
      readonly about: CreateChildTask;
      readonly answered: readonly Payload[];
      readonly link: Uint8Array;
      readonly remaining: readonly AdditionalKeyExchange[];
      readonly secrets: readonly Uint8Array[];
      readonly keyExchange: KeyExchangeStart | null;
    }
  /** INFORMATIONAL: Delete of a Child SA, of the IKE SA. */
  | { readonly kind: 'deleteChild'; readonly childId: number; readonly cause?: LossCause }
  | { readonly kind: 'deleteIke'; readonly cause?: LossCause }
  /** INFORMATIONAL: Delete of an SA that the peer has made and this end cannot use; `spi` is this end's. */
  | { readonly kind: 'refuseChild'; readonly protocol: SecurityProtocol; readonly spi: number }
  /** INFORMATIONAL with these payloads; the IKE SA ends with it where `isLast` (§2.21.2). */
  | { readonly kind: 'inform'; readonly payloads: readonly Payload[]; readonly isLast: boolean }
  /** INFORMATIONAL of RFC 4555 §3.5 and §3.6: UPDATE_SA_ADDRESSES, the list of this node's addresses, or a look at a path. */
  | {
      readonly kind: 'updateAddresses';
      readonly cookie: Uint8Array | null;
      readonly path: Path | null;
      readonly retries?: number;
    }
  | { readonly kind: 'tellAddresses' }
  | { readonly kind: 'checkReturn'; readonly cookie: Uint8Array | null; readonly path: Path | null }
  /** INFORMATIONAL with nothing in it, §2.4. */
  | { readonly kind: 'liveness' };

/** What the initiator of a CREATE_CHILD_SA knows while its request is under way. */
interface Progress {
  readonly nonce: Uint8Array;
  /** How often INVALID_KE_PAYLOAD made it begin again. */
  readonly restarts: number;
}

export interface ChildProgress extends Progress {
  /** null: without a key exchange of its own. */
  readonly method: KeyExchangeMethod | null;
  readonly keyExchange: KeyExchangeStart | null;
  readonly offer: ChildOffer;
}

export interface IkeProgress extends Progress {
  readonly method: KeyExchangeMethod;
  readonly keyExchange: KeyExchangeStart;
  readonly offer: SaPayload;
  /** This end's SPI of the new IKE SA. */
  readonly spi: IkeSpi;
}

/** What CREATE_CHILD_SA is for. */
type CreateChildTask = Extract<Task, { kind: 'newChild' | 'rekeyChild' | 'rekeyIke' }>;

/** Whether it is to make such a child, by whichever exchange of RFC 9370 it has come to. */
export function makesChild(task: Task, { name }: Pick<ChildConfig, 'name'>): boolean {
  if (task.kind === 'followUp') return makesChild(task.about, { name });
  return task.kind === 'newChild' && task.child.name === name;
}

export type TaskKind = Task['kind'];
export type TaskOf<K extends TaskKind> = Extract<Task, { kind: K }>;
