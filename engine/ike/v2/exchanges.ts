import type { Initiator, Responder } from './exchange.ts';
import type { TaskKind } from './task.ts';

/**
 * All exchanges under SK that this engine knows. IKE_SA_INIT and IKE_SESSION_RESUME, which begin an IKE SA, stand apart:
 * there is none yet that they would be steps of.
 */
export const RESPONDERS: readonly Responder[] = [];

/** One for each kind of task. */
export const INITIATORS: { readonly [K in TaskKind]?: Initiator<K> } = {};
