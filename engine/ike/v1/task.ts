import type { FlowQuery } from '../../node/node.ts';
import type { ChildConfig } from '../config.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import type { ChildSa } from './child-sa.ts';
import type { QuickOffer, SelectorsOfSa } from './quick-state.ts';
import type { LossCause } from './step.ts';

/** What this end is to ask the peer or to tell it once there is an ISAKMP SA: waits in `IsakmpSa.tasks`. */
export type Task =
  /**
   * Quick Mode; `replaces` is the `ChildSa.id` that it rekeys; `flow` the packet that asked for it. `pair`: for these selectors of
   * the child, where it has several; absent: for all of them, or those of the packet.
   */
  | {
      readonly kind: 'quick';
      readonly child: ChildConfig;
      readonly flow: FlowQuery | null;
      readonly replaces: number | null;
      readonly pair?: SelectorsOfSa;
    }
  /** Informational: Delete of a pair of ESP or AH SAs, of the ISAKMP SA. */
  | { readonly kind: 'deleteChild'; readonly childId: number; readonly cause?: LossCause }
  | { readonly kind: 'deleteIsakmp'; readonly cause?: LossCause }
  /** Informational with these payloads, the HASH not among them. */
  | { readonly kind: 'inform'; readonly payloads: readonly IsakmpPayload[] }
  /** R-U-THERE, RFC 3706. */
  | { readonly kind: 'liveness' }
  /** Transaction: XAuth asks who the user is; Mode Config asks for addresses, or gives them. */
  | { readonly kind: 'xauth' }
  | { readonly kind: 'modeConfig' };

export type TaskKind = Task['kind'];
export type TaskOf<K extends TaskKind> = Extract<Task, { kind: K }>;

/** The same Quick Mode once more. */
export const quickTask = ({ config, replaces, pair }: Pick<QuickOffer, 'config' | 'replaces' | 'pair'>): Task => ({
  kind: 'quick',
  child: config,
  flow: null,
  replaces,
  pair,
});

/** Another Quick Mode in the place of this Child SA. */
export const rekeyTask = ({ id, config }: Pick<ChildSa, 'id' | 'config'>): Task => ({
  kind: 'quick',
  child: config,
  flow: null,
  replaces: id,
});
