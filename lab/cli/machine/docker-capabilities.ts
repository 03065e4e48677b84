import { readFileSync } from 'node:fs';
import { daemonSocket } from '../../drivers/docker/endpoint.ts';
import { MachineObstacle } from '../../drivers/machine-obstacle.ts';
import { type MachineCapability, missing, there } from './capability.ts';
import { whyNotLive } from './live-capabilities.ts';

/** What labs in containers need besides what netns does, as far as it can be known without asking the daemon. */
export const dockerCapabilities: readonly (() => MachineCapability)[] = [root, endpoint];

/** The first thing that keeps labs in containers from working; null: it is for the daemon to say. */
export function whyNotDocker(): MachineCapability | null {
  const live = whyNotLive();
  if (live !== null) return live;
  return dockerCapabilities.map(look => look()).find(({ ok }) => !ok) ?? null;
}

/** Whether the daemon answers, is new enough, and has the image. */
export async function dockerDaemon(): Promise<MachineCapability> {
  const name = 'Docker Engine';
  const [{ openDaemon, requireDaemon }, { requireImage }] = await Promise.all([
    import('../../drivers/docker/daemon.ts'),
    import('../../drivers/docker/image.ts'),
  ]);
  try {
    const docker = openDaemon();
    await requireDaemon(docker);
    return there(name, 'docker', `its image of nodes is ${await requireImage(docker)}`);
  } catch (error) {
    if (error instanceof MachineObstacle) return missing(name, 'docker', error.message, error.fix);
    throw error;
  }
}

/** Whether the daemon, which answers, manages a swarm. */
export async function swarmManager(): Promise<MachineCapability> {
  const name = 'Docker Swarm';
  const [{ openDaemon }, { requireManager }] = await Promise.all([
    import('../../drivers/docker/daemon.ts'),
    import('../../drivers/swarm/swarm.ts'),
  ]);
  try {
    return there(name, 'swarm', `this machine is its manager ${await requireManager(openDaemon())}`);
  } catch (error) {
    if (error instanceof MachineObstacle) return missing(name, 'swarm', error.message, error.fix);
    throw error;
  }
}

/** Links are moved into the namespaces of containers, which belong to root. */
function root(): MachineCapability {
  const name = 'root';
  const use = 'moves links into containers';
  return isMachinesRoot() ? there(name, 'docker', use) : missing(name, 'docker', use, 'sudo lab up … --driver docker');
}

/** Not of a user namespace only. */
export const isMachinesRoot = (): boolean =>
  process.getuid?.() === 0 && /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'latin1'));

function endpoint(): MachineCapability {
  const name = 'Docker socket';
  try {
    return there(name, 'docker', daemonSocket());
  } catch (error) {
    if (error instanceof MachineObstacle) return missing(name, 'docker', error.message, error.fix);
    throw error;
  }
}
