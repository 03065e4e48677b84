import type { Instant } from '../../wire/instant.ts';
import { beginSending, LINGER_NS } from './child-closing.ts';
import { removeCommand } from './child-install.ts';
import type { ChildSa } from './child-sa.ts';
import type { Clock } from './clocks.ts';
import { type EstablishedIkeSa, hasBegun, type IkeSa, isAuthenticated } from './ike-sa.ts';
import { type Effect, type Step, step, unchanged } from './step.ts';
import { withChild } from './child-table.ts';

/** Time to rekey a Child SA; on the way out or under way already, it has none. */
const rekeying: Clock = {
  dueAt: sa => earliest(childrenOf(sa).map(child => (child.state === 'installed' ? child.rekeyAt : null))),
  fire: (sa, { now }) =>
    each(
      sa,
      child => child.state === 'installed' && isDue(child.rekeyAt, now),
      child => ({
        child: { ...child, rekeyAt: null },
        effects: [{ kind: 'task', task: { kind: 'rekeyChild', childId: child.id, progress: null } }],
      }),
    ),
};

/**
 * The end of a Child SA: the peer was to delete it and did not, or it could not be rekeyed in time, and then the IKE SA has to
 * go as well (RFC 7296 §2.8) and whoever began it begins anew.
 */
const expiring: Clock = {
  dueAt: sa => earliest(childrenOf(sa).map(child => (child.state === 'deleting' ? null : child.expiresAt))),
  fire(sa, { now }) {
    const isOver = (child: ChildSa) => child.state !== 'deleting' && isDue(child.expiresAt, now);
    const over = each(sa, isOver, child => ({
      child: { ...child, expiresAt: null },
      effects: child.state === 'rekeyed' ? [{ kind: 'task', task: { kind: 'deleteChild', childId: child.id } }] : [],
    }));
    if (sa.kind !== 'established' || !sa.children.some(child => isOver(child) && child.state !== 'rekeyed'))
      return over;
    const children = [...new Set(sa.children.map(({ config }) => config))];
    const begin: Effect = { kind: 'initiate', connection: sa.connection.name, children };
    const anew = hasBegun(sa) ? [begin] : [];
    return { ...over, effects: [...over.effects, { kind: 'task', task: { kind: 'deleteIke' } }, ...anew] };
  },
};

/** The peer has not deleted what this replaces, and is ready to receive by now, RFC 7296 §2.8. */
const sending: Clock = {
  dueAt: sa => earliest(childrenOf(sa).map(sendsAt)),
  fire: (sa, { now }) => {
    let next = sa;
    const effects: Effect[] = [];
    for (const child of childrenOf(sa)) {
      if (!isDue(sendsAt(child), now) || !isAuthenticated(next)) continue;
      const begun = beginSending(next, child);
      next = begun.sa;
      effects.push(...begun.effects);
    }
    return step(next, ...effects);
  },
};

/** Packets that were on their way have come, or never will. */
const lingering: Clock = {
  dueAt: sa => earliest(isAuthenticated(sa) ? sa.lingering.map(({ until }) => until) : []),
  fire(sa, { now }) {
    if (!isAuthenticated(sa)) return unchanged(sa);
    const over = sa.lingering.filter(({ until }) => until <= now);
    const left = sa.lingering.filter(({ until }) => until > now);
    const commands = over.map(
      ({ inbound }): Effect => ({ kind: 'command', command: removeCommand(inbound, 'inbound') }),
    );
    return step({ ...sa, lingering: left }, ...commands);
  },
};

/** What the peer had no time for. */
const delayed: Clock = {
  dueAt: sa => earliest(isAuthenticated(sa) ? sa.delayed.map(({ at }) => at) : []),
  fire(sa, { now }) {
    if (!isAuthenticated(sa)) return unchanged(sa);
    const due = sa.delayed.filter(({ at }) => at <= now);
    const left = sa.delayed.filter(({ at }) => at > now);
    return step({ ...sa, delayed: left }, ...due.map(({ task }): Effect => ({ kind: 'task', task })));
  },
};

export const CHILD_CLOCKS: readonly Clock[] = [delayed, sending, rekeying, expiring, lingering];

function sendsAt(child: ChildSa): Instant | null {
  const isWaiting = !child.isOutboundInstalled && (child.state === 'installed' || child.state === 'rekeying');
  return isWaiting ? child.installedAt + LINGER_NS : null;
}

function each(
  sa: IkeSa,
  isMeant: (child: ChildSa) => boolean,
  change: (child: ChildSa) => { readonly child: ChildSa; readonly effects: readonly Effect[] },
): Step {
  if (!isAuthenticated(sa)) return unchanged(sa);
  let next: typeof sa = sa;
  const effects: Effect[] = [];
  for (const child of sa.children.filter(isMeant)) {
    const changed = change(child);
    next = withChild(next, changed.child);
    effects.push(...changed.effects);
  }
  return step(next, ...effects);
}

/** An IKE SA that is being replaced, or closed, has nothing to do for its children any more. */
const childrenOf = (sa: IkeSa): EstablishedIkeSa['children'] => (sa.kind === 'established' ? sa.children : []);
const isDue = (at: Instant | null, now: Instant): boolean => at !== null && at <= now;

function earliest(instants: readonly (Instant | null)[]): Instant | null {
  return instants.reduce((first, at) => (first === null || (at !== null && at < first) ? at : first), null);
}
