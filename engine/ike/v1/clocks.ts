import { type Instant, NS_PER_S } from '../../wire/instant.ts';
import { endIsakmpSa } from './end.ts';
import { PHASE2_CLOCKS } from './exchanges.ts';
import { type EstablishedIsakmpSa, isInitiating, type IsakmpSa, isStranger } from './isakmp-sa.ts';
import { type Effect, type Step, step, unchanged, type World } from './step.ts';
import { closed } from './used-ids.ts';

/** Something that an ISAKMP SA does by itself when its time has come. */
interface SaClock {
  /** null: never, as things are. */
  dueAt(sa: IsakmpSa): Instant | null;
  /** Is called when it is due. What comes of it is not due any more: another time, or never. */
  fire(sa: IsakmpSa, world: World): Step;
}

/** A stranger that has not gone on. */
const dropping: SaClock = {
  dueAt: sa => (isStranger(sa) ? sa.dropAt : null),
  fire: (sa, world) => endIsakmpSa(sa, 'failed', 'the peer did not go on', world),
};

/** An error in the clear has refused this end's phase 1, and nothing better has come. */
const refusal: SaClock = {
  dueAt: sa => (isInitiating(sa) ? (sa.attempt.refusal?.until ?? null) : null),
  fire: (sa, world) => endIsakmpSa(sa, 'failed', isInitiating(sa) ? (sa.attempt.refusal?.why ?? '') : '', world),
};

/** Time for another phase 1, RFC 2409 §4: that is how an ISAKMP SA is rekeyed. */
const rekeying = established({
  dueAt: sa => (sa.replacedBy === null ? sa.rekeyAt : null),
  fire(sa) {
    const effect: Effect = { kind: 'initiate', connection: sa.connection.name, children: [], replaces: sa.id };
    return step({ ...sa, rekeyAt: null }, effect);
  },
});

/** The end of what was agreed on, or of what another has replaced: the peer is told. */
const expiring = established({
  dueAt: sa => sa.expiresAt,
  fire(sa, { now }) {
    // Its peer has none of it any more: there is nobody to tell.
    if (sa.isForgotten === true) return { sa: null, effects: [] };
    // Where the Delete cannot go out, or leads to nothing, it ends all the same.
    const next = { ...sa, expiresAt: now + LAST_NS };
    const isAsked = sa.tasks.some(({ kind }) => kind === 'deleteIsakmp');
    if (isAsked) return unchanged(next);
    const cause = sa.replacedBy === null ? 'failed' : 'asked';
    return step(next, { kind: 'task', task: { kind: 'deleteIsakmp', cause } });
  },
});

const LAST_NS = 10 * NS_PER_S;

const delayed = established({
  dueAt: sa => earliest(sa.delayed.map(({ at }) => at)),
  fire(sa, { now }) {
    const due = sa.delayed.filter(({ at }) => at <= now);
    const left = sa.delayed.filter(({ at }) => at > now);
    return step({ ...sa, delayed: left }, ...due.map(({ task }): Effect => ({ kind: 'task', task })));
  },
});

/** Nobody will repeat the last message of these exchanges any more. */
const forgetting = established({
  dueAt: sa => earliest(sa.exchanges.map(({ dropAt }) => dropAt)),
  fire(sa, { now }) {
    const over = sa.exchanges.filter(({ dropAt }) => dropAt !== null && dropAt <= now);
    return unchanged(over.reduce((next, { messageId }) => closed(next, messageId), sa));
  },
});

const CLOCKS: readonly SaClock[] = [
  dropping,
  refusal,
  forgetting,
  delayed,
  rekeying,
  expiring,
  ...PHASE2_CLOCKS.map(established),
];

/** When an ISAKMP SA has something to do next, repetitions included; null: nothing. */
export function dueAt(sa: IsakmpSa): Instant | null {
  return earliest([resendAt(sa), ...CLOCKS.map(clock => clock.dueAt(sa))]);
}

/** The clock that is due; null: none. */
export function dueClock(sa: IsakmpSa, now: Instant): SaClock | null {
  const isDue = (clock: SaClock) => (clock.dueAt(sa) ?? Number.POSITIVE_INFINITY) <= now;
  return CLOCKS.find(isDue) ?? null;
}

/** When something is sent again that the peer has not answered. */
export function resendAt(sa: IsakmpSa): Instant | null {
  const open = sa.kind === 'established' ? sa.exchanges.map(({ conversation }) => conversation.resendAt) : [];
  return earliest([sa.kind === 'established' ? null : sa.conversation.resendAt, ...open]);
}

function established(clock: {
  dueAt(sa: EstablishedIsakmpSa): Instant | null;
  fire(sa: EstablishedIsakmpSa, world: World): Step;
}): SaClock {
  return {
    dueAt: sa => (sa.kind === 'established' ? clock.dueAt(sa) : null),
    fire: (sa, world) => (sa.kind === 'established' ? clock.fire(sa, world) : unchanged(sa)),
  };
}

function earliest(instants: readonly (Instant | null)[]): Instant | null {
  return instants.reduce((first, at) => (first === null || (at !== null && at < first) ? at : first), null);
}
