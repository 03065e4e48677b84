import { existsSync } from 'node:fs';
import type { Topology } from '../../topology/model.ts';
import { nodeNamespaces } from './layout.ts';
import { MIDDLE_NAMESPACE, namespaceFile, type NicsPlace } from './names.ts';
import { run } from './run.ts';
import { killProcessesIn } from './stray-processes.ts';

/** Ends every process in the lab's namespaces and removes them, those that exist; devices go with them. */
export async function removeNamespaces(topology: Topology, nics: NicsPlace = 'apart'): Promise<void> {
  const all = [...nodeNamespaces(topology, nics), MIDDLE_NAMESPACE];
  const names = all.filter(name => existsSync(namespaceFile(name)));
  killProcessesIn(names);
  await run(['ip', '-batch', '-'], names.map(name => `netns delete ${name}\n`).join(''));
}
