import { NS_PER_MS, NS_PER_S } from '../../wire/instant.ts';
import type { IsakmpNotifyPayload } from '../../wire/isakmp/payload.ts';
import { octetsEqual } from '../../wire/octets.ts';
import { endIsakmpSa } from './end.ts';
import type { Clock, Initiator } from './exchange.ts';
import { v1Of } from './extensions.ts';
import { heardOf } from './heard.ts';
import { type EstablishedIsakmpSa, nameOf } from './isakmp-sa.ts';
import { cookiesOctets, isakmpNotify } from './notify.ts';
import { type Effect, type Step, step, unchanged, type World } from './step.ts';
import { tell } from './tell.ts';
import { isUnconfirmed, unheard } from './unconfirmed.ts';

/**
 * Dead peer detection, RFC 3706 §5.2:
 *
 *     HDR*, HASH, N(R-U-THERE)  -->
 *                               <--  HDR*, HASH, N(R-U-THERE-ACK)
 *
 * A peer that sends anything authentic, on its ISAKMP SA or by a Child SA, is not asked. While nothing says that it has the ISAKMP SA
 * at all (unconfirmed.ts), packets do not count, and it is asked at once.
 */
export const deadPeerClock: Clock = {
  dueAt(sa) {
    if (!isWatched(sa)) return null;
    const { askedAt, askAgainAt } = sa.liveness;
    return askedAt === null ? sa.heardAt + quietNs(sa) : (askAgainAt ?? askedAt);
  },
  fire(sa, world) {
    const heard = isUnconfirmed(sa) ? sa.heardAt : heardOf(sa, world);
    const { askedAt } = sa.liveness;
    if (askedAt === null ? heard + quietNs(sa) > world.now : heard > askedAt) {
      return step({ ...sa, heardAt: heard, liveness: { ...sa.liveness, askedAt: null, askAgainAt: null } });
    }
    const { livenessTimeoutSeconds } = v1Of(sa.connection);
    if (askedAt === null || world.now < askedAt + livenessTimeoutSeconds * NS_PER_S) return ask(sa, world);
    const detail = `${nameOf(sa)}: no answer to R-U-THERE`;
    const event: Effect = { kind: 'event', event: { kind: 'peerFailed', connection: sa.connection.name, detail } };
    const end = isUnconfirmed(sa)
      ? unheard(sa, askedAt, world)
      : endIsakmpSa(sa, 'dead', 'the peer does not answer', world);
    return { ...end, effects: [event, ...end.effects] };
  },
};

/** Somebody wants to know now. */
export const liveness: Initiator<'liveness'> = {
  kind: 'liveness',
  mayBegin: () => true,
  begin: (sa, _task, world) =>
    sa.extensions.has('deadPeerDetection') && sa.liveness.askedAt === null
      ? asked(sa, world, { kind: 'direct' })
      : unchanged(sa),
};

/** R-U-THERE of the peer: answered when its number is one that has not been seen, RFC 3706 §6.2. */
export function takeQuestion(sa: EstablishedIsakmpSa, notify: IsakmpNotifyPayload, world: World): Step {
  const sequence = sequenceOf(sa, notify);
  if (sequence === null) return unchanged(sa);
  const last = sa.liveness.peerSequence;
  const isNew = world.steps.isSequenceNew(last === null || sequence > last);
  if (!isNew) return unchanged(sa);
  const answer = isakmpNotify('R-U-THERE-ACK', sa, Uint8Array.from(notify.data));
  const next = { ...sa, liveness: { ...sa.liveness, peerSequence: Math.max(sequence, last ?? 0) } };
  return step(next, { kind: 'task', task: { kind: 'inform', payloads: [answer] } });
}

/** R-U-THERE-ACK: of one of the questions that are open. */
export function takeAnswered(sa: EstablishedIsakmpSa, notify: IsakmpNotifyPayload, world: World): Step {
  const { askedAt, nextSequence } = sa.liveness;
  const sequence = sequenceOf(sa, notify);
  if (sequence === null || askedAt === null || nextSequence === null) return unchanged(sa);
  const age = nextSequence - 1 - sequence;
  if (!world.steps.isSequenceAsked(age >= 0 && age < OPEN_QUESTIONS)) {
    // It may be an old one that comes again, RFC 3706 §6.1: no sign of life.
    return step({ ...sa, heardAt: Math.min(sa.heardAt, askedAt) });
  }
  return step({ ...sa, liveness: { ...sa.liveness, askedAt: null, askAgainAt: null } });
}

/** As many as may be under way, where the answers take their time. */
const OPEN_QUESTIONS = 4;

/** Whether it was asked and has shown no sign of life since. */
export function isDoubtful(sa: EstablishedIsakmpSa, world: World): boolean {
  const { askedAt } = sa.liveness;
  return askedAt !== null && heardOf(sa, world) <= askedAt;
}

const isWatched = (sa: EstablishedIsakmpSa): boolean =>
  sa.connection.livenessSeconds > 0 &&
  sa.extensions.has('deadPeerDetection') &&
  sa.replacedBy === null &&
  sa.isForgotten !== true;

/** Without a sign of life; where the peer may not have the ISAKMP SA, no longer than it has to answer anything. */
function quietNs(sa: EstablishedIsakmpSa): number {
  const { livenessSeconds, retransmission } = sa.connection;
  const quiet = livenessSeconds * NS_PER_S;
  return isUnconfirmed(sa) ? Math.min(quiet, Math.round(retransmission.firstMs * NS_PER_MS)) : quiet;
}

function ask(sa: EstablishedIsakmpSa, world: World): Step {
  return asked(sa, world, { kind: 'task' });
}

/** A clock's step holds no message: it is a task's. */
function asked(sa: EstablishedIsakmpSa, world: World, how: { readonly kind: 'direct' | 'task' }): Step {
  const { nextSequence, askedAt } = sa.liveness;
  const sequence = nextSequence ?? firstSequence(world);
  const data = Uint8Array.of(sequence >>> 24, sequence >>> 16, sequence >>> 8, sequence);
  const question = isakmpNotify('R-U-THERE', sa, data);
  const { firstMs, longestMs } = sa.connection.retransmission;
  const since = askedAt ?? world.now;
  // As often as anything is repeated, and ever more rarely.
  const waitNs = Math.min(Math.max(firstMs * NS_PER_MS, world.now - since), longestMs * NS_PER_MS);
  const end = since + v1Of(sa.connection).livenessTimeoutSeconds * NS_PER_S;
  const askAgainAt = Math.min(world.now + waitNs, Math.max(end, world.now + 1));
  const next = { ...sa, liveness: { ...sa.liveness, nextSequence: sequence + 1, askedAt: since, askAgainAt } };
  const effect: Effect =
    how.kind === 'direct'
      ? tell(sa, [question], world)
      : { kind: 'task', task: { kind: 'inform', payloads: [question] } };
  // Who has not answered may not have what the question is under.
  return askedAt !== null && isUnconfirmed(sa) ? step(next, { kind: 'repeat' }, effect) : step(next, effect);
}

/** Random, the high bit zero: it does not overflow, RFC 3706 §6.2. */
function firstSequence({ random }: World): number {
  const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4);
  return (((a & 0x7f) << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

/** null: of another length, or about another ISAKMP SA. */
function sequenceOf(sa: EstablishedIsakmpSa, { data, spi }: IsakmpNotifyPayload): number | null {
  const isOurs = spi.length === 0 || octetsEqual(spi, cookiesOctets(sa));
  return data.length === 4 && isOurs ? Buffer.from(data).readUInt32BE() : null;
}
