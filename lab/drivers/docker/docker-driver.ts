import type { Driver } from '../driver.ts';
import { bringUp, LIVE_CAPABILITIES, type LiveOptions } from '../netns/bring-up.ts';
import { openDaemon, requireDaemon } from './daemon.ts';
import { DockerGround } from './docker-ground.ts';
import { requireImage } from './image.ts';

/**
 * Labs in containers of this machine's Docker daemon: a container a node, and the lab's own links moved in. All else is as with netns:
 * `up` has to run as root inside a pod (`containerPodCommand`), and links, impairments and capture are the pod's.
 */
export function createDockerDriver(options: LiveOptions = {}): Driver {
  return {
    name: 'docker',
    capabilities: LIVE_CAPABILITIES,
    up: async (topology, context) => {
      const docker = openDaemon();
      await requireDaemon(docker);
      const image = await requireImage(docker);
      return bringUp(topology, context, new DockerGround(docker, image, context.runId), options);
    },
  };
}
