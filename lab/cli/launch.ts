import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { programFile } from '../../engine/host/program.ts';
import type { DriverName } from '../drivers/driver.ts';
import { daemonSocket } from '../drivers/docker/endpoint.ts';
import {
  attachPodCommand,
  containerPodCommand,
  POD_DESCRIPTORS,
  podCommand,
  withSystemPath,
} from '../drivers/netns/pod.ts';
import { badInput, type Failure, machineCannot } from '../state/failure.ts';
import { type Lock, tryLock } from '../state/lock.ts';
import { childrenOf, identify, type ProcessIdentity, ROOT_VARIABLE, RUN_VARIABLE } from '../state/process.ts';
import { createLabFolder, type LabRecord, readLabFolder, writeRecord } from '../state/record.ts';
import { checkLabName, ensureStateRoot, labDirectory } from '../state/root.ts';
import { sweepLab } from '../state/sweep.ts';
import type { LabOrder, ToSupervisor } from '../supervisor/messages.ts';
import type { Topology } from '../topology/model.ts';
import { isLive } from './find-lab.ts';
import { Inbox } from './inbox.ts';

export interface LaunchPlan {
  readonly name: string;
  readonly driver: DriverName;
  readonly topology: Topology;
  readonly seed: string;
  /** As of `LabOrder`. */
  readonly hosts: LabOrder['hosts'];
  readonly onProgress: (text: string) => void;
}

/** A lab that is up, and goes down with us until `confirm`. */
export interface Launched {
  readonly directory: string;
  readonly upMs: number;
  /** From now on the lab stays, whatever becomes of us. */
  confirm(): Promise<void>;
  /** Removes all that was made. Safe to repeat. */
  abandon(): Promise<void>;
}

/**
 * Starts a lab: its folder and record first, then its supervisor, which is recorded before it may make anything. When
 * this throws, or `stop` fires before it is done, nothing is left.
 */
export async function launch(plan: LaunchPlan, stop: AbortSignal): Promise<Launched> {
  const root = ensureStateRoot();
  const lock = await tryLock(root, checkLabName(plan.name));
  if (lock === null) throw inUse(plan.name);
  const birth: Birth = { plan, lock, directory: labDirectory(root, plan.name), root, runId: newRunId(), child: null };
  try {
    await takeFolder(birth);
  } catch (error) {
    lock.release();
    throw error;
  }
  const abandon = (): Promise<void> => undo(birth);
  try {
    const { inbox, child } = spawnSupervisor(birth, stop);
    await inbox.wait('hello');
    recordProcesses(birth, child);
    send(child, { kind: 'start', order: orderOf(birth) });
    const { upMs } = await inbox.wait('up');
    return { directory: birth.directory, upMs, confirm: () => confirm(birth, child, inbox), abandon };
  } catch (error) {
    await abandon();
    throw error;
  }
}

interface Birth {
  readonly plan: LaunchPlan;
  readonly root: string;
  readonly lock: Lock;
  readonly directory: string;
  readonly runId: string;
  child: ChildProcess | null;
}

const newRunId = (): string => randomBytes(16).toString('hex');

const inUse = (name: string): Failure =>
  badInput(`lab "${name}" exists already`, `lab down ${name}, or give this one another name: --name NAME`);

/** Makes the folder with its record; what a killed lab of the same name left is removed first. */
async function takeFolder({ plan, root, directory, runId }: Birth): Promise<void> {
  const creator = identify(process.pid);
  if (creator === null) throw new Error('this process does not find itself in /proc');
  if (existsSync(directory)) {
    const old = readLabFolder(directory);
    if (isLive(old)) throw inUse(plan.name);
    await sweepLab(old);
  }
  const { name, driver, topology } = plan;
  const record: LabRecord = {
    version: 1,
    name,
    runId,
    driver,
    topology: topology.name,
    file: resolve(topology.file),
    nodes: topology.nodes.map(node => node.name),
    links: topology.links.map(link => link.name),
    createdAtMs: Date.now(),
    creator,
    supervisor: null,
    pod: null,
    docker: driver === 'docker' || driver === 'swarm' ? daemonSocket() : null,
  };
  if (!createLabFolder(root, record)) throw inUse(name);
}

function spawnSupervisor(birth: Birth, stop: AbortSignal): { child: ChildProcess; inbox: Inbox } {
  const { plan, directory, root, runId } = birth;
  const supervisor = [process.execPath, programFile('lab/supervisor/main')];
  const [program = '', ...rest] = [...podAround(plan, root), ...supervisor];
  const log = join(directory, 'supervisor.log');
  const output = openSync(log, 'a', 0o600);
  const child = spawn(program, rest, {
    detached: true,
    cwd: '/',
    stdio: ['ignore', output, output, ...POD_DESCRIPTORS, 'ipc'],
    env: { ...withSystemPath(process.env), [RUN_VARIABLE]: runId, [ROOT_VARIABLE]: root },
  });
  closeSync(output);
  birth.child = child;
  return { child, inbox: new Inbox(child, log, stop, plan.onProgress) };
}

/** The pod has a /run of its own; the state root must be seen in it, wherever it is. */
function podAround({ driver, hosts }: LaunchPlan, root: string): string[] {
  const isRoot = process.getuid?.() === 0;
  const isHidden = root.startsWith('/run/') && !root.startsWith('/run/user/');
  const keep = isHidden ? [root] : undefined;
  switch (driver) {
    case 'sim':
      return [];
    case 'netns':
      return podCommand(isRoot, keep);
    case 'mininet':
      return hosts === null ? podCommand(isRoot, keep) : attachPodCommand(keep);
    case 'docker':
    case 'swarm':
      return containerPodCommand(daemonSocket(), keep);
  }
}

function recordProcesses({ plan, directory }: Birth, child: ChildProcess): void {
  const supervisor = identify(child.pid ?? 0);
  const { record } = readLabFolder(directory);
  if (supervisor === null || record === null) throw killedAtBirth();
  writeRecord(directory, { ...record, supervisor, pod: plan.driver === 'sim' ? null : podOf(supervisor) });
}

/** It has just said hello: somebody else has ended it. */
const killedAtBirth = (): Failure => machineCannot('the lab was killed, or brought down, while it came up', null);

/** `unshare` has one child: the first process of the pod. */
function podOf(supervisor: ProcessIdentity): ProcessIdentity {
  const [pod] = childrenOf(supervisor.pid);
  if (pod === undefined) throw killedAtBirth();
  return pod;
}

const orderOf = ({ plan, runId, directory }: Birth): LabOrder => ({
  name: plan.name,
  runId,
  driver: plan.driver,
  seed: plan.seed,
  replay: plan.driver === 'sim',
  stateDirectory: directory,
  topology: plan.topology,
  hosts: plan.hosts,
});

async function confirm({ lock }: Birth, child: ChildProcess, inbox: Inbox): Promise<void> {
  send(child, { kind: 'confirm' });
  await inbox.wait('confirmed');
  child.disconnect();
  child.unref();
  lock.release();
}

const ABORT_MS = 7_000;

/** Asks the supervisor first, which knows what there is, and takes the rest by force. */
async function undo({ child, directory, lock }: Birth): Promise<void> {
  if (child?.connected) {
    send(child, { kind: 'abort' });
    await Promise.race([ended(child), after(ABORT_MS)]);
  }
  await sweepLab(readLabFolder(directory));
  lock.release();
}

function send(child: ChildProcess, message: ToSupervisor): void {
  child.send(message, () => undefined); // a supervisor that has died is noticed by its end
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise(resolve => child.once('exit', resolve));
}

const after = (milliseconds: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, milliseconds).unref();
  });
