import type { DriverName } from '../drivers/driver.ts';
import { machineCannot } from '../state/failure.ts';
import type { Topology } from '../topology/model.ts';
import { whyNotLive } from './machine/live-capabilities.ts';
import { type Implementation, whyNot } from './machine/other-implementations.ts';

export const DRIVER_CHOICES = ['auto', 'sim', 'netns'] as const;
export type DriverChoice = (typeof DRIVER_CHOICES)[number];

export interface ChosenDriver {
  readonly driver: DriverName;
  /** Why `auto` did not take netns. */
  readonly why: string | null;
}

/** netns where this machine can do it, which is tried; a Failure when it was asked for and cannot be. */
export function chooseDriver(choice: DriverChoice): ChosenDriver {
  if (choice === 'sim') return { driver: 'sim', why: null };
  const obstacle = whyNotLive();
  if (obstacle === null) return { driver: 'netns', why: null };
  const why = `netns cannot be used here: ${obstacle.name}: ${obstacle.detail}`;
  if (choice === 'auto') return { driver: 'sim', why };
  throw machineCannot(why, obstacle.fix ?? 'lab up … --driver sim');
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
  const obstacle = whyNot(implementation);
  if (obstacle !== null) throw machineCannot(`${obstacle.name} cannot run here: ${obstacle.detail}`, obstacle.fix);
}
