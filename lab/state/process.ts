import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * One process, for ever: a pid alone is given again to another, the moment at which it started is not. Clock ticks since
 * boot, field 22 of /proc/<pid>/stat (proc(5)); `boot` because both begin anew with the machine.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: string;
  readonly boot: string;
}

/** By this variable in their environment the processes of a run are found, never by their names. */
export const RUN_VARIABLE = 'IPSEC_LAB_RUN';
/** What a gateway is as a process, and only that, has its node's name in this one. */
export const NODE_VARIABLE = 'IPSEC_LAB_NODE';
/** Tells the runs of `lab up` in one state root from those of another, and from those of a test that needs no folder. */
export const ROOT_VARIABLE = 'IPSEC_LAB_ROOT';

/** null: no such process, or it has ended and only waits to be reaped. */
export function identify(pid: number): ProcessIdentity | null {
  const stat = readStat(pid);
  return stat === null || stat.ended ? null : { pid, startTicks: stat.startTicks, boot: bootId() };
}

export function isAlive(identity: ProcessIdentity | null): boolean {
  if (identity === null || identity.boot !== bootId()) return false;
  return identify(identity.pid)?.startTicks === identity.startTicks;
}

/** Sends a signal to that very process, or to none. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It ended between the look and the signal: what was wanted.
  }
}

/** Processes whose parent is `pid`, oldest first. */
export function childrenOf(pid: number): ProcessIdentity[] {
  return everyPid()
    .filter(child => readStat(child)?.parent === pid)
    .map(identify)
    .filter(found => found !== null)
    .sort((a, b) => Number(a.startTicks) - Number(b.startTicks));
}

/** Everything alive that carries `IPSEC_LAB_RUN=<runId>`, except this process. */
export function processesOfRun(runId: string): ProcessIdentity[] {
  const mark = Buffer.from(`\0${RUN_VARIABLE}=${runId}\0`);
  return everyPid()
    .filter(pid => pid !== process.pid && environmentOf(pid).includes(mark))
    .map(identify)
    .filter(found => found !== null);
}

/**
 * The processes of a run that are its gateways, and daemons of other implementations, by node: as this machine counts processes, which
 * is not as the lab's own pod does. Those that another user may not see are not among them.
 */
export function gatewayProcesses(runId: string): ReadonlyMap<string, number> {
  const pattern = new RegExp(`\\0${NODE_VARIABLE}=([^\\0]+)\\0`);
  const found = processesOfRun(runId).flatMap(({ pid, startTicks }) => {
    const node = pattern.exec(environmentOf(pid).toString('latin1'))?.[1];
    return node === undefined ? [] : [{ node, pid, startedAt: Number(startTicks) }];
  });
  // A daemon's own children have its variables: of each node the eldest counts.
  found.sort((a, b) => b.startedAt - a.startedAt || b.pid - a.pid);
  return new Map(found.map(({ node, pid }) => [node, pid]));
}

/** Runs of which something lives that was started under this state root, whether a folder knows of them or not. */
export function runsOfRoot(root: string): ReadonlySet<string> {
  const runs = new Set<string>();
  const mark = Buffer.from(`\0${ROOT_VARIABLE}=${root}\0`);
  const pattern = new RegExp(`\\0${RUN_VARIABLE}=([0-9a-f]{32})\\0`);
  for (const pid of everyPid()) {
    if (pid === process.pid) continue;
    const environment = environmentOf(pid);
    const run = environment.includes(mark) ? pattern.exec(environment.toString('latin1'))?.[1] : undefined;
    if (run !== undefined && identify(pid) !== null) runs.add(run);
  }
  return runs;
}

/**
 * Waits until a process is gone; false when it still lives after the time. Only a parent is told of an end, and we are
 * not the parent of what we wait for here: looking again and again is all that is left.
 */
export async function waitForEnd(identity: ProcessIdentity, milliseconds: number): Promise<boolean> {
  const end = performance.now() + milliseconds;
  for (let pause = 1; isAlive(identity); pause = Math.min(pause * 2, 50)) {
    if (performance.now() > end) return false;
    await delay(pause);
  }
  return true;
}

interface Stat {
  readonly parent: number;
  readonly startTicks: string;
  readonly ended: boolean;
}

function readStat(pid: number): Stat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  // The command's name stands in parentheses and may hold spaces and parentheses itself: count from the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, startTicks] = [fields[0], fields[1], fields[19]];
  if (state === undefined || parent === undefined || startTicks === undefined) return null;
  return { parent: Number(parent), startTicks, ended: state === 'Z' || state === 'X' };
}

function everyPid(): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number);
}

/** With a zero before the first variable too, so that each stands between zeros; empty for another user's process. */
function environmentOf(pid: number): Buffer {
  try {
    return Buffer.concat([Buffer.of(0), readFileSync(`/proc/${pid}/environ`)]);
  } catch {
    return Buffer.alloc(0);
  }
}

let knownBootId: string | null = null;
function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return knownBootId;
}
