import { openDaemon, requireDaemon } from '../docker/daemon.ts';
import { requireImage } from '../docker/image.ts';
import type { Driver } from '../driver.ts';
import { bringUp, LIVE_CAPABILITIES, type LiveOptions } from '../netns/bring-up.ts';
import { requireManager } from './swarm.ts';
import { SwarmGround } from './swarm-ground.ts';

/**
 * Labs on a Docker Swarm: a service a node, one overlay network a lab, and links over it. Every service is constrained to the machine of
 * this daemon, a manager: captures, impairments and engines belong to the lab's one supervisor, which reaches into namespaces of its own
 * machine only. `up` has to run as root inside a pod (`containerPodCommand`).
 */
export function createSwarmDriver(options: LiveOptions = {}): Driver {
  return {
    name: 'swarm',
    capabilities: LIVE_CAPABILITIES,
    up: async (topology, context) => {
      const docker = openDaemon();
      await requireDaemon(docker);
      const machine = await requireManager(docker);
      // By its id no registry is asked for it.
      const image = (await docker.getImage(await requireImage(docker)).inspect()).Id;
      return bringUp(topology, context, new SwarmGround({ docker, image, machine }, context.runId), options);
    },
  };
}
