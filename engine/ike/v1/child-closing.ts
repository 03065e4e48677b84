import { type Instant, NS_PER_S } from '../../wire/instant.ts';
import { LINGER_NS } from '../v2/child-closing.ts';
import { childEvent, installCommand, removeCommand, removeCommands } from '../v2/child-install.ts';
import { towardsPeer } from '../v2/child-place.ts';
import { isLower } from '../v2/nonce.ts';
import { areEqual } from '../v2/traffic-selectors.ts';
import type { ChildSa } from './child-sa.ts';
import { childrenFor, withChild, withoutChild } from './child-table.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import type { Effect, LossCause, World } from './step.ts';

/** An ISAKMP SA whose children have changed, and what the node and others are told of it. */
export interface Changed {
  readonly sa: EstablishedIsakmpSa;
  readonly effects: readonly Effect[];
}

/**
 * IKEv1 has no rekeying: there is one pair of SAs more for the same traffic, and the older one is left to die. `made` is what
 * Quick Mode has just completed. Packets leave by it from here on; what comes by the older ones is taken until the peer has
 * certainly heard that they are replaced, and has said all that it had to say by them. Where both ends have begun at the same
 * time there are two new ones, and one is too many: that of the lower nonce, which both ends can tell.
 */
export function replaceOthers(before: EstablishedIsakmpSa, made: ChildSa, { now }: World): Changed {
  const others = childrenFor(before, made).filter(({ id }) => id !== made.id);
  const stays = (other: ChildSa) => isCollision(made, other) && !isLower(nonceOf(other), nonceOf(made));
  const isRedundant = others.some(stays);
  const replaced = others.filter(other => !stays(other));
  const retired = withFewerRetired(
    replaced.reduce((sa, other) => withChild(sa, retire(sa, other, now)), before),
    made,
    now,
  );
  if (isRedundant) return { sa: withChild(retired, retire(retired, made, now)), effects: [] };
  return beginSending(retired, made);
}

/** The peer is ready to receive by this Child SA. */
export function beginSending(sa: EstablishedIsakmpSa, child: ChildSa): Changed {
  if (child.isOutboundInstalled) return { sa, effects: [] };
  const ready = { ...child, outbound: towardsPeer(child.outbound, sa.path), isOutboundInstalled: true };
  return { sa: withChild(sa, ready), effects: [{ kind: 'command', command: installCommand(ready, 'outbound') }] };
}

/**
 * One is no more. What it had replaced comes back where it is still there: the peer has never had the successor, or does not
 * want it. What is lost without one that does the same is told to the connection, and `cause` says why.
 */
export function closeChild(before: EstablishedIsakmpSa, child: ChildSa, cause: LossCause, { now }: World): Changed {
  const { connection } = before;
  const isNeeded = child.state === 'installed' || child.state === 'rekeying' || child.state === 'deleting';
  const without = withoutChild(before, child.id);
  const others = childrenFor(without, child);
  const deleted: Effect = { kind: 'event', event: childEvent('childDeleted', connection, child) };
  if (!isNeeded || others.length > 0) {
    const lingering = lingers(without, child, now);
    return { sa: lingering.sa, effects: [...lingering.effects, deleted] };
  }
  const gone = removeCommands(child).map((command): Effect => ({ kind: 'command', command }));
  const former = cause === 'asked' ? null : formerOf(without, child, now);
  if (former !== null) {
    const { retireAt: _, ...rest } = former;
    const rekeyAt = former.rekeyAt !== null && former.rekeyAt > now ? former.rekeyAt : soon(former, now);
    const revived: ChildSa = { ...rest, state: 'installed', rekeyAt };
    const back = beginSending(withChild(without, revived), revived);
    return { sa: back.sa, effects: [...back.effects, ...gone, deleted] };
  }
  const lost: Effect = { kind: 'lost', connection: connection.name, children: [child.config], cause };
  return { sa: without, effects: [...gone, deleted, lost] };
}

/** Nothing leaves by it any more; it may still receive. */
export function stopSending(child: ChildSa): Effect[] {
  return child.isOutboundInstalled ? [{ kind: 'command', command: removeCommand(child.outbound, 'outbound') }] : [];
}

/** Of a Child SA that could not be rekeyed: when it is tried again, while there is time. */
export function soon({ expiresAt }: Pick<ChildSa, 'expiresAt'>, now: Instant): Instant | null {
  if (expiresAt === null) return now + RETRY_NS;
  const half = now + Math.floor((expiresAt - now) / 2);
  return expiresAt - now < LEAST_RETRY_NS ? null : Math.min(half, now + RETRY_NS);
}

/**
 * As long as the last message of Quick Mode may have to be said again. Where each end has taken another one for the redundant one,
 * it is the first Delete that decides: both must not come at the same time.
 */
const RETIRE_NS = { initiator: 30 * NS_PER_S, responder: 45 * NS_PER_S } as const;
/** As long as a message of the peer may have been on its way. */
const TWIN_NS = 30 * NS_PER_S;
const RETRY_NS = 30 * NS_PER_S;
const LEAST_RETRY_NS = 2 * NS_PER_S;
const LINGERING_MAX = 256;
/** Of those for the same traffic. */
const RETIRED_MAX = 8;

/**
 * Its outbound half stays where the node has it: packets leave by the newest, and should that go, this one goes on counting.
 * Installed once more it would count from the beginning, under a key that was used.
 */
function retire(sa: EstablishedIsakmpSa, child: ChildSa, now: Instant): ChildSa {
  const at = now + RETIRE_NS[sa.role];
  const retireAt = child.expiresAt === null ? at : Math.min(at, child.expiresAt);
  return { ...child, state: 'rekeyed', retireAt };
}

/** A peer that rekeys without end, whose Deletes need not come, makes the oldest go at once. */
function withFewerRetired(sa: EstablishedIsakmpSa, made: ChildSa, now: Instant): EstablishedIsakmpSa {
  const waiting = sa.children.filter(child => child.state === 'rekeyed' && isSameTraffic(child, made));
  return waiting
    .slice(0, Math.max(0, waiting.length - RETIRED_MAX))
    .reduce((next, child) => withChild(next, { ...child, retireAt: now }), sa);
}

/** Both were made in place of the same, one by each end, at about the same time. */
function isCollision(made: ChildSa, other: ChildSa): boolean {
  return (
    made.origin.madeBy !== other.origin.madeBy &&
    made.origin.replaces === other.origin.replaces &&
    Math.abs(made.installedAt - other.installedAt) < TWIN_NS
  );
}

const nonceOf = ({ origin }: ChildSa): Uint8Array => origin.lowestNonce ?? new Uint8Array(0);

/** The youngest that was for the same traffic, and is still there. */
function formerOf({ children }: EstablishedIsakmpSa, child: ChildSa, now: Instant): ChildSa | null {
  const isIt = (one: ChildSa) =>
    one.state === 'rekeyed' && (one.expiresAt === null || one.expiresAt > now) && isSameTraffic(one, child);
  return children.findLast(isIt) ?? null;
}

const isSameTraffic = (one: ChildSa, { config, local, remote }: ChildSa): boolean =>
  one.config.name === config.name && areEqual(one.local, local) && areEqual(one.remote, remote);

/** Packets may be on their way still. */
function lingers(sa: EstablishedIsakmpSa, child: ChildSa, now: Instant): Changed {
  const lingering = [...sa.lingering, { inbound: child.inbound, until: now + LINGER_NS }];
  // A peer that rekeys without end makes the oldest go earlier.
  const over = lingering.splice(0, Math.max(0, lingering.length - LINGERING_MAX));
  const gone = over.map(({ inbound }): Effect => ({ kind: 'command', command: removeCommand(inbound, 'inbound') }));
  return { sa: { ...sa, lingering }, effects: [...stopSending(child), ...gone] };
}
