import { setTimeout as wait } from 'node:timers/promises';
import type Docker from 'dockerode';
import { statusOf } from './daemon.ts';
import { ROOT_LABEL, RUN_LABEL } from './labels.ts';

const ROUNDS_MAX = 100;
const LOOK_AGAIN_MS = 50;

/** Removes every container of a run, also one that is just being made or removed. Resolves when there is none. */
export async function removeContainers(docker: Docker, runId: string): Promise<void> {
  const filters = { label: [`${RUN_LABEL}=${runId}`] };
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const found = await docker.listContainers({ all: true, filters });
    if (found.length === 0) return;
    if (round > 0) await wait(LOOK_AGAIN_MS);
    await Promise.all(
      found.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true }).catch(goneAlready)),
    );
  }
  throw new Error(`containers of run ${runId} do not go`);
}

/** Not there any more, or about to be removed by the daemon itself. */
function goneAlready(error: unknown): void {
  const status = statusOf(error);
  if (status !== 404 && status !== 409) throw error;
}

/** Runs that have containers which were made under this state root. */
export async function runsWithContainers(docker: Docker, root: string): Promise<ReadonlySet<string>> {
  const found = await docker.listContainers({ all: true, filters: { label: [`${ROOT_LABEL}=${root}`] } });
  return new Set(found.map(({ Labels }) => Labels[RUN_LABEL]).filter(run => run !== undefined));
}
