import type { InboundName } from '../../node/node.ts';
import { type Instant, NS_PER_S } from '../../wire/instant.ts';
import { CHILD_CLOCKS } from './child-clocks.ts';
import { endIkeSa, endOfLingering, withoutTrace } from './end.ts';
import { IKE_CLOCKS } from './ike-clocks.ts';
import { type AuthenticatedIkeSa, type IkeSa, isAuthenticated } from './ike-sa.ts';
import { type Step, step, unchanged, type World } from './step.ts';

/** Something that an IKE SA does by itself when its time has come. An exchange's file may export one. */
export interface Clock {
  /** null: never, as things are. */
  dueAt(sa: IkeSa): Instant | null;
  /** Is called when it is due. What comes of it is not due any more: another time, or never. */
  fire(sa: IkeSa, world: World): Step;
}

/** What is dropped unless the peer does something first: half-open ones, rekeyed ones, closed ones. */
const dropping: Clock = {
  dueAt: sa => ('dropAt' in sa ? sa.dropAt : null),
  fire: (sa, world) =>
    sa.kind === 'closed'
      ? { sa: null, effects: endOfLingering(sa.lingering ?? []) }
      : withoutTrace(endIkeSa(sa, 'failed', 'the peer did not go on', world)),
};

/** An error in the clear has refused this end's first request, and nothing better has come: §2.21.1. */
const refusal: Clock = {
  dueAt: sa => (sa.kind === 'initiating' ? (sa.attempt.refusal?.until ?? null) : null),
  fire: (sa, world) => {
    const why = sa.kind === 'initiating' ? (sa.attempt.refusal?.why ?? '') : '';
    return endIkeSa(sa, 'failed', why, world);
  },
};

/** What was to be fetched for an answer of the peer has not come, and nobody has said that it could not. */
const waiting: Clock = {
  dueAt: sa => {
    const isWaiting = sa.kind === 'authenticating' && sa.tasks.length + sa.windows.requests.outstanding.length === 0;
    return isWaiting ? sa.heardAt + FETCHING_NS : null;
  },
  fire: (sa, world) => endIkeSa(sa, 'failed', 'what was to be fetched did not come', world),
};

const FETCHING_NS = 60 * NS_PER_S;

/** §2.2: Message IDs have come to their end; nobody has rekeyed the IKE SA in four thousand million requests. */
const exhausted: Clock = {
  dueAt: sa => (sa.kind === 'established' && isExhausted(sa) ? sa.heardAt : null),
  fire: sa => ({ sa, effects: [{ kind: 'task', task: { kind: 'deleteIke', cause: 'failed' } }] }),
};

/** Some are left for the Delete. */
const LAST_ID = 2 ** 32 - 256;

function isExhausted({ windows, tasks }: IkeSa): boolean {
  return windows.requests.nextId > LAST_ID && !tasks.some(({ kind }) => kind === 'deleteIke');
}

/** RFC 7296 §2.4: silence is asked about, and it is none while packets come by one of its Child SAs. */
const liveness: Clock = {
  dueAt: sa => {
    const { livenessSeconds } = sa.connection;
    const isBusy = sa.tasks.length > 0 || sa.windows.requests.outstanding.length > 0;
    if (sa.kind !== 'established' || livenessSeconds === 0 || isBusy) return null;
    return sa.heardAt + livenessSeconds * NS_PER_S;
  },
  fire(sa, { lastHeard, now }) {
    const heardAt = isAuthenticated(sa) ? lastHeard(inboundOf(sa)) : null;
    if (heardAt !== null && heardAt > sa.heardAt) return unchanged({ ...sa, heardAt: Math.min(heardAt, now) });
    return step(sa, { kind: 'task', task: { kind: 'liveness' } });
  },
};

function inboundOf({ children, lingering }: AuthenticatedIkeSa): InboundName[] {
  return [...children, ...lingering].map(({ inbound: { spi, protocol = 'esp', destination } }) => ({
    spi,
    protocol,
    destination,
  }));
}

const CLOCKS: readonly Clock[] = [dropping, refusal, waiting, exhausted, ...IKE_CLOCKS, ...CHILD_CLOCKS, liveness];

/** When an IKE SA has something to do next, retransmissions included; null: nothing. */
export function dueAt(sa: IkeSa): Instant | null {
  let first: Instant | null = resendAt(sa);
  for (const clock of CLOCKS) {
    const due = clock.dueAt(sa);
    if (due !== null && (first === null || due < first)) first = due;
  }
  return first;
}

/** The clock that is due; null: none. */
export function dueClock(sa: IkeSa, now: Instant): Clock | null {
  return (
    CLOCKS.find(clock => {
      const due = clock.dueAt(sa);
      return due !== null && due <= now;
    }) ?? null
  );
}

/** When a request is sent again. The first one of an attempt is not, while somebody has answered it. */
export function resendAt(sa: IkeSa): Instant | null {
  if (sa.kind === 'initiating' && sa.attempt.candidates.length > 0) return null;
  return sa.windows.requests.outstanding.reduce<Instant | null>(
    (first, { resendAt: at }) => (first === null || at < first ? at : first),
    null,
  );
}
