import { tell } from '../tell.ts';
import type { FlowQuery } from '../../node/node.ts';
import { type Address, parseAddress } from '../../wire/address.ts';
import type { Instant } from '../../wire/instant.ts';
import { afterLoss, callBack, calledAddress, localAddress, retryInstant, trappedOf } from '../calling.ts';
import type { ChildConfig, ConnectionConfig } from '../config.ts';
import type { WantedChild } from '../v2/ike-sa.ts';
import { canCarry } from '../v2/traffic-selectors.ts';
import { offerAggressive } from './aggressive-initiator.ts';
import { pathOf } from './common.ts';
import { type Core, worldOf } from './core.ts';
import { v1Of } from './extensions.ts';
import { type EstablishedIsakmpSa, isInitiating, type IsakmpSa } from './isakmp-sa.ts';
import { type Call, offerMain } from './main-initiator.ts';
import { choicesOf } from './phase1-proposals.ts';
import { placeOf } from './quick-place.ts';
import { storeSa } from './sa-table.ts';
import { selects, wantedPairs } from './quick-begin.ts';
import { sendPhaseOne } from './send.ts';
import type { Effect } from './step.ts';
import type { Task } from './task.ts';

/** How a connection gets, and gets back, the children that somebody wants. */
export interface Caller {
  readonly connection: ConnectionConfig;
  /** Negative: its alarm among those of ISAKMP SAs. */
  readonly alarmId: number;
  /** The ISAKMP SA that is being made; null: none. */
  attempt: number | null;
  /** How often it came to nothing, since the last time that it did not. */
  failures: number;
  /** When it begins again; null: nothing is waited for. */
  retryAt: Instant | null;
  /** Children that are wanted and not there, by name. */
  readonly wanted: Map<string, WantedChild>;
  /** Of children that begin by policy, because a loss has made it so. */
  readonly trapped: Set<string>;
  /** The ISAKMP SA that the next one is to replace; null: none. */
  replaces: number | null;
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
    replaces: null,
  };
}

/** Somebody wants a child: a user, a policy, the configuration. */
export function want(core: Core, caller: Caller, child: ChildConfig, flow: FlowQuery | null): void {
  const isFor = (sa: EstablishedIsakmpSa) => flow !== null && canCarry(child, placeOf(sa), flow);
  const established = establishedOf(core, caller.connection, isFor) ?? establishedOf(core, caller.connection);
  if (established !== null) {
    // It is there. A packet that wants one has found none that is for it.
    if (flow === null && hasChild(established, child)) return;
    if (isComing(established, child, flow)) return;
    const task: Task = { kind: 'quick', child, flow, replaces: null };
    storeSa(core, { ...established, tasks: [...established.tasks, task] });
    return;
  }
  if (!caller.wanted.has(child.name)) caller.wanted.set(child.name, { child, flow });
  if (caller.attempt === null && caller.retryAt === null) call(core, caller);
}

/** Whether a child could be for a packet: as things are with an ISAKMP SA that is there, and otherwise as they may come to be. */
export function helps(core: Core, { connection }: Caller, child: ChildConfig, flow: FlowQuery): boolean {
  if (establishedOf(core, connection) === null) return canCarry(child, ANYWHERE, flow);
  return establishedOf(core, connection, sa => canCarry(child, placeOf(sa), flow)) !== null;
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
    if (establishedOf(core, caller.connection) === null || caller.replaces !== null) return call(core, caller);
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

/** An effect of a step: a new ISAKMP SA beside or instead of another. */
export function beginAttempt(core: Core, effect: Extract<Effect, { kind: 'initiate' }>): void {
  const caller = core.callers.get(effect.connection);
  if (caller === undefined) return;
  for (const child of effect.children) caller.wanted.set(child.name, { child, flow: null });
  caller.replaces = effect.replaces ?? caller.replaces;
  if (caller.attempt === null && caller.retryAt === null) call(core, caller);
}

/** What an ISAKMP SA had, and has no more. */
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

/** A phase 1 of this end has come to nothing. */
export function takeFailure(core: Core, failure: Extract<Effect, { kind: 'attemptFailed' }>): void {
  for (const caller of core.callers.values()) {
    if (caller.attempt !== failure.attempt) continue;
    caller.attempt = null;
    caller.failures++;
    const { name, attempts } = caller.connection;
    tell(core, { kind: 'negotiationFailed', connection: name, detail: failure.why });
    if (attempts !== null && caller.failures >= attempts) {
      caller.wanted.clear();
      caller.replaces = null;
      caller.failures = 0;
      return;
    }
    // What was to be replaced may be gone meanwhile: its loss has said what is wanted of it.
    if (caller.replaces !== null && !core.sas.has(caller.replaces)) caller.replaces = null;
    if (caller.replaces === null && caller.wanted.size === 0) return;
    return retryLater(core, caller);
  }
}

/** The attempt has led to an ISAKMP SA: what is wanted follows in it. So does what waited for the same peer to call. */
export function takeSuccess(core: Core, before: IsakmpSa, sa: EstablishedIsakmpSa): void {
  const caller = core.callers.get(sa.connection.name);
  if (caller === undefined) return;
  if (!isInitiating(before)) {
    // Another phase 1 of this connection is there: no need for one more.
    if (caller.replaces !== null && core.sas.get(caller.replaces)?.kind !== 'established') caller.replaces = null;
    return;
  }
  if (caller.attempt !== before.id) return;
  caller.attempt = null;
  caller.failures = 0;
  caller.replaces = null;
  const wanted = [...caller.wanted.values()];
  caller.wanted.clear();
  const tasks = wanted
    .filter(({ child, flow }) => flow !== null || !hasChild(sa, child))
    .map(({ child, flow }): Task => ({ kind: 'quick', child, flow, replaces: null }));
  if (tasks.length > 0) storeSa(core, { ...sa, tasks: [...sa.tasks, ...tasks] });
}

/** The established ISAKMP SA that a new child of this connection goes in: the youngest that nobody has replaced. */
export function establishedOf(
  core: Core,
  { name }: ConnectionConfig,
  isFit: (sa: EstablishedIsakmpSa) => boolean = () => true,
): EstablishedIsakmpSa | null {
  const open = [...core.sas.values()].filter(isOpen).filter(sa => sa.connection.name === name);
  return open.findLast(isFit) ?? null;
}

/** Established, and not about to be closed by this end. */
function isOpen(sa: IsakmpSa): sa is EstablishedIsakmpSa {
  if (sa.kind !== 'established' || sa.replacedBy !== null || sa.isForgotten === true) return false;
  return !sa.tasks.some(({ kind }) => kind === 'deleteIsakmp');
}

function call(core: Core, caller: Caller): void {
  const { connection, replaces } = caller;
  const predecessor = replaces === null ? undefined : core.sas.get(replaces);
  const remote = calledAddress(connection);
  const path = predecessor?.kind === 'established' ? returnPath(predecessor) : newPath(core, connection, remote);
  if (path === null) {
    caller.replaces = null;
    if (remote === null) return caller.wanted.clear();
    tell(core, { kind: 'negotiationFailed', connection: connection.name, detail: `no way to ${remote}` });
    caller.failures++;
    return retryLater(core, caller);
  }
  if (choicesOf(connection, true, core).length === 0) {
    caller.wanted.clear();
    caller.replaces = null;
    const detail = 'IKEv1 has nothing to offer: no signatures by such a key, or none of the algorithms';
    return tell(core, { kind: 'negotiationFailed', connection: connection.name, detail });
  }
  const given: Call = { connection, path, children: [...caller.wanted.values()], replaces };
  const world = worldOf(core);
  const { sa, payloads } = v1Of(connection).mode === 'main' ? offerMain(given, world) : offerAggressive(given, world);
  caller.attempt = sa.id;
  storeSa(core, sa);
  sendPhaseOne(core, sa, { kind: 'phase1', payloads, isEncrypted: false, awaits: true }, null);
}

function newPath(core: Core, connection: ConnectionConfig, to: string | null): Call['path'] | null {
  const remote = to === null ? null : parseAddress(to);
  const from = to === null ? null : localAddress(core, connection, to);
  const local = from === null ? null : parseAddress(from);
  if (remote === null || local === null) return null;
  return pathOf({ local, localPort: connection.port, remote, remotePort: connection.port });
}

/** To whoever has the ISAKMP SA that is to be replaced: from behind a NAT, its port is the only one that leads there. */
function returnPath({ path }: EstablishedIsakmpSa): Call['path'] {
  return pathOf(path);
}

function retryLater(core: Core, caller: Caller): void {
  if (caller.retryAt !== null) return;
  caller.retryAt = retryInstant(core.now, caller.failures, core.context.random);
  core.alarms.set(caller.alarmId, caller.retryAt);
}

/** Another ISAKMP SA of this connection has such a child already. */
function isCovered(core: Core, connection: ConnectionConfig, child: ChildConfig): boolean {
  for (const sa of core.sas.values()) {
    if (sa.kind === 'established' && sa.connection.name === connection.name && hasChild(sa, child)) return true;
  }
  return false;
}

const hasChild = ({ children }: EstablishedIsakmpSa, { name }: ChildConfig): boolean =>
  children.some(({ config, state }) => config.name === name && state !== 'deleting');

/** Whether one is being made already: for a packet one that is for it, since each pair of selectors has an SA of its own. */
function isComing(sa: EstablishedIsakmpSa, { name }: ChildConfig, flow: FlowQuery | null): boolean {
  const isWaiting = [...sa.tasks, ...sa.delayed.map(({ task }) => task)].some(
    task =>
      task.kind === 'quick' &&
      task.child.name === name &&
      (flow === null || wantedPairs(sa, task).some(pair => selects(pair, flow))),
  );
  return (
    isWaiting ||
    sa.exchanges.some(
      ({ state }) =>
        state.kind === 'quickOffered' &&
        state.offer.config.name === name &&
        (flow === null || selects(state.offer.pair, flow)),
    )
  );
}
