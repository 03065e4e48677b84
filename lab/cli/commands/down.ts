import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { daemonSocket } from '../../drivers/docker/endpoint.ts';
import { badInput, machineCannot } from '../../state/failure.ts';
import { tryLock, type Lock } from '../../state/lock.ts';
import { isAlive, runsOfRoot, signalProcess } from '../../state/process.ts';
import { type LabFolder, listLabFolders, readLabFolder } from '../../state/record.ts';
import { labDirectory, socketPath, stateRoot } from '../../state/root.ts';
import { endContainers, endStrays, sweepLab } from '../../state/sweep.ts';
import { connectLab } from '../client.ts';
import type { CommandContext } from '../command.ts';
import { examples, JSON_OPTION } from '../command.ts';
import { isLive } from '../find-lab.ts';

const DESCRIPTION = `Remove labs, and all that killed ones left: processes, containers, namespaces, links and files.
Safe to repeat; there may be nothing to remove.`;

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .argument('[lab...]', 'names of labs; with one lab running, it is meant')
    .option('--all', 'every lab of this user, and strays')
    .option(...JSON_OPTION)
    .addHelpText('after', examples(['lab down', 'lab down site-to-site', 'lab down --all']))
    .action((names: string[], options: Options) => down(names, options, context));
}

interface Options {
  readonly all?: true;
  readonly json?: true;
}

async function down(names: readonly string[], options: Options, { terminal }: CommandContext): Promise<void> {
  if (options.all && names.length > 0) throw badInput('both names and --all', 'give one of them');
  const root = stateRoot();
  const folders = options.all ? listLabFolders(root) : chosen(names, root);
  const removed: string[] = [];
  for (const folder of folders) {
    terminal.progress(`removing ${folder.name} …`);
    await removeLab(root, folder);
    removed.push(folder.name);
  }
  const strays = options.all ? await removeStrays(root) : 0;
  terminal.progress(null);
  if (options.json) return terminal.data(JSON.stringify({ removed, strays }));
  if (strays > 0) terminal.data(`strays of ${strays} lost run${strays === 1 ? '' : 's'} removed`);
  for (const name of removed) terminal.data(`${name} removed`);
  if (removed.length === 0 && strays === 0) terminal.data('nothing to remove');
}

/** Named ones whether they exist or not (it is safe to repeat); without a name the only one, dead or alive. */
function chosen(names: readonly string[], root: string): LabFolder[] {
  const folders = listLabFolders(root);
  if (names.length > 0) return folders.filter(folder => names.includes(folder.name));
  if (folders.length > 1) {
    throw badInput(`several labs exist: ${folders.map(folder => folder.name).join(', ')}`, 'name one, or --all');
  }
  return folders;
}

/**
 * Brings one lab down: asks its supervisor, which knows what there is, and takes what is left by force. Holds the lab's
 * lock, so that a `lab up` that is at work with it is told to stop first, and another `lab down` may end.
 */
export async function removeLab(root: string, folder: LabFolder): Promise<void> {
  const lock = await lockAgainstCreator(root, folder);
  try {
    const current = readLabFolder(labDirectory(root, folder.name));
    if (isLive(current)) await connectLab(socketPath(current.directory)).down(DOWN_MS).catch(leaveItToTheSweep);
    const left = await sweepLab(current);
    if (left.length === 0) return;
    const pids = left.map(identity => identity.pid).join(', ');
    throw machineCannot(`lab "${folder.name}": these processes do not end: ${pids}`, 'lab down again, later');
  } finally {
    lock.release();
  }
}

/** A supervisor that hangs or is half dead is what the sweep is there for. */
const leaveItToTheSweep = (): void => undefined;

const DOWN_MS = 10_000;
/** Longer than a `lab down` takes that has to use force. */
const HOLDER_ENDS_MS = 20_000;
const LOOK_AGAIN_MS = 20;

async function lockAgainstCreator(root: string, folder: LabFolder): Promise<Lock> {
  const free = await tryLock(root, folder.name);
  if (free !== null) return free;
  const creator = folder.record?.creator ?? null;
  if (creator !== null && isAlive(creator)) signalProcess(creator, 'SIGTERM'); // it removes its lab by itself
  // So does another `lab down`. A lock cannot be waited for, only tried again.
  for (const end = performance.now() + HOLDER_ENDS_MS; performance.now() < end; await delay(LOOK_AGAIN_MS)) {
    const lock = await tryLock(root, folder.name);
    if (lock !== null) return lock;
  }
  throw machineCannot(`another command is at work with lab "${folder.name}"`, 'wait for its end, then lab down again');
}

/** Processes of runs whose folder is gone: their number of runs. */
async function removeStrays(root: string): Promise<number> {
  const known = new Set(listLabFolders(root).map(folder => folder.record?.runId));
  const lost = [...runsOfRoot(root)].filter(run => !known.has(run));
  for (const run of lost) await endStrays(run);
  const lostInContainers = (await runsInContainers(root)).filter(run => !known.has(run));
  for (const run of lostInContainers) await endContainers(daemonSocket(), run);
  return new Set([...lost, ...lostInContainers]).size;
}

/** Runs that the Docker daemon has containers or services of; none where there is no daemon that could be asked. */
async function runsInContainers(root: string): Promise<readonly string[]> {
  try {
    if (!existsSync(daemonSocket())) return [];
    const [{ openDaemon }, { runsWithContainers }, { runsInSwarm }] = await Promise.all([
      import('../../drivers/docker/daemon.ts'),
      import('../../drivers/docker/remove-containers.ts'),
      import('../../drivers/swarm/remove-from-swarm.ts'),
    ]);
    const docker = openDaemon();
    return [...new Set([...(await runsWithContainers(docker, root)), ...(await runsInSwarm(docker, root))])];
  } catch {
    return [];
  }
}
