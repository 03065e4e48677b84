import { CHILD_CLOCKS } from './child-clocks.ts';
import { deadPeerClock, liveness } from './dead-peer.ts';
import { deleteChild, deleteIsakmp } from './delete.ts';
import type { Clock, Exchange, Initiator } from './exchange.ts';
import { followingClock } from './follow-phase-one.ts';
import { inform, informational } from './informational.ts';
import { modeConfig } from './mode-config.ts';
import { quickInitiator } from './quick-begin.ts';
import { quickMode } from './quick.ts';
import type { Task, TaskKind } from './task.ts';
import { transaction } from './transaction.ts';
import { xauth } from './xauth.ts';

export { followPhaseOne } from './follow-phase-one.ts';

/** All exchanges of phase 2. */
const EXCHANGES: readonly Exchange[] = [quickMode, informational, transaction];

/** Those that this end begins: one for each kind of task. */
const INITIATORS: { readonly [K in TaskKind]: Initiator<K> } = {
  quick: quickInitiator,
  deleteChild,
  deleteIsakmp,
  inform,
  liveness,
  xauth,
  modeConfig,
};

/** What established ISAKMP SAs do by themselves, besides what phase 1 has to do with. */
export const PHASE2_CLOCKS: readonly Clock[] = [deadPeerClock, followingClock, ...CHILD_CLOCKS];

export function exchangeOf(exchangeType: number): Exchange | null {
  return EXCHANGES.find(one => one.exchangeType === exchangeType) ?? null;
}

/** Who carries out a task. */
export function initiatorOf(task: Task): Initiator<TaskKind> {
  return INITIATORS[task.kind] as unknown as Initiator<TaskKind>;
}
