import type { IkeStatus } from '../../engine/ike/status.ts';
import type { Topology } from '../topology/model.ts';
import type { NodeIke, RunningLab } from './driver.ts';

/** A child that a node is to negotiate as soon as it runs. */
export interface AwaitedChild {
  readonly node: string;
  readonly connection: string;
  readonly child: string;
}

const LOOK_EVERY_MS = 20;

/**
 * Lets lab time pass until the children with `start: start` have their SAs, at most `limitMs`; those that have none yet. `onProgress`
 * hears how many are there whenever that changes.
 */
export async function awaitStart(
  lab: RunningLab,
  limitMs: number,
  onProgress: (done: number, all: number) => void = () => undefined,
): Promise<readonly AwaitedChild[]> {
  const awaited = awaitedChildren(lab.topology);
  let before = -1;
  for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
    const missing = awaited.length === 0 ? [] : missingOf(awaited, await lab.ike());
    const done = awaited.length - missing.length;
    if (done !== before && awaited.length > 0) onProgress(done, awaited.length);
    before = done;
    if (missing.length === 0 || waitedMs >= limitMs) return missing;
    await lab.sleep(LOOK_EVERY_MS);
  }
}

function awaitedChildren({ nodes }: Topology): AwaitedChild[] {
  return nodes.flatMap(({ name, ike }) =>
    (ike?.connections ?? []).flatMap(connection =>
      connection.children
        .filter(({ start }) => start === 'start')
        .map(child => ({ node: name, connection: connection.name, child: child.name })),
    ),
  );
}

function missingOf(awaited: readonly AwaitedChild[], nodes: readonly NodeIke[]): AwaitedChild[] {
  const byNode = new Map(nodes.map(({ node, status }) => [node, installedIn(status)]));
  return awaited.filter(({ node, connection, child }) => byNode.get(node)?.has(`${connection} ${child}`) !== true);
}

function installedIn({ sas }: IkeStatus): Set<string> {
  return new Set(
    sas.flatMap(({ connection, children }) =>
      children.filter(({ state }) => state !== 'installing').map(({ name }) => `${connection} ${name}`),
    ),
  );
}
