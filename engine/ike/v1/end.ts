import type { ChildConfig } from '../config.ts';
import { childEvent, removeCommand, removeCommands } from '../v2/child-install.ts';
import type { Instant } from '../../wire/instant.ts';
import type { ChildSa } from './child-sa.ts';
import { isActive } from './child-table.ts';
import { heardOf } from './heard.ts';
import { heirOf } from './heir.ts';
import { type EstablishedIsakmpSa, isInitiating, type IsakmpSa, nameOf } from './isakmp-sa.ts';
import type { Effect, LossCause, Step, World } from './step.ts';
import { quickTask, rekeyTask } from './task.ts';
import { releaseAddresses } from './virtual-addresses.ts';

/**
 * The end of an ISAKMP SA for this node, with the Child SAs that it still has; tells the peer nothing (a task `deleteIsakmp`
 * does). `why` is for the log.
 */
export function endIsakmpSa(sa: IsakmpSa, cause: LossCause, why: string, world: World): Step {
  if (isInitiating(sa)) return { sa: null, effects: [{ kind: 'attemptFailed', attempt: sa.id, why }] };
  if (sa.kind !== 'established') return { sa: null, effects: [] };
  const heir = heirOf(sa, world);
  if (heir !== null) return endReplaced(sa, heir, why, world);
  const { connection } = sa;
  const children = [...sa.children.map(({ config }) => config), ...comingChildren(sa)];
  const names = new Map(children.map(child => [child.name, child]));
  const detail = `${nameOf(sa)}: ${why}`;
  const lost: Effect = { kind: 'lost', connection: connection.name, children: [...names.values()], cause };
  return {
    sa: null,
    effects: [
      ...endOfChildren(sa),
      ...releaseAddresses(sa, world),
      { kind: 'event', event: { kind: 'ikeDeleted', connection: connection.name, detail } },
      ...(names.size > 0 ? [lost] : []),
    ],
  };
}

/** What was being asked under the old keys is asked again by the one that has taken its place. */
function endReplaced(sa: EstablishedIsakmpSa, heir: EstablishedIsakmpSa, why: string, world: World): Step {
  const open = sa.exchanges.flatMap(({ openedAt, state }) =>
    state.kind === 'quickOffered' ? [{ openedAt, offer: state.offer }] : [],
  );
  const [first] = open;
  const doubted = first === undefined ? [] : doubtedSince(first.openedAt, sa, heir, world);
  const others = doubted.filter(({ id }) => !open.some(({ offer }) => offer.replaces === id));
  const tasks = [...open.map(({ offer }) => quickTask(offer)), ...others.map(rekeyTask)];
  const detail = `${nameOf(sa)}: ${why}`;
  return {
    sa: null,
    effects: [
      ...endOfChildren(sa),
      { kind: 'event', event: { kind: 'ikeDeleted', connection: sa.connection.name, detail } },
      ...tasks.map((task): Effect => ({ kind: 'task', task, isakmpSa: heir.id })),
    ],
  };
}

/**
 * Child SAs that a peer may have lost which has shown no sign of life since that question, and has answered this end's next phase 1:
 * take-over.ts says the same of a question R-U-THERE. One more Quick Mode harms nobody who still has them.
 */
function doubtedSince(
  askedAt: Instant,
  sa: EstablishedIsakmpSa,
  heir: EstablishedIsakmpSa,
  world: World,
): readonly ChildSa[] {
  const children = heir.children.filter(child => isActive(child) && child.installedAt <= askedAt);
  const isDoubtful = heir.role === 'initiator' && heardOf({ ...sa, children }, world) < askedAt;
  return isDoubtful ? children : [];
}

/** The commands and events by which its Child SAs leave the node. */
export function endOfChildren({ connection, children, lingering }: EstablishedIsakmpSa): Effect[] {
  return [
    ...children.flatMap((child): Effect[] => [
      ...removeCommands(child).map((command): Effect => ({ kind: 'command', command })),
      { kind: 'event', event: childEvent('childDeleted', connection, child) },
    ]),
    ...lingering.map(({ inbound }): Effect => ({ kind: 'command', command: removeCommand(inbound, 'inbound') })),
  ];
}

/** Children that were asked for, and that nobody has answered for yet. */
export function comingChildren({ tasks, delayed, exchanges }: EstablishedIsakmpSa): ChildConfig[] {
  const waiting = [...tasks, ...delayed.map(({ task }) => task)];
  const asked = exchanges.flatMap(({ state }) => (state.kind === 'quickOffered' ? [state.offer.config] : []));
  return [...asked, ...waiting.flatMap(task => (task.kind === 'quick' ? [task.child] : []))];
}
