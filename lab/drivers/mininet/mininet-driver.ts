import type { Driver } from '../driver.ts';
import { MachineObstacle } from '../machine-obstacle.ts';
import { bringUp, LIVE_CAPABILITIES, type LiveOptions } from '../netns/bring-up.ts';
import { type Attachment, AttachedGround } from './attached-ground.ts';
import { MininetGround } from './mininet-ground.ts';
import { findMininet } from './python.ts';

/**
 * Labs in a network of Mininet's: a host of its a node, a link of its for each of ours. All else is as with netns: `up` has to run inside
 * a pod (pod.ts), of which a lab has all to itself.
 */
export function createMininetDriver(options: LiveOptions = {}): Driver {
  return {
    name: 'mininet',
    capabilities: LIVE_CAPABILITIES,
    // oxlint-disable-next-line typescript/require-await -- what is missing rejects
    up: async (topology, context) => {
      const python = findMininet();
      if (python === null) throw new MachineObstacle('no Python of this machine has Mininet', 'lab doctor');
      return bringUp(topology, context, new MininetGround(python, context.runId), options);
    },
  };
}

/** The same in hosts that run already, of which engines take over those that are gateways. `up` has to run inside `attachPodCommand`. */
export function createAttachedDriver(attachment: Attachment, options: LiveOptions = {}): Driver {
  return {
    name: 'mininet',
    capabilities: LIVE_CAPABILITIES,
    up: (topology, context) => bringUp(topology, context, new AttachedGround(attachment, context.runId), options),
  };
}
