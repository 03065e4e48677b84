import { setTimeout as wait } from 'node:timers/promises';
import type Docker from 'dockerode';
import { statusOf } from '../docker/daemon.ts';
import { ROOT_LABEL, RUN_LABEL } from '../docker/labels.ts';
import { removeContainers } from '../docker/remove-containers.ts';
import { fieldOf, isNoManager } from './swarm.ts';

const ROUNDS_MAX = 200;
const LOOK_AGAIN_MS = 50;

/** Removes every service of a run, its secret, its containers and its network, at a daemon of whatever kind. Resolves when there is none. */
export async function removeFromSwarm(docker: Docker, runId: string): Promise<void> {
  const filters = { label: [`${RUN_LABEL}=${runId}`] };
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const services = await servicesWith(docker, filters);
    await Promise.all(services.map(({ ID }) => docker.getService(ID).remove().catch(goneAlready)));
    await removeContainers(docker, runId);
    await removeSecrets(docker, filters);
    const networks = await docker.listNetworks({ filters });
    if (services.length + networks.length === 0) return;
    if (round > 0) await wait(LOOK_AGAIN_MS);
    await Promise.all(networks.map(({ Id }) => docker.getNetwork(Id).remove().catch(inUseOrGone)));
  }
  throw new Error(`networks of run ${runId} do not go`);
}

/** Runs that have services or networks which were made under this state root. */
export async function runsInSwarm(docker: Docker, root: string): Promise<ReadonlySet<string>> {
  const filters = { label: [`${ROOT_LABEL}=${root}`] };
  const services = await servicesWith(docker, filters);
  const networks = await docker.listNetworks({ filters });
  const runs = [...services.map(({ Spec }) => Spec?.Labels), ...networks.map(({ Labels }) => Labels)];
  return new Set(runs.map(labels => labels?.[RUN_LABEL]).filter(run => run !== undefined));
}

interface Filters {
  readonly label: string[];
}

const servicesWith = (docker: Docker, { label }: Filters): Promise<Docker.Service[]> =>
  orNone(docker.listServices({ filters: { label: [...label] } }));

async function removeSecrets(docker: Docker, { label }: Filters): Promise<void> {
  const secrets = await orNone(docker.listSecrets({ filters: JSON.stringify({ label }) }));
  const ids = secrets.map(secret => fieldOf(secret, 'ID')).filter(id => typeof id === 'string');
  await Promise.all(ids.map(id => docker.getSecret(id).remove().catch(inUseOrGone)));
}

/** None where the daemon manages no swarm. */
async function orNone<T>(found: Promise<T[]>): Promise<T[]> {
  try {
    return await found;
  } catch (error) {
    if (isNoManager(error)) return [];
    throw error;
  }
}

function goneAlready(error: unknown): void {
  if (statusOf(error) !== 404) throw error;
}

/** Tasks that end hold their network for a moment: the daemon refuses then, in several ways. */
function inUseOrGone(error: unknown): void {
  if (statusOf(error) === null) throw error;
}
