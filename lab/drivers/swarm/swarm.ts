import type Docker from 'dockerode';
import { statusOf } from '../docker/daemon.ts';
import { MachineObstacle } from '../machine-obstacle.ts';

const FIX_INIT = 'docker swarm init --advertise-addr 127.0.0.1 (a swarm of this machine alone)';

/** The swarm's name for the machine of this daemon. Rejects with a `MachineObstacle` where the daemon manages no swarm. */
export async function requireManager(docker: Docker): Promise<string> {
  const info: unknown = await docker.info();
  const state = fieldOf(fieldOf(info, 'Swarm'), 'LocalNodeState');
  if (state === 'locked') {
    throw new MachineObstacle("this machine's swarm is locked since its daemon was started", 'docker swarm unlock');
  }
  if (state !== 'active') {
    throw new MachineObstacle(`the Docker daemon is in no swarm (its state there: ${String(state)})`, FIX_INIT);
  }
  if (fieldOf(fieldOf(info, 'Swarm'), 'ControlAvailable') !== true) {
    throw new MachineObstacle(
      'the Docker daemon is a worker of its swarm: only a manager makes services',
      'docker node promote, on a manager, with the name of this machine',
    );
  }
  const id = fieldOf(fieldOf(info, 'Swarm'), 'NodeID');
  if (typeof id !== 'string' || id === '') throw new Error('a manager without an id of its own');
  return id;
}

/** Whether a request failed because the daemon manages no swarm. */
export const isNoManager = (error: unknown): boolean => statusOf(error) === 503 || statusOf(error) === 406;

/** One field of an answer whose types are not described; undefined where there is none. */
export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
