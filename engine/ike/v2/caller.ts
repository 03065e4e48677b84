import { tell } from '../tell.ts';
import type { FlowQuery } from '../../node/node.ts';
import type { Address } from '../../wire/address.ts';
import { type Instant, NS_PER_S } from '../../wire/instant.ts';
import { afterLoss, callBack, calledAddress, localAddress, retryInstant, trappedOf } from '../calling.ts';
import type { ChildConfig, ConnectionConfig } from '../config.ts';
import { childNamed } from './child-table.ts';
import { childPlace } from './child-place.ts';
import { type Core, worldOf } from './core.ts';
import {
  type AttemptNote,
  type AuthenticatingIkeSa,
  type EstablishedIkeSa,
  type IkeSa,
  type InitiatingIkeSa,
  isAuthenticated,
  type WantedChild,
} from './ike-sa.ts';
import { createInitiating, REFUSAL_NS } from './initial-request.ts';
import { REDIRECT_LOOP_SECONDS, REDIRECTS_MAX } from './redirect.ts';
import { removeSa, storeSa } from './sa-table.ts';
import type { Effect } from './step.ts';
import { makesChild, type Task } from './task.ts';
import type { StoredTicket } from './ticket.ts';
import { canCarry } from './traffic-selectors.ts';

/** How a connection gets, and gets back, the children that somebody wants. */
export interface Caller {
  readonly connection: ConnectionConfig;
  /** Negative: its alarm among those of IKE SAs. */
  readonly alarmId: number;
  /** The `initiating` IKE SA; null: none is under way. */
  attempt: number | null;
  /** How often it came to nothing, since the last time that it did not. */
  failures: number;
  /** When it begins again; null: nothing is waited for. */
  retryAt: Instant | null;
  /** Children that are wanted and not there, by name. */
  readonly wanted: Map<string, WantedChild>;
  /** Of children that begin by policy, because a loss has made it so. */
  readonly trapped: Set<string>;
  notes: readonly AttemptNote[];
  /** When it was last sent elsewhere, RFC 5685 §7. */
  redirectedAt: readonly Instant[];
  /** RFC 5723: of the last IKE SA, good for one more; null: there is none. */
  ticket: StoredTicket | null;
}

export function createCaller(connection: ConnectionConfig, alarmId: number): Caller {
  return {
    connection,
    alarmId,
    attempt: null,
    failures: 0,
    retryAt: null,
    wanted: new Map(),
    trapped: new Set(trappedOf(connection)),
    notes: [],
    redirectedAt: [],
    ticket: null,
  };
}

/** Somebody wants a child: a user, a policy, the configuration. */
export function want(core: Core, caller: Caller, child: ChildConfig, flow: FlowQuery | null): void {
  const isFor = (sa: EstablishedIkeSa) => flow !== null && canCarry(child, childPlace(sa, sa.virtualAddresses), flow);
  const established = establishedOf(core, caller.connection, isFor) ?? establishedOf(core, caller.connection);
  if (established !== null) {
    // It is there. A packet that wants one has found none that is for it.
    if (flow === null && childNamed(established, child) !== null) return;
    if (pendingTasks(established).some(task => makesChild(task, child))) return;
    const task: Task = { kind: 'newChild', child, flow, progress: null };
    storeSa(core, { ...established, tasks: [...established.tasks, task] });
    return;
  }
  if (!caller.wanted.has(child.name)) caller.wanted.set(child.name, { child, flow });
  if (caller.attempt === null && caller.retryAt === null) call(core, caller);
}

/** Whether a child could be for a packet: as things are with an IKE SA that is there, and otherwise as they may come to be. */
export function helps(core: Core, { connection }: Caller, child: ChildConfig, flow: FlowQuery): boolean {
  if (establishedOf(core, connection) === null) return canCarry(child, ANYWHERE, flow);
  return establishedOf(core, connection, sa => canCarry(child, childPlace(sa, sa.virtualAddresses), flow)) !== null;
}

const ANYWHERE = { local: 'any', remote: 'any' } as const;

/** Begins again where it is time. */
export function runCaller(core: Core, alarmId: number): void {
  for (const caller of core.callers.values()) {
    if (caller.alarmId !== alarmId) continue;
    const isDue = caller.retryAt !== null && caller.retryAt <= core.now;
    if (isDue) caller.retryAt = null;
    else core.alarms.set(alarmId, caller.retryAt);
    if (!isDue || caller.attempt !== null) return;
    const established = establishedOf(core, caller.connection);
    if (established === null) return call(core, caller);
    const wanted = [...caller.wanted.values()];
    caller.wanted.clear();
    for (const { child, flow } of wanted) want(core, caller, child, flow);
    return;
  }
}

/** Whoever has this address sends by SAs that are not here. */
export function callPeer(core: Core, remote: Address): void {
  callBack(core, remote, {
    isConnected: connection => establishedOf(core, connection) !== null,
    want: (caller, child) => want(core, caller, child, null),
  });
}

/** An effect of a step: a new IKE SA beside or instead of another. */
export function beginAttempt(core: Core, effect: Extract<Effect, { kind: 'initiate' }>): void {
  const caller = core.callers.get(effect.connection);
  if (caller === undefined) return;
  for (const child of effect.children) caller.wanted.set(child.name, { child, flow: null });
  const { replaces } = effect;
  const to = effect.to !== undefined && mayGo(core, caller) ? effect.to : undefined;
  caller.notes = [
    ...(replaces === undefined ? [] : [{ kind: 'replaces', ikeSa: replaces } as const]),
    ...(to === undefined ? [] : [{ kind: 'redirectedTo', address: to } as const]),
  ];
  if (caller.attempt === null) call(core, caller);
}

/** Gateways that send this node to each other, or around: it goes along a few times, and then no more for a while. */
function mayGo(core: Core, caller: Caller): boolean {
  const recent = caller.redirectedAt.filter(at => core.now - at < REDIRECT_LOOP_SECONDS * NS_PER_S);
  if (recent.length >= REDIRECTS_MAX) return false;
  caller.redirectedAt = [...recent, core.now];
  return true;
}

/** What an IKE SA had, and has no more. */
export function takeLoss(core: Core, { connection, children, cause }: Extract<Effect, { kind: 'lost' }>): void {
  const caller = core.callers.get(connection);
  if (caller === undefined || cause === 'asked') return;
  caller.failures = cause === 'failed' ? caller.failures + 1 : 0;
  for (const child of children) {
    if (isCovered(core, caller.connection, child)) continue;
    const then = afterLoss(child, cause);
    if (then === 'trap') caller.trapped.add(child.name);
    if (then !== 'start') continue;
    caller.wanted.set(child.name, { child, flow: null });
    retryLater(core, caller);
  }
}

/** One of the IKE SAs of an attempt has failed, or the attempt itself. */
export function takeFailure(core: Core, before: IkeSa, failure: Extract<Effect, { kind: 'attemptFailed' }>): void {
  const attempt = core.sas.get(failure.attempt);
  if (attempt?.kind === 'initiating' && before.id !== attempt.id) {
    if (!failure.isDead) return keepWaiting(core, attempt, before, failure.why);
    removeSa(core, attempt.id);
  }
  for (const caller of core.callers.values()) {
    if (caller.attempt !== failure.attempt) continue;
    caller.attempt = null;
    caller.failures++;
    const { name, attempts } = caller.connection;
    tell(core, { kind: 'negotiationFailed', connection: name, detail: failure.why });
    if (attempts !== null && caller.failures >= attempts) {
      caller.wanted.clear();
      caller.failures = 0;
      return;
    }
    return retryLater(core, caller);
  }
}

/** Whoever answered first was not the peer, perhaps: another answer may come (RFC 7296 §2.4), for a while. */
function keepWaiting(core: Core, sa: InitiatingIkeSa, { id, responderSpi }: IkeSa, why: string): void {
  const { attempt } = sa;
  const candidates = attempt.candidates.filter(one => one !== id);
  const refusal = candidates.length > 0 ? attempt.refusal : { why, until: core.now + REFUSAL_NS };
  storeSa(core, { ...sa, attempt: { ...attempt, candidates, failed: [...attempt.failed, responderSpi], refusal } });
}

/** What the peer gives to come back with. */
export function keepTicket(core: Core, { connection, id }: IkeSa, ticket: StoredTicket): void {
  const caller = core.callers.get(connection.name);
  if (caller !== undefined) caller.ticket = { ...ticket, ikeSa: id };
}

/** The IKE SA was deleted, not lost: RFC 5723 §6.2. */
export function forgetTicket(core: Core, ikeSa: number): void {
  for (const caller of core.callers.values()) if (caller.ticket?.ikeSa === ikeSa) caller.ticket = null;
}

/** The attempt has led to an established IKE SA: what else is wanted follows in it, and other answers are forgotten. */
export function takeSuccess(core: Core, sa: EstablishedIkeSa, { attemptId, children }: AuthenticatingIkeSa): void {
  for (const other of core.sas.values()) {
    const isOther = other.id === attemptId || (other.kind === 'authenticating' && other.attemptId === attemptId);
    if (isOther && other.id !== sa.id) removeSa(core, other.id);
  }
  for (const caller of core.callers.values()) {
    if (caller.attempt !== attemptId) continue;
    caller.attempt = null;
    caller.failures = 0;
    caller.notes = [];
    const wanted = [...caller.wanted.values()];
    caller.wanted.clear();
    const [first] = children; // went along in IKE_AUTH
    const tasks = wanted
      .filter(({ child }) => child.name !== first?.child.name)
      .map(({ child, flow }): Task => ({ kind: 'newChild', child, flow, progress: null }));
    storeSa(core, { ...sa, tasks: [...sa.tasks, ...tasks] });
  }
}

/**
 * The established IKE SA that a new child of this connection goes in: the youngest, but none of which it is not known yet whether
 * it inherits what another has.
 */
function establishedOf(
  core: Core,
  { name }: ConnectionConfig,
  isFit: (sa: EstablishedIkeSa) => boolean = () => true,
): EstablishedIkeSa | null {
  const open = [...core.sas.values()].filter(isOpen).filter(sa => sa.connection.name === name);
  const undecided = new Set(open.map(({ rival }) => rival));
  return open.findLast(sa => !undecided.has(sa.id) && isFit(sa)) ?? null;
}

/** Established, and not about to be closed by this end. */
function isOpen(sa: IkeSa): sa is EstablishedIkeSa {
  return sa.kind === 'established' && !sa.tasks.some(({ kind }) => kind === 'deleteIke');
}

function call(core: Core, caller: Caller): void {
  const { connection } = caller;
  const redirect = caller.notes.find(note => note.kind === 'redirectedTo');
  const remote = redirect?.address ?? calledAddress(connection);
  const children = [...caller.wanted.values()];
  if (remote === null || connection.version !== 2) {
    caller.wanted.clear();
    return;
  }
  const local = localAddress(core, connection, remote);
  if (local === null) {
    tell(core, { kind: 'negotiationFailed', connection: connection.name, detail: `no way to ${remote}` });
    caller.failures++;
    return retryLater(core, caller);
  }
  const { ticket } = caller;
  // Used or not, it is not used again, §4.3.1; where a redirect leads nobody knows it.
  caller.ticket = null;
  const isGood = ticket !== null && core.now < ticket.expiresAt && connection.resumption && redirect === undefined;
  const notes = isGood ? [...caller.notes, { kind: 'ticket' as const, ticket }] : caller.notes;
  const sa = createInitiating(connection, { local, remote }, children, notes, worldOf(core));
  caller.attempt = sa.id;
  storeSa(core, sa);
}

function retryLater(core: Core, caller: Caller): void {
  if (caller.retryAt !== null) return;
  caller.retryAt = retryInstant(core.now, caller.failures, core.context.random);
  core.alarms.set(caller.alarmId, caller.retryAt);
}

/** Another IKE SA of this connection has such a child already. */
function isCovered(core: Core, connection: ConnectionConfig, child: ChildConfig): boolean {
  for (const sa of core.sas.values()) {
    if (!isAuthenticated(sa) || sa.connection.name !== connection.name) continue;
    if (sa.children.some(one => one.config.name === child.name && one.state !== 'deleting')) return true;
  }
  return false;
}

function pendingTasks(sa: IkeSa): Task[] {
  const delayed = isAuthenticated(sa) ? sa.delayed.map(({ task }) => task) : [];
  return [...sa.windows.requests.outstanding.map(({ task }) => task), ...sa.tasks, ...delayed];
}
