import { existsSync } from 'node:fs';
import type { Topology } from '../../topology/model.ts';
import { kernelNamespace, MIDDLE_NAMESPACE, namespaceFile, wireNamespace } from './names.ts';
import { run } from './run.ts';
import { killProcessesIn } from './stray-processes.ts';

/** Ends every process in the lab's namespaces and removes them, those that exist; devices go with them. */
export async function removeNamespaces(topology: Topology): Promise<void> {
  const all = topology.nodes.flatMap(node => [kernelNamespace(node.name), wireNamespace(node)]);
  const names = [...new Set([...all, MIDDLE_NAMESPACE])].filter(name => existsSync(namespaceFile(name)));
  killProcessesIn(names);
  await run(['ip', '-batch', '-'], names.map(name => `netns delete ${name}\n`).join(''));
}
