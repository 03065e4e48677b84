import { tell } from '../tell.ts';
import type { NodeEvent, SaName } from '../../node/node.ts';
import { parseAddress } from '../../wire/address.ts';
import type { ConnectionConfig, IkeConfig } from '../config.ts';
import { credentialsOf } from '../credentials.ts';
import type { IkeCommand } from '../daemon.ts';
import { unpark } from '../fetching.ts';
import { applyStep } from './apply.ts';
import { beginAttempt, type Caller, createCaller, helps, want } from './caller.ts';
import type { ChildSa } from './child-sa.ts';
import { type Core, worldOf } from './core.ts';
import { endIsakmpSa } from './end.ts';
import type { EstablishedIsakmpSa, IsakmpSa } from './isakmp-sa.ts';
import { takePhaseOne } from './receive-phase1.ts';
import { storeSa } from './sa-table.ts';
import { noteStray } from './stray.ts';
import { rekeyTask, type Task } from './task.ts';

/** Carries out what a user, the node or the host says. What IKEv1 does not have (redirect, addresses that move) is for others. */
export function runCommand(core: Core, command: IkeCommand): void {
  switch (command.kind) {
    case 'initiate':
      return initiate(core, command.child);
    case 'terminate':
      return terminate(core, command);
    case 'rekey':
      return rekey(core, command);
    case 'reauthenticate':
      return rekey(core, { kind: 'rekey', ike: command.ike });
    case 'noted':
      return note(core, command.event);
    case 'addresses':
      core.addresses = [...command.addresses];
      return;
    case 'configure':
      return configure(core, command.config);
    case 'fetched':
      return takeFetched(core, command.id, command.content);
    case 'redirect':
      return;
  }
}

/** A caller for each connection of IKEv1; what is to start by itself starts. */
export function startConnections(core: Core): void {
  for (const connection of core.config.connections) {
    if (connection.version !== 1) continue;
    const caller = createCaller(connection, -core.names.nextId++);
    core.callers.set(connection.name, caller);
    for (const child of connection.children) if (child.start === 'start') want(core, caller, child, null);
  }
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
    if (child === undefined) terminateIsakmp(core, sa);
    else
      addTasks(
        core,
        sa,
        childrenOf(sa, child).map(({ id }): Task => ({ kind: 'deleteChild', childId: id })),
      );
  }
  for (const caller of core.callers.values()) {
    if (ike !== undefined && ike !== caller.connection.name) continue;
    if (child === undefined) {
      caller.wanted.clear();
      caller.replaces = null;
    } else if (typeof child === 'string') caller.wanted.delete(child);
  }
}

function terminateIsakmp(core: Core, sa: IsakmpSa): void {
  if (sa.kind === 'established' && sa.isForgotten !== true) return addTasks(core, sa, [{ kind: 'deleteIsakmp' }]);
  for (const caller of core.callers.values()) if (caller.attempt === sa.id) caller.attempt = null;
  applyStep(core, sa, endIsakmpSa(sa, 'asked', 'terminated', worldOf(core)), null);
}

/** Of an ISAKMP SA: another phase 1, which is how it is authenticated anew as well. */
function rekey(core: Core, { ike, child }: Extract<IkeCommand, { kind: 'rekey' }>): void {
  for (const sa of ike === undefined ? [...core.sas.values()] : named(core, ike)) {
    if (sa.kind !== 'established' || sa.replacedBy !== null) continue;
    if (child === undefined) {
      beginAttempt(core, { kind: 'initiate', connection: sa.connection.name, children: [], replaces: sa.id });
    } else addTasks(core, sa, childrenOf(sa, child).filter(isInstalled).map(rekeyTask));
  }
}

const isInstalled = ({ state }: ChildSa): boolean => state === 'installed';

/** What happened in the node. */
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
    const child = sa.kind === 'established' ? childOf(sa, event.sa) : null;
    if (child === null) continue;
    // A node that has no sequence numbers left wants another one (RFC 4303 §3.3.3).
    const isUsedUp = event.kind === 'saSoftExpired' || event.kind === 'saWanted';
    if (isUsedUp && isInstalled(child)) addTasks(core, sa, [rekeyTask(child)]);
    // What this daemon takes away itself is not among its children any more: a limit has, or an administrator.
    if (event.kind === 'saHardExpired' || event.kind === 'saDeleted')
      addTasks(core, sa, [{ kind: 'deleteChild', childId: child.id, cause: 'failed' }]);
    return;
  }
}

/** The child that one of the node's SAs is a half of; null: of none that is there. */
function childOf({ children }: EstablishedIsakmpSa, { spi, direction, protocol }: SaName): ChildSa | null {
  const isHalf = (child: ChildSa) =>
    direction === 'inbound' ? child.spiIn === spi : child.spiOut === spi && child.isOutboundInstalled;
  return children.find(child => isHalf(child) && (child.inbound.protocol ?? 'esp') === protocol) ?? null;
}

/** The node has seen authentic ESP from there: IKE goes there as well, where a NAT may have moved the peer. */
function notePlace(core: Core, spi: number, place: NodeEvent['place']): void {
  const remote = place === undefined ? null : parseAddress(place.address);
  if (place === undefined || remote === null) return;
  for (const sa of core.sas.values()) {
    if (sa.kind !== 'established' || !sa.children.some(({ spiIn }) => spiIn === spi)) continue;
    if (!sa.path.isRemoteNatted || sa.path.isLocalNatted) return;
    storeSa(core, { ...sa, path: { ...sa.path, remote, remotePort: place.port } });
    const detail = `${place.address} port ${place.port}`;
    return tell(core, { kind: 'peerMoved', connection: sa.connection.name, detail });
  }
}

function takeFetched(core: Core, id: number, content: Uint8Array | null): void {
  const whole = unpark(core, id, content);
  const sa = whole === null ? undefined : core.sas.get(whole.ikeSa);
  if (whole !== null && sa !== undefined) takePhaseOne(core, sa, whole.message, whole.fetched);
}

/** What is not in the new configuration any more is closed, what is new begins, what is other is for the next ISAKMP SA. */
function configure(core: Core, config: IkeConfig): void {
  credentialsOf(config);
  core.config = config;
  const names = new Map(config.connections.filter(({ version }) => version === 1).map(one => [one.name, one]));
  for (const sa of core.sas.values()) {
    const connection = names.get(sa.connection.name);
    if (connection === undefined) terminateIsakmp(core, sa);
    else storeSa(core, { ...sa, connection });
  }
  for (const [name, caller] of core.callers) {
    core.callers.delete(name);
    core.alarms.set(caller.alarmId, null);
  }
  for (const connection of names.values()) replaceCaller(core, connection);
}

function replaceCaller(core: Core, connection: ConnectionConfig): void {
  const caller: Caller = createCaller(connection, -core.names.nextId++);
  core.callers.set(connection.name, caller);
  const has = new Set<string>();
  for (const sa of core.sas.values()) {
    if (sa.connection.name !== connection.name) continue;
    if (sa.kind === 'established') for (const child of sa.children) has.add(child.config.name);
    else if (sa.role === 'initiator') caller.attempt = sa.id;
  }
  for (const child of connection.children) {
    if (child.start === 'start' && !has.has(child.name)) want(core, caller, child, null);
  }
}

function addTasks(core: Core, sa: IsakmpSa, tasks: readonly Task[]): void {
  if (tasks.length === 0) return;
  storeSa(core, { ...sa, tasks: [...sa.tasks, ...tasks] });
}

/** By the number in the status, or all of that connection. */
function named(core: Core, ike: string | number): IsakmpSa[] {
  return [...core.sas.values()].filter(sa => (typeof ike === 'number' ? sa.id === ike : sa.connection.name === ike));
}

function childrenOf(sa: IsakmpSa, child: string | number): ChildSa[] {
  if (sa.kind !== 'established') return [];
  return sa.children.filter(one => (typeof child === 'number' ? one.id === child : one.config.name === child));
}
