import { setTimeout as wait } from 'node:timers/promises';
import type Docker from 'dockerode';
import { MachineObstacle } from '../machine-obstacle.ts';
import { fieldOf } from './swarm.ts';

/** The one task of a service, when it runs. */
export interface RunningTask {
  readonly containerId: string;
  /** The machine's id in the swarm. */
  readonly machine: string;
  /** Its address on the lab's overlay network, with the length of the prefix. */
  readonly address: string;
}

const LOOK_AGAIN_MS = 50;
const START_MS = 60_000;
const OVER: ReadonlySet<unknown> = new Set(['complete', 'shutdown', 'failed', 'rejected', 'remove', 'orphaned']);

/**
 * Waits until a service's task runs; `whose` says whose it is, and `isPlaced` that it has constraints of a topology. Rejects with a
 * `MachineObstacle` that has the swarm's words for why it does not.
 */
export async function awaitTask(
  docker: Docker,
  service: string,
  whose: string,
  isPlaced = false,
): Promise<RunningTask> {
  const what = `the service of ${whose} does not start`;
  const filters = JSON.stringify({ service: [service] });
  let said = 'the swarm says nothing';
  for (const end = performance.now() + START_MS; performance.now() < end; await wait(LOOK_AGAIN_MS)) {
    const [task] = await docker.listTasks({ filters });
    const status = fieldOf(task, 'Status');
    const state = fieldOf(status, 'State');
    said = textOf(fieldOf(status, 'Err')) ?? textOf(fieldOf(status, 'Message')) ?? said;
    if (state === 'running') {
      const running = runningTask(task);
      if (running !== null) return running;
    }
    if (OVER.has(state))
      throw new MachineObstacle(`${what}: ${said}`, /No such image/.test(said) ? FIX_IMAGE : FIX_LOG);
    if (state === 'pending' && said.startsWith('no suitable node')) {
      if (isPlaced) throw new MachineObstacle(`${what} where its placement says: ${said}`, FIX_PLACEMENT);
      throw new MachineObstacle(`${what} on this machine: ${said}`, FIX_AVAILABLE);
    }
  }
  throw new MachineObstacle(`${what} within ${START_MS / 1000} s: ${said}`, FIX_LOG);
}

const FIX_LOG = 'docker service ls, docker service ps; the log of the daemon says more: journalctl -u docker';
const FIX_IMAGE =
  'take the image there: docker save IMAGE | docker -H ssh://MACHINE load, with the IMAGE of lab image build';
const FIX_PLACEMENT =
  'see docker node ls and docker node inspect, and change "placement:" or the machines (docker node update)';
const FIX_AVAILABLE = 'docker node update --availability active self';

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** null: not all of it is known yet. */
function runningTask(task: unknown): RunningTask | null {
  const containerId = textOf(fieldOf(fieldOf(fieldOf(task, 'Status'), 'ContainerStatus'), 'ContainerID'));
  const attachments = fieldOf(task, 'NetworksAttachments');
  const addresses = Array.isArray(attachments) ? fieldOf(attachments[0], 'Addresses') : null;
  const address = Array.isArray(addresses) ? textOf(addresses[0]) : null;
  const machine = textOf(fieldOf(task, 'NodeID'));
  return containerId === null || address === null || machine === null ? null : { containerId, machine, address };
}
