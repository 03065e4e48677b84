import { NS_PER_S } from '../../wire/instant.ts';
import type { ChildConfig } from '../config.ts';
import { LINGER_NS, stopSending } from './child-closing.ts';
import { childEvent, removeCommand, removeCommands } from './child-install.ts';
import type { ChildSa, LingeringSa } from './child-sa.ts';
import { childNamed } from './child-table.ts';
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

/** The same where nobody is left to repeat answers to: nothing stays, neither here nor in the node. */
export function withoutTrace({ sa, effects }: Step): Step {
  if (sa?.kind !== 'closed') return { sa, effects };
  return { sa: null, effects: [...effects, ...endOfLingering(sa.lingering ?? [])] };
}

function endAlone(sa: IkeSa, cause: LossCause, why: string, world: World): Step {
  const effects: Effect[] = [];
  const outlived = isAuthenticated(sa) && cause === 'closed' ? outlivedChildren(sa, world) : [];
  // The peer has answered a Delete of this end: what it sent just before may still be on its way.
  const lingering = sa.kind === 'deleting' ? sa.lingering : lingeringOf(outlived, world);
  if (isAuthenticated(sa))
    effects.push(...endOfAuthenticated(sa, cause, why, outlived), ...releaseAddresses(sa, world));
  if (sa.kind === 'closed') effects.push(...endOfLingering(sa.lingering ?? []));
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
      ...(lingering.length === 0 ? {} : { lingering }),
    },
    effects,
  };
}

/** The commands and events by which its Child SAs leave the node; of `outlived` what comes in may still do so. */
export function endOfChildren(sa: AuthenticatedIkeSa, outlived: readonly ChildSa[]): Effect[] {
  const { connection, children, lingering } = sa;
  return [
    ...children.flatMap((child): Effect[] => [
      ...(outlived.includes(child)
        ? stopSending(child)
        : removeCommands(child).map(command => ({ kind: 'command', command }) as const)),
      { kind: 'event', event: childEvent('childDeleted', connection, child) },
    ]),
    ...(sa.kind === 'deleting' ? [] : endOfLingering(lingering)),
  ];
}

/**
 * Child SAs that another IKE SA with the peer has as well, after a reauthentication (RFC 7296 §2.8.3): until the peer has closed its
 * part, packets come by these.
 */
export function outlivedChildren(sa: AuthenticatedIkeSa, world: World): ChildSa[] {
  const others = [...world.sas].filter(
    other => other.id !== sa.id && other.kind === 'established' && other.connection.name === sa.connection.name,
  );
  return sa.children.filter(({ config }) =>
    others.some(other => other.kind === 'established' && childNamed(other, config) !== null),
  );
}

export const lingeringOf = (children: readonly ChildSa[], { now }: World): LingeringSa[] =>
  children.map(({ inbound }) => ({ inbound, until: now + LINGER_NS }));

export const endOfLingering = (lingering: readonly LingeringSa[]): Effect[] =>
  lingering.map(({ inbound }) => ({ kind: 'command', command: removeCommand(inbound, 'inbound') }));

function endOfAuthenticated(
  sa: AuthenticatedIkeSa,
  cause: LossCause,
  why: string,
  outlived: readonly ChildSa[],
): Effect[] {
  const { connection, children } = sa;
  const names = new Map([...children.map(({ config }) => config), ...comingChildren(sa)].map(one => [one.name, one]));
  const effects = endOfChildren(sa, outlived);
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
