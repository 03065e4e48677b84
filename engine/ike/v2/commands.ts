import { tell } from '../tell.ts';
import type { NodeEvent, SaName } from '../../node/node.ts';
import { parseAddress } from '../../wire/address.ts';
import type { ConnectionConfig, IkeConfig } from '../config.ts';
import { credentialsOf } from '../credentials.ts';
import type { IkeCommand } from '../daemon.ts';
import { unpark } from '../fetching.ts';
import { applyStep } from './apply.ts';
import { type Caller, createCaller, helps, want } from './caller.ts';
import type { ChildSa } from './child-sa.ts';
import { protocolOf } from './child-table.ts';
import { type Core, worldOf } from './core.ts';
import { endIkeSa, withoutTrace } from './end.ts';
import { type EstablishedIkeSa, type IkeSa, isAuthenticated, isKeyed } from './ike-sa.ts';
import { dispatchRequest, dispatchResponse } from './receive-protected.ts';
import { addressesChanged } from './mobike.ts';
import { movedPeer } from './peer-place.ts';
import { reauthenticate } from './reauthenticate.ts';
import { redirectNotify } from './redirect.ts';
import { removeSa, storeSa } from './sa-table.ts';
import { noteStray } from './stray.ts';
import type { Task } from './task.ts';

/** Carries out what a user, the node or the host says. */
export function runCommand(core: Core, command: IkeCommand): void {
  switch (command.kind) {
    case 'initiate':
      return initiate(core, command.child);
    case 'terminate':
      return terminate(core, command);
    case 'rekey':
      return rekey(core, command);
    case 'reauthenticate':
      for (const sa of named(core, command.ike)) {
        if (sa.kind === 'established') applyStep(core, sa, reauthenticate(sa), null);
      }
      return;
    case 'redirect':
      for (const sa of named(core, command.ike)) {
        const payloads = [redirectNotify(command.to, null)];
        if (sa.kind === 'established' && sa.extensions.has('redirect'))
          addTasks(core, sa, [{ kind: 'inform', payloads, isLast: false }]);
      }
      return;
    case 'noted':
      return note(core, command.event);
    case 'addresses':
      core.addresses = [...command.addresses];
      for (const sa of core.sas.values()) applyStep(core, sa, addressesChanged(sa, worldOf(core)), null);
      return;
    case 'fetched':
      return takeFetched(core, command.id, command.content);
    case 'configure':
      return configure(core, command.config);
  }
}

/** A caller for each connection of IKEv2; what is to start by itself starts. */
export function startConnections(core: Core): void {
  for (const connection of core.config.connections) {
    if (connection.version !== 2) continue;
    const caller = createCaller(connection, -core.names.nextId++);
    core.callers.set(connection.name, caller);
    startChildren(core, caller);
  }
}

function startChildren(core: Core, caller: Caller): void {
  for (const child of caller.connection.children) if (child.start === 'start') want(core, caller, child, null);
}

function initiate(core: Core, name: string): void {
  for (const caller of core.callers.values()) {
    const child = caller.connection.children.find(one => one.name === name);
    if (child === undefined) continue;
    caller.failures = 0;
    caller.retryAt = null;
    want(core, caller, child, null);
  }
}

function terminate(core: Core, { ike, child }: Extract<IkeCommand, { kind: 'terminate' }>): void {
  for (const sa of ike === undefined ? [...core.sas.values()] : named(core, ike)) {
    if (child === undefined) terminateIke(core, sa);
    else
      addTasks(
        core,
        sa,
        childrenOf(sa, child).map(({ id }): Task => ({ kind: 'deleteChild', childId: id })),
      );
  }
  for (const caller of core.callers.values()) {
    if (ike !== undefined && ike !== caller.connection.name) continue;
    if (child === undefined) caller.wanted.clear();
    else if (typeof child === 'string') caller.wanted.delete(child);
  }
}

function terminateIke(core: Core, sa: IkeSa): void {
  if (sa.kind === 'closed' || sa.kind === 'deleting') return;
  if (sa.kind === 'established') return addTasks(core, sa, [{ kind: 'deleteIke' }]);
  for (const caller of core.callers.values()) if (caller.attempt === sa.id) caller.attempt = null;
  if (isKeyed(sa)) applyStep(core, sa, withoutTrace(endIkeSa(sa, 'asked', 'terminated', worldOf(core))), null);
  else removeSa(core, sa.id);
}

function rekey(core: Core, { ike, child }: Extract<IkeCommand, { kind: 'rekey' }>): void {
  for (const sa of ike === undefined ? [...core.sas.values()] : named(core, ike)) {
    if (sa.kind !== 'established') continue;
    if (child === undefined) addTasks(core, sa, [{ kind: 'rekeyIke', progress: null }]);
    else {
      const children = childrenOf(sa, child).filter(({ state }) => state === 'installed');
      addTasks(
        core,
        sa,
        children.map(({ id }): Task => ({ kind: 'rekeyChild', childId: id, progress: null })),
      );
    }
  }
}

/** What happened in the node. Events about SAs of Child SAs are for their clocks' file. */
function note(core: Core, event: NodeEvent): void {
  if (event.kind === 'saWanted' && event.wanted !== undefined) {
    const { policy, transform, flow } = event.wanted;
    for (const caller of core.callers.values()) {
      for (const child of caller.connection.children) {
        if (child.policy !== policy || child.transform !== transform || !caller.trapped.has(child.name)) continue;
        if (helps(core, caller, child, flow)) return want(core, caller, child, flow);
      }
    }
    return;
  }
  if (event.stray !== undefined) return noteStray(core, event.stray);
  if (event.sa === undefined) return;
  if (event.kind === 'peerMoved') return notePlace(core, event.sa.spi, event.place);
  for (const sa of core.sas.values()) {
    if (sa.kind !== 'established') continue;
    const child = childOf(sa, event.sa);
    if (child === null) continue;
    // A node that has no sequence numbers left wants another one (RFC 4303 §3.3.3).
    const isUsedUp = event.kind === 'saSoftExpired' || event.kind === 'saWanted';
    if (isUsedUp && child.state === 'installed') {
      addTasks(core, sa, [{ kind: 'rekeyChild', childId: child.id, progress: null }]);
    }
    // What this daemon takes away itself is not among its children any more: a limit has, or an administrator.
    if (event.kind === 'saHardExpired' || event.kind === 'saDeleted')
      addTasks(core, sa, [{ kind: 'deleteChild', childId: child.id, cause: 'failed' }]);
    return;
  }
}

/** The Child SA that one of the node's SAs is a half of; null: of none that is there. */
function childOf({ children }: EstablishedIkeSa, { spi, direction, protocol }: SaName): ChildSa | null {
  const isHalf = (child: ChildSa) =>
    direction === 'inbound' ? child.spiIn === spi : child.spiOut === spi && child.isOutboundInstalled;
  return children.find(child => isHalf(child) && protocolOf(child) === protocol) ?? null;
}

/** The node has seen authentic ESP from there: IKE goes there as well, where a NAT may have moved the peer. */
function notePlace(core: Core, spi: number, place: NodeEvent['place']): void {
  const address = place === undefined ? null : parseAddress(place.address);
  if (place === undefined || address === null) return;
  for (const sa of core.sas.values()) {
    const moved = movedPeer(sa, spi, { address, port: place.port });
    if (moved === sa) continue;
    storeSa(core, moved);
    const detail = `${place.address} port ${place.port}`;
    return tell(core, { kind: 'peerMoved', connection: sa.connection.name, detail });
  }
}

function takeFetched(core: Core, id: number, content: Uint8Array | null): void {
  const whole = unpark(core, id, content);
  const sa = whole === null ? undefined : core.sas.get(whole.ikeSa);
  if (whole === null || sa === undefined || !isKeyed(sa)) return;
  const occasion = { ...whole.message, fetched: whole.fetched };
  if (occasion.request === null) dispatchRequest(core, sa, occasion);
  else dispatchResponse(core, sa, occasion);
}

/** What is not in the new configuration any more is closed, what is new begins, what is other is for the next IKE SA. */
function configure(core: Core, config: IkeConfig): void {
  credentialsOf(config);
  core.config = config;
  const names = new Map(config.connections.filter(({ version }) => version === 2).map(one => [one.name, one]));
  for (const sa of core.sas.values()) {
    const connection = names.get(sa.connection.name);
    if (connection === undefined) terminateIke(core, sa);
    else storeSa(core, { ...sa, connection });
  }
  for (const [name, caller] of core.callers) {
    core.callers.delete(name);
    core.alarms.set(caller.alarmId, null);
  }
  for (const connection of names.values()) replaceCaller(core, connection);
}

function replaceCaller(core: Core, connection: ConnectionConfig): void {
  const caller = createCaller(connection, -core.names.nextId++);
  core.callers.set(connection.name, caller);
  for (const sa of core.sas.values()) {
    if (sa.kind === 'initiating' && sa.connection.name === connection.name) caller.attempt = sa.id;
  }
  const has = new Set<string>();
  for (const sa of core.sas.values()) {
    if (isAuthenticated(sa) && sa.connection.name === connection.name) {
      for (const child of sa.children) has.add(child.config.name);
    }
  }
  for (const child of connection.children) {
    if (child.start === 'start' && !has.has(child.name)) want(core, caller, child, null);
  }
}

function addTasks(core: Core, sa: IkeSa, tasks: readonly Task[]): void {
  if (tasks.length === 0) return;
  storeSa(core, { ...sa, tasks: [...sa.tasks, ...tasks] });
}

/** By the number in the status, or all of that connection. */
function named(core: Core, ike: string | number): IkeSa[] {
  return [...core.sas.values()].filter(sa => (typeof ike === 'number' ? sa.id === ike : sa.connection.name === ike));
}

function childrenOf(sa: IkeSa, child: string | number): ChildSa[] {
  if (sa.kind !== 'established') return [];
  return sa.children.filter(one => (typeof child === 'number' ? one.id === child : one.config.name === child));
}
