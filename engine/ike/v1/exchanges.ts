import type { Clock, Exchange, Initiator } from './exchange.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import { type Step, unchanged, type World } from './step.ts';
import type { Task, TaskKind } from './task.ts';

/** All exchanges of phase 2: Quick Mode, Informational, Transaction. */
const EXCHANGES: readonly Exchange[] = [];

/** Those that this end begins, by kind of task. */
const INITIATORS: { readonly [K in TaskKind]?: Initiator<K> } = {};

/** What established ISAKMP SAs do by themselves. */
export const PHASE2_CLOCKS: readonly Clock[] = [];

export function exchangeOf(exchangeType: number): Exchange | null {
  return EXCHANGES.find(one => one.exchangeType === exchangeType) ?? null;
}

/** null: nobody carries out such a task. */
export function initiatorOf(task: Task): Initiator<TaskKind> | null {
  return (INITIATORS[task.kind] ?? null) as Initiator<TaskKind> | null;
}

/** What follows phase 1, at either end, before Quick Mode: XAuth, Mode Config. Its step may leave `isOpen` for later. */
export function followPhaseOne(sa: EstablishedIsakmpSa, _world: World): Step {
  return unchanged(sa);
}
