import { existsSync } from 'node:fs';
import type { Topology, TopologyNode } from '../../topology/model.ts';
import { nodeNamespaces } from './layout.ts';
import { kernelNamespace, MIDDLE_NAMESPACE, namespaceFile, type NicsPlace, wireNamespace } from './names.ts';
import { run } from './run.ts';
import { killProcessesIn } from './stray-processes.ts';

/** Ends every process in the lab's namespaces and removes them, those that exist; devices go with them. */
export async function removeNamespaces(topology: Topology, nics: NicsPlace = 'apart'): Promise<void> {
  await removeNamed([...nodeNamespaces(topology, nics), MIDDLE_NAMESPACE]);
}

/** The same of one node. */
export const removeNodeNamespaces = (node: TopologyNode): Promise<void> =>
  removeNamed([...new Set([kernelNamespace(node.name), wireNamespace(node)])]);

/** The same of these namespaces. */
export async function removeNamed(all: readonly string[]): Promise<void> {
  const names = all.filter(name => existsSync(namespaceFile(name)));
  killProcessesIn(names);
  await run(['ip', '-batch', '-'], names.map(name => `netns delete ${name}\n`).join(''));
}
