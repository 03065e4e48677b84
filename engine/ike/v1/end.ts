import type { ChildConfig } from '../config.ts';
import { childEvent, removeCommand, removeCommands } from '../v2/child-install.ts';
import { type EstablishedIsakmpSa, isInitiating, type IsakmpSa, nameOf } from './isakmp-sa.ts';
import type { Effect, LossCause, Step, World } from './step.ts';
import { releaseAddresses } from './virtual-addresses.ts';

/**
 * The end of an ISAKMP SA for this node, with the Child SAs that it still has; tells the peer nothing (a task `deleteIsakmp`
 * does). `why` is for the log.
 */
export function endIsakmpSa(sa: IsakmpSa, cause: LossCause, why: string, world: World): Step {
  if (isInitiating(sa)) return { sa: null, effects: [{ kind: 'attemptFailed', attempt: sa.id, why }] };
  if (sa.kind !== 'established') return { sa: null, effects: [] };
  const { connection, replacedBy } = sa;
  if (replacedBy !== null) return endReplaced(sa, replacedBy, why);
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
function endReplaced(sa: EstablishedIsakmpSa, heir: number, why: string): Step {
  const again = sa.exchanges.flatMap(({ state }): Effect[] => {
    if (state.kind !== 'quickOffered') return [];
    const { config, replaces, pair } = state.offer;
    return [{ kind: 'task', task: { kind: 'quick', child: config, flow: null, replaces, pair }, isakmpSa: heir }];
  });
  const detail = `${nameOf(sa)}: ${why}`;
  const event: Effect = { kind: 'event', event: { kind: 'ikeDeleted', connection: sa.connection.name, detail } };
  return { sa: null, effects: [...endOfChildren(sa), event, ...again] };
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
