import type { IkeEvent } from '../daemon.ts';
import type { IsakmpDeletePayload } from '../../wire/isakmp/payload.ts';
import { IsakmpProtocol } from '../../wire/isakmp/registry.ts';
import { NS_PER_S } from '../../wire/instant.ts';
import { octetsEqual } from '../../wire/octets.ts';
import { spiOctets } from '../v2/proposals.ts';
import { closeChild } from './child-closing.ts';
import { childById, childByPeerSpi, isActive, protocolIdOf } from './child-table.ts';
import { endIsakmpSa } from './end.ts';
import type { Initiator } from './exchange.ts';
import { type EstablishedIsakmpSa, nameOf } from './isakmp-sa.ts';
import { cookiesOctets, deletePayload } from './notify.ts';
import { isSamePeer } from './same-peer.ts';
import { type Effect, type Step, step, unchanged, type World } from './step.ts';
import { emptied, revived } from './successor.ts';
import { quickTask } from './task.ts';
import { tell } from './tell.ts';

/** Delete, RFC 2408 §3.15: each end names SAs by the SPI that it receives by, and an ISAKMP SA by both cookies. */

/** What the peer has closed. What is not there, or not any more, is passed over. */
export function takeDeletes(
  before: EstablishedIsakmpSa,
  { protocolId, spis }: IsakmpDeletePayload,
  world: World,
): Step {
  if (!world.steps.heedsDeletes()) return unchanged(before);
  if (protocolId === IsakmpProtocol.ISAKMP) return takeIsakmpDeletes(before, spis, world);
  let sa = before;
  const others = new Map<number, EstablishedIsakmpSa>();
  const effects: Effect[] = [];
  for (const spi of spis) {
    const holder = holderOf(sa, others, protocolId, spi, world);
    const child = holder === null ? null : childByPeerSpi(holder, protocolId, spi);
    if (holder === null || child === null) continue;
    const closed = closeChild(holder, child, 'closed', world);
    effects.push(...closed.effects);
    if (holder.id === sa.id) sa = closed.sa;
    else others.set(holder.id, closed.sa);
  }
  return step(sa, ...[...others.values()].map((other): Effect => ({ kind: 'put', sa: other })), ...effects);
}

/** A Child SA goes from one ISAKMP SA to the next, and each end moves it at its own time. */
function holderOf(
  sa: EstablishedIsakmpSa,
  changed: ReadonlyMap<number, EstablishedIsakmpSa>,
  protocolId: number,
  spi: Uint8Array,
  world: World,
): EstablishedIsakmpSa | null {
  if (childByPeerSpi(sa, protocolId, spi) !== null) return sa;
  for (const other of world.sas) {
    if (other.id === sa.id || other.kind !== 'established' || !isSamePeer(other, sa)) continue;
    const now = changed.get(other.id) ?? other;
    if (childByPeerSpi(now, protocolId, spi) !== null) return now;
  }
  return null;
}

function takeIsakmpDeletes(sa: EstablishedIsakmpSa, spis: readonly Uint8Array[], world: World): Step {
  const isNamed = (one: EstablishedIsakmpSa) => spis.some(spi => octetsEqual(spi, cookiesOctets(one)));
  const others = [...world.sas].filter(
    (one): one is EstablishedIsakmpSa =>
      one.id !== sa.id && one.kind === 'established' && isSamePeer(one, sa) && isNamed(one),
  );
  const why = 'deleted by the peer';
  const heir = others.find(({ id }) => id === sa.replacedBy && sa.isForgotten !== true);
  const gone = others.flatMap((one): Effect[] => [
    ...(one === heir ? [{ kind: 'put', sa: emptied(one) } as const] : []),
    { kind: 'discard', isakmpSa: one.id, why },
  ]);
  if (!isNamed(sa)) return step(heir === undefined ? sa : (revived(heir, world) ?? sa), ...gone);
  const end = closedByPeer(sa, world);
  return { ...end, effects: [...gone, ...end.effects] };
}

/**
 * Child SAs do not end with their ISAKMP SA (RFC 2408 §2.1): they go on, and the next ISAKMP SA of the same peer takes them over.
 * Who wants to know whether the peer lives makes that after a while, since each
 * end may have taken the other's for the redundant one of two.
 */
export function closedByPeer(sa: EstablishedIsakmpSa, world: World): Step {
  const spare = revived(sa, world);
  if (spare !== null) {
    const ended = endIsakmpSa(emptied(sa), 'closed', 'deleted by the peer', world);
    return { ...ended, effects: [{ kind: 'put', sa: spare }, ...ended.effects] };
  }
  const isLeft = sa.replacedBy === null && sa.children.some(isActive);
  if (!isLeft) {
    const ended = endIsakmpSa(sa, 'closed', 'deleted by the peer', world);
    return isUnused(sa) ? { ...ended, effects: [{ kind: 'event', event: doubted(sa) }, ...ended.effects] } : ended;
  }
  return forgotten(sa, 'deleted by the peer', world);
}

/**
 * The peer has it no more, or never had it: nothing is said under it, its Child SAs go on, and what was asked and not answered is
 * asked of the next one.
 */
export function forgotten(sa: EstablishedIsakmpSa, why: string, { now }: World): Step {
  const detail = `${nameOf(sa)}: ${why}, and its Child SAs go on`;
  const at = now + ALONE_NS[sa.role];
  const offers = sa.exchanges.flatMap(({ state }) => (state.kind === 'quickOffered' ? [quickTask(state.offer)] : []));
  const asked = [...offers, ...sa.tasks, ...sa.delayed.map(({ task }) => task)].filter(({ kind }) => kind === 'quick');
  return step(
    {
      ...sa,
      isForgotten: true,
      isOpen: false,
      exchanges: [],
      tasks: [],
      delayed: asked.map(task => ({ at, task })),
      rekeyAt: sa.connection.livenessSeconds > 0 ? at : null,
      reauthenticateAt: null,
      expiresAt: null,
    },
    { kind: 'event', event: { kind: 'ikeDeleted', connection: sa.connection.name, detail } },
  );
}

/** Whether the peer's Delete is the first that comes of it. */
const isUnused = ({ children, lingering, usedIds, replacedBy }: EstablishedIsakmpSa): boolean =>
  children.length + lingering.length + usedIds.length === 0 && replacedBy === null;

/** Who has shown its own identity and does not believe the other one has no better way to say so than a Delete. */
function doubted(sa: EstablishedIsakmpSa): IkeEvent {
  const detail = `${nameOf(sa)}: the peer has closed it before anything was made by it: it may not believe this end`;
  return { kind: 'authenticationFailed', connection: sa.connection.name, detail };
}

/** Not both ends at the same time again, and not at once: there are peers that close each ISAKMP SA when they have their Child SAs. */
const ALONE_NS = { initiator: 10 * NS_PER_S, responder: 25 * NS_PER_S } as const;

/** Tells the peer, and takes it away at once: there is no answer that could be waited for. */
export const deleteChild: Initiator<'deleteChild'> = {
  kind: 'deleteChild',
  mayBegin: () => true,
  begin(sa, { childId, cause = 'asked' }, world) {
    const child = childById(sa, childId);
    if (child === null) {
      return sa.replacedBy === null
        ? unchanged(sa)
        : step(sa, { kind: 'task', task: { kind: 'deleteChild', childId, cause }, isakmpSa: sa.replacedBy });
    }
    const closed = closeChild(sa, child, cause, world);
    const told = tell(sa, [deletePayload(protocolIdOf(child), [spiOctets(child.spiIn)])], world);
    return step(closed.sa, ...closed.effects, told);
  },
};

/** Its Child SAs first, each in a message of its own: there are peers that read no more than the first Delete. */
export const deleteIsakmp: Initiator<'deleteIsakmp'> = {
  kind: 'deleteIsakmp',
  mayBegin: () => true,
  begin(sa, task, world) {
    const [first] = sa.children;
    if (first !== undefined) {
      const { cause = 'asked' } = task;
      return step(
        sa,
        ...sa.children.map(({ id }): Effect => ({ kind: 'task', task: { kind: 'deleteChild', childId: id, cause } })),
        { kind: 'task', task },
      );
    }
    const told = tell(sa, [deletePayload(IsakmpProtocol.ISAKMP, [cookiesOctets(sa)])], world);
    const ended = endIsakmpSa(sa, task.cause ?? 'asked', 'deleted', world);
    return { ...ended, effects: [told, ...ended.effects] };
  },
};
