import { isAsker, isGiver } from '../v2/child-place.ts';
import { v1Of } from './extensions.ts';
import { endIsakmpSa } from './end.ts';
import type { Clock } from './exchange.ts';
import { type EstablishedIsakmpSa, nameOf } from './isakmp-sa.ts';
import { NS_PER_S } from '../../wire/instant.ts';
import { type Effect, type Step, step } from './step.ts';

/**
 * What follows phase 1 before Quick Mode, at either end: XAuth where the gateway wants to know its user, then Mode Config where
 * this node wants addresses or gives them.
 */
export function followPhaseOne(sa: EstablishedIsakmpSa): Step {
  // Another has come first, and has it all.
  if (sa.replacedBy !== null) return step(sa);
  const { xauth } = v1Of(sa.connection);
  if (xauth === null) return afterUser(sa);
  const closed = { ...sa, isOpen: false, user: null };
  return xauth.side === 'gateway' ? step(closed, { kind: 'task', task: { kind: 'xauth' } }) : step(closed);
}

/** The user is known, or nobody wants to know. */
export function afterUser(sa: EstablishedIsakmpSa): Step {
  if (sa.replacedBy !== null) return step(sa);
  const { modeConfig } = v1Of(sa.connection);
  const asks = isAsker(sa.connection);
  if (modeConfig === 'none' || (!asks && !isGiver(sa.connection))) return step({ ...sa, isOpen: true });
  // Who waits for a question, or for what it will be told.
  const waits = asks === (modeConfig === 'push');
  const next = { ...sa, isOpen: waits && !asks };
  return waits ? step(next) : step(next, { kind: 'task', task: { kind: 'modeConfig' } });
}

/** What was to come first has not come: nobody has asked who the user is, or told of addresses. */
export const followingClock: Clock = {
  dueAt: sa =>
    sa.isOpen || sa.replacedBy !== null || sa.isForgotten === true ? null : sa.establishedAt + FOLLOWING_NS,
  fire(sa, world) {
    const detail = `${nameOf(sa)}: what is to come before Quick Mode has not come`;
    const event: Effect = {
      kind: 'event',
      event: { kind: 'negotiationFailed', connection: sa.connection.name, detail },
    };
    const end = endIsakmpSa(sa, 'failed', 'XAuth or Mode Config has not come', world);
    return { ...end, effects: [event, ...end.effects] };
  },
};

/** People type passwords. */
const FOLLOWING_NS = 120 * NS_PER_S;
