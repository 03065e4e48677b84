import type { DriverName } from '../drivers/driver.ts';
import { findMininet, type MininetPython } from '../drivers/mininet/python.ts';
import { machineCannot } from '../state/failure.ts';
import type { Topology } from '../topology/model.ts';
import type { MachineCapability } from './machine/capability.ts';
import { whyNotDocker } from './machine/docker-capabilities.ts';
import { whyNotLive } from './machine/live-capabilities.ts';
import { INSTALL_MININET, whyNotAttach, whyNotMininet } from './machine/mininet-capabilities.ts';
import { type Implementation, whyNot } from './machine/other-implementations.ts';
import { asRoot } from './machine/programs.ts';

export const DRIVER_CHOICES = ['auto', 'sim', 'netns', 'docker', 'mininet', 'swarm'] as const;
export type DriverChoice = (typeof DRIVER_CHOICES)[number];

export interface ChosenDriver {
  readonly driver: DriverName;
  /** Why `auto` did not take netns. */
  readonly why: string | null;
}

/** netns where this machine can do it, which is tried; a Failure when it was asked for and cannot be. */
export function chooseDriver(choice: DriverChoice): ChosenDriver {
  if (choice === 'sim') return { driver: 'sim', why: null };
  // Of docker what can be known without asking the daemon, which `requireContainers` does.
  if (choice === 'docker' || choice === 'swarm') return chosenUnless(choice, whyNotDocker());
  if (choice === 'mininet') return chosenUnless('mininet', whyNotMininet());
  const obstacle = whyNotLive();
  if (obstacle === null) return { driver: 'netns', why: null };
  const why = `netns cannot be used here: ${obstacle.name}: ${obstacle.detail}`;
  if (choice === 'auto') return { driver: 'sim', why };
  throw machineCannot(why, obstacle.fix ?? 'lab up … --driver sim');
}

function chosenUnless(driver: DriverName, obstacle: MachineCapability | null): ChosenDriver {
  if (obstacle === null) return { driver, why: null };
  throw machineCannot(
    `${driver} cannot be used here: ${obstacle.name}: ${obstacle.detail}`,
    obstacle.fix ?? 'lab up … --driver netns',
  );
}

/** For a driver of containers, a Failure where there is no daemon that it can use, or no image of nodes. */
export async function requireContainers(driver: DriverName): Promise<void> {
  if (driver !== 'docker' && driver !== 'swarm') return;
  const [{ openDaemon, requireDaemon }, { requireImage }, { requireManager }] = await Promise.all([
    import('../drivers/docker/daemon.ts'),
    import('../drivers/docker/image.ts'),
    import('../drivers/swarm/swarm.ts'),
  ]);
  const docker = openDaemon();
  await requireDaemon(docker);
  if (driver === 'swarm') await requireManager(docker);
  await requireImage(docker);
}

/** A Failure where this machine, or this user, cannot put a lab into hosts that run. */
export function requireAttach(): void {
  const obstacle = whyNotAttach();
  if (obstacle === null) return;
  throw machineCannot(`labs cannot be attached here: ${obstacle.name}: ${obstacle.detail}`, obstacle.fix);
}

/** A Failure where no Python of this machine has Mininet. */
export function requireMininet(): MininetPython {
  const python = findMininet();
  if (python !== null) return python;
  throw machineCannot('Mininet is not installed, or not for the Python of this machine', asRoot(INSTALL_MININET));
}

/** A Failure where the topology has nodes that run another implementation and this driver or machine does not have it. */
export function requirePeers(topology: Topology, driver: DriverName): void {
  for (const { name, implementation } of topology.nodes) {
    if (implementation !== null) requireImplementation(`${name} runs ${implementation}`, implementation, driver);
  }
}

/** The same of one implementation; `what` begins the sentence. */
export function requireImplementation(what: string, implementation: Implementation, driver: DriverName): void {
  if (driver === 'sim') throw machineCannot(`${what}, which runs live only`, '--driver netns');
  if (driver === 'docker' || driver === 'swarm') {
    throw machineCannot(`${what}, which images of nodes do not have`, '--driver netns');
  }
  const obstacle = whyNot(implementation);
  if (obstacle !== null) throw machineCannot(`${obstacle.name} cannot run here: ${obstacle.detail}`, obstacle.fix);
}
