import { type Instant, NS_PER_S } from '../../wire/instant.ts';
import { fraction } from './child-lifetime.ts';
import type { EstablishedIkeSa } from './ike-sa.ts';
import { type Step, step, unchanged, type World } from './step.ts';
import type { TaskOf } from './task.ts';

export type Deferrable = TaskOf<'newChild'> | TaskOf<'rekeyChild'> | TaskOf<'rekeyIke'>;

/** Some 8 s each: several minutes together, after which the ends have lost each other (RFC 7296 §2.25). */
const DEFERRALS_MAX = 25;

/** The task is begun anew later: the peer has no time for it (TEMPORARY_FAILURE), or this end has not. */
export function defer(sa: EstablishedIkeSa, task: Deferrable, world: World): Step {
  const deferrals = (task.deferrals ?? 0) + 1;
  if (deferrals > DEFERRALS_MAX) {
    const detail = `the peer puts off ${task.kind} for minutes: the states of both ends differ`;
    return step(
      sa,
      { kind: 'event', event: { kind: 'negotiationFailed', connection: sa.connection.name, detail } },
      { kind: 'task', task: { kind: 'deleteIke' } },
    );
  }
  const again: Deferrable = { ...task, progress: null, deferrals };
  return unchanged({ ...sa, delayed: [...sa.delayed, { at: patience(deferrals, world), task: again }] });
}

/** Never at once; a part of it at random, so that two ends that wait for each other do not meet again. */
export function patience(deferrals: number, { now, random }: World): Instant {
  const longest = Math.min(10, deferrals * 2);
  return now + Math.round(NS_PER_S * (1 + (longest - 1) * (0.5 + fraction(random) / 2)));
}
