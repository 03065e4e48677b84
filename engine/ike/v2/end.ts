import { NS_PER_S } from '../../wire/instant.ts';
import type { ChildConfig } from '../config.ts';
import { childEvent, removeCommand, removeCommands } from './child-install.ts';
import { type AuthenticatedIkeSa, type IkeSa, isAuthenticated, isKeyed } from './ike-sa.ts';
import { yieldToRival } from './ike-successor.ts';
import type { Effect, LossCause, Step, World } from './step.ts';
import { releaseAddresses } from './virtual-addresses.ts';
import { INITIAL_WINDOWS } from './windows.ts';

/** How long a closed IKE SA goes on to repeat its last answers: the peer may have missed them. */
const CLOSED_NS = 10 * NS_PER_S;

/**
 * The end of an IKE SA for this node, with its Child SAs; tells the peer nothing (a task `deleteIke` does). It leaves a closed
 * one behind that repeats what was answered. `why` is for the log.
 */
export function endIkeSa(sa: IkeSa, cause: LossCause, why: string, world: World): Step {
  // The peer's own successor of it has come meanwhile: the children live on there, RFC 7296 §2.8.2.
  const yielded = sa.kind === 'established' ? yieldToRival(sa, world) : null;
  if (yielded === null) return endAlone(sa, cause, why, world);
  const ended = endAlone(yielded.sa, cause, why, world);
  return { ...ended, effects: [...yielded.effects, ...ended.effects] };
}

function endAlone(sa: IkeSa, cause: LossCause, why: string, world: World): Step {
  const effects: Effect[] = [];
  if (isAuthenticated(sa)) effects.push(...endOfAuthenticated(sa, cause, why), ...releaseAddresses(sa, world));
  if (sa.kind === 'initiating') {
    effects.push({ kind: 'attemptFailed', attempt: sa.id, why, isDead: cause === 'dead' });
  }
  if (sa.kind === 'authenticating') {
    effects.push({ kind: 'attemptFailed', attempt: sa.attemptId, why, isDead: cause === 'dead' });
  }
  // Of a peer that has proven nothing no request is answered.
  if (!isKeyed(sa) || sa.kind === 'authenticating') return { sa: null, effects };
  const { requests, responses } = sa.windows;
  return {
    sa: {
      ...commonOf(sa),
      kind: 'closed',
      isStranger: sa.kind === 'halfOpen' || (sa.kind === 'closed' && sa.isStranger),
      tasks: [],
      fragments: [],
      windows: { requests: { ...INITIAL_WINDOWS.requests, nextId: requests.nextId }, responses },
      dropAt: world.now + CLOSED_NS,
    },
    effects,
  };
}

/** The commands and events by which its Child SAs leave the node. */
export function endOfChildren(sa: AuthenticatedIkeSa): Effect[] {
  const { connection, children, lingering } = sa;
  return [
    ...children.flatMap((child): Effect[] => [
      ...removeCommands(child).map(command => ({ kind: 'command', command }) as const),
      { kind: 'event', event: childEvent('childDeleted', connection, child) },
    ]),
    ...lingering.map(({ inbound }): Effect => ({ kind: 'command', command: removeCommand(inbound, 'inbound') })),
  ];
}

function endOfAuthenticated(sa: AuthenticatedIkeSa, cause: LossCause, why: string): Effect[] {
  const { connection, children } = sa;
  const names = new Map([...children.map(({ config }) => config), ...comingChildren(sa)].map(one => [one.name, one]));
  const effects = endOfChildren(sa);
  effects.push({
    kind: 'event',
    event: { kind: 'ikeDeleted', connection: connection.name, detail: `${nameOf(sa)}: ${why}` },
  });
  // Children of one that was rekeyed live on in another.
  if (names.size > 0) effects.push({ kind: 'lost', connection: connection.name, children: [...names.values()], cause });
  return effects;
}

/** Children that were asked for, and that nobody has answered for yet. */
export function comingChildren({ tasks, delayed, windows }: AuthenticatedIkeSa): ChildConfig[] {
  const under = windows.requests.outstanding.map(({ task }) => task);
  const all = [...under, ...tasks, ...delayed.map(({ task }) => task)];
  return all.flatMap(task => (task.kind === 'newChild' ? [task.child] : []));
}

/** `site-to-site[3]`. */
export const nameOf = (sa: Pick<IkeSa, 'connection' | 'id'>): string => `${sa.connection.name}[${sa.id}]`;

/** What every keyed IKE SA has, and nothing of its state. */
function commonOf(sa: Extract<IkeSa, { readonly keys: unknown }>) {
  return {
    id: sa.id,
    role: sa.role,
    connection: sa.connection,
    initiatorSpi: sa.initiatorSpi,
    responderSpi: sa.responderSpi,
    path: sa.path,
    createdAt: sa.createdAt,
    heardAt: sa.heardAt,
    extensions: sa.extensions,
    sent: sa.sent,
    received: sa.received,
    retransmitted: sa.retransmitted,
    suite: sa.suite,
    cipher: sa.cipher,
    prf: sa.prf,
    keys: sa.keys,
    sealed: sa.sealed,
  };
}
