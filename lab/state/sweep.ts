import type { LabFolder } from './record.ts';
import { machineCannot } from './failure.ts';
import { removeLabFolder } from './record.ts';
import type { ProcessIdentity } from './process.ts';
import { undoAll } from './undo.ts';
import { isAlive, processesOfRun, signalProcess, waitForEnd } from './process.ts';

const END_MS = 5_000;
const ROUNDS_MAX = 20;

/**
 * Removes by force all that a lab left: its processes and containers, what it changed in hosts that it was attached to, then its
 * folder. Namespaces, links and mounts live inside the pod and go with its first process. Safe to repeat. Returns the processes that
 * would not die, which is nobody's fault but the kernel's (uninterruptible sleep).
 */
export async function sweepLab(folder: LabFolder): Promise<readonly ProcessIdentity[]> {
  const left = folder.record === null ? [] : await endProcesses(folder.record);
  const docker = folder.record?.docker ?? null;
  if (folder.record !== null && docker !== null) await endContainers(docker, folder.record.runId);
  if (left.length > 0) return left;
  undoAll(folder.directory);
  removeLabFolder(folder.directory);
  return left;
}

/**
 * Removes the containers of a run, its services and its network, at the daemon of that socket. A Failure where that does not answer:
 * what it has cannot be known then.
 */
export async function endContainers(socket: string, runId: string): Promise<void> {
  const [{ openDaemon, obstacleOf }, { removeFromSwarm }] = await Promise.all([
    import('../drivers/docker/daemon.ts'),
    import('../drivers/swarm/remove-from-swarm.ts'),
  ]);
  try {
    await removeFromSwarm(openDaemon(socket), runId);
  } catch (error) {
    const { message, fix } = obstacleOf(error, 'the Docker daemon cannot be asked for the containers of the lab');
    throw machineCannot(message, fix === null ? 'lab down again' : `${fix}; then lab down again`);
  }
}

interface Processes {
  readonly runId: string;
  readonly supervisor: ProcessIdentity | null;
  readonly pod: ProcessIdentity | null;
}

async function endProcesses(lab: Processes): Promise<readonly ProcessIdentity[]> {
  const known = [lab.pod, lab.supervisor].filter(identity => identity !== null);
  await end(known);
  return endStrays(lab.runId);
}

/** Again and again, because one that is ended may have started another in the meantime. */
export async function endStrays(runId: string): Promise<readonly ProcessIdentity[]> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const strays = processesOfRun(runId);
    if (strays.length === 0) return [];
    await end(strays);
  }
  return processesOfRun(runId);
}

async function end(identities: readonly ProcessIdentity[]): Promise<void> {
  for (const identity of identities) signalProcess(identity, 'SIGKILL');
  await Promise.all(identities.filter(isAlive).map(identity => waitForEnd(identity, END_MS)));
}
