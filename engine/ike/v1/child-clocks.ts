import { type Instant, NS_PER_S } from '../../wire/instant.ts';
import { LINGER_NS } from '../v2/child-closing.ts';
import { removeCommand } from '../v2/child-install.ts';
import type { ChildSa } from './child-sa.ts';
import { isActive, withChild } from './child-table.ts';
import { endIsakmpSa } from './end.ts';
import type { Clock } from './exchange.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import { takeIntoUse } from './quick-finish.ts';
import { failAnswer } from './quick-refuse.ts';
import { type Effect, type Step, step, type World } from './step.ts';
import { rekeyTask } from './task.ts';

/** Time to make a successor of a Child SA; under way already, or on the way out, it has none. */
const rekeying: Clock = {
  dueAt: sa => earliest(sa.children, child => (child.state === 'installed' ? child.rekeyAt : null)),
  fire: (sa, world) =>
    each(
      sa,
      child => child.state === 'installed' && isDue(child.rekeyAt, world),
      child => ({
        child: { ...child, rekeyAt: null },
        effects: [{ kind: 'task', task: rekeyTask(child) }],
      }),
    ),
};

/** The end of a Child SA: it has been replaced for long enough, or could not be replaced in time. */
const ending: Clock = {
  dueAt: sa => earliest(sa.children, endOf),
  fire(sa, world) {
    return each(
      sa,
      child => isDue(endOf(child), world),
      child => {
        const cause = child.state === 'rekeyed' ? 'asked' : 'failed';
        return {
          child: { ...child, state: 'deleting' },
          effects: [{ kind: 'task', task: { kind: 'deleteChild', childId: child.id, cause } }],
        };
      },
    );
  },
};

/** The peer has not said CONNECTED, or was given time, and is ready to receive by now. */
const connecting: Clock = {
  dueAt: sa => earliest(sa.children, connectsAt),
  fire(before, world) {
    let sa = before;
    const effects: Effect[] = [];
    for (const child of before.children) {
      if (!isDue(connectsAt(child), world)) continue;
      const used = takeIntoUse(sa, child, world);
      sa = used.sa;
      effects.push(...used.effects);
    }
    return step(sa, ...effects);
  },
};

/** The answer of this end was never confirmed, and the exchange that would say so is no more: it went with an ISAKMP SA. */
const unconfirmed: Clock = {
  dueAt: sa => earliest(sa.children, confirmedBy),
  fire(sa, world) {
    const child = sa.children.find(one => isDue(confirmedBy(one), world));
    return child === undefined ? step(sa) : failAnswer(sa, child.id, 'the peer has not confirmed it');
  },
};

/** Packets that were on their way have come, or never will. */
const lingering: Clock = {
  dueAt: sa => earliest(sa.lingering, ({ until }) => until),
  fire(sa, { now }) {
    const over = sa.lingering.filter(({ until }) => until <= now);
    const left = sa.lingering.filter(({ until }) => until > now);
    const commands = over.map(
      ({ inbound }): Effect => ({ kind: 'command', command: removeCommand(inbound, 'inbound') }),
    );
    return step({ ...sa, lingering: left }, ...commands);
  },
};

/** The peer has forgotten it, and it has nothing left that would be of use. */
const forgotten: Clock = {
  dueAt: sa => (sa.isForgotten === true && !sa.children.some(isActive) ? sa.heardAt : null),
  fire: (sa, world) => endIsakmpSa(sa, 'closed', 'its last Child SA is gone', world),
};

export const CHILD_CLOCKS: readonly Clock[] = [connecting, unconfirmed, rekeying, ending, lingering, forgotten];

function endOf({ state, retireAt, expiresAt }: ChildSa): Instant | null {
  if (state === 'rekeyed') return retireAt ?? expiresAt;
  return state === 'installed' || state === 'rekeying' ? expiresAt : null;
}

function confirmedBy({ state, origin, installedAt }: ChildSa): Instant | null {
  return state === 'installing' && origin.madeBy === 'peer' ? installedAt + CONFIRMED_NS : null;
}

/** Longer than any answer is repeated. */
const CONFIRMED_NS = 120 * NS_PER_S;

function connectsAt({ state, origin, installedAt }: ChildSa): Instant | null {
  if (state !== 'installing' || origin.madeBy !== 'us') return null;
  return installedAt + (origin.replaces === null ? LINGER_NS : REPLACING_NS);
}

/** For a peer to have the last message, and an exchange of the largest group done. */
const REPLACING_NS = NS_PER_S;

function each(
  before: EstablishedIsakmpSa,
  isMeant: (child: ChildSa) => boolean,
  change: (child: ChildSa) => { readonly child: ChildSa; readonly effects: readonly Effect[] },
): Step {
  let sa = before;
  const effects: Effect[] = [];
  for (const child of before.children.filter(isMeant)) {
    const changed = change(child);
    sa = withChild(sa, changed.child);
    effects.push(...changed.effects);
  }
  return step(sa, ...effects);
}

const isDue = (at: Instant | null, { now }: Pick<World, 'now'>): boolean => at !== null && at <= now;

function earliest<T>(all: readonly T[], at: (one: T) => Instant | null): Instant | null {
  return all.reduce<Instant | null>((first, one) => {
    const instant = at(one);
    return first === null || (instant !== null && instant < first) ? instant : first;
  }, null);
}
