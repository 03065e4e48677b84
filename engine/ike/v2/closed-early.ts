import { closeChild } from './child-closing.ts';
import type { ChildSa } from './child-sa.ts';
import { childById, protocolIdOf, protocolOf } from './child-table.ts';
import type { AuthenticatedIkeSa, EstablishedIkeSa } from './ike-sa.ts';
import { type Step, step, type World } from './step.ts';
import type { TaskKind } from './task.ts';

/**
 * The peer may close a Child SA before its answer, of which this end would learn that there is one, has come: messages overtake
 * each other. RFC 7296 §1.4.1 wants an answer at once, so what was closed is remembered until the answers are there.
 */
export interface ClosedEarly {
  readonly protocolId: number;
  /** By which the peer received. */
  readonly spi: number;
}

/** As many as anybody makes at once; the oldest makes room. */
const CLOSED_MAX = 8;

/** Whether an answer of the peer may bring a Child SA. */
export function isMakingChildren({ windows }: AuthenticatedIkeSa): boolean {
  return windows.requests.outstanding.some(({ task }) => MAKERS.has(task.kind));
}

const MAKERS: ReadonlySet<TaskKind> = new Set(['newChild', 'rekeyChild', 'followUp']);

/** A Delete has named what is not there. */
export function noteClosed<Sa extends AuthenticatedIkeSa>(sa: Sa, closed: ClosedEarly): Sa {
  if (sa.kind !== 'established' || !isMakingChildren(sa)) return sa;
  return { ...sa, closedEarly: [...(sa.closedEarly ?? []).slice(1 - CLOSED_MAX), closed] };
}

/** What an answer has come to, `made` being the Child SA that it brought: where the peer has closed it already, it goes again. */
export function withoutClosed({ sa, effects }: Step, made: ChildSa | null, world: World): Step {
  if (sa?.kind !== 'established' || sa.closedEarly === undefined) return { sa, effects };
  const closed = sa.closedEarly;
  const next: EstablishedIkeSa = isMakingChildren(sa) ? sa : { ...sa, closedEarly: [] };
  const child = made === null ? null : childById(next, made.id);
  if (child === null) return { sa: next, effects };
  const isClosed = closed.some(
    ({ protocolId, spi }) => spi === child.spiOut && protocolId === protocolIdOf(protocolOf(child)),
  );
  if (!isClosed) return { sa: next, effects };
  const gone = closeChild(next, child, 'closed', world);
  return step(gone.sa, ...effects, ...gone.effects);
}
