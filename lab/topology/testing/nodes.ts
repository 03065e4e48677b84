import type { Random } from '../../../engine/crypto/random.ts';
import { createTypescriptKernel } from '../../../engine/ipsec/typescript-kernel.ts';
import { createNode } from '../../../engine/node/create.ts';
import type { Node } from '../../../engine/node/node.ts';
import { deriveSas } from '../keys.ts';
import type { Topology } from '../model.ts';
import { nodeConfig } from '../node-config.ts';

/** The same octets each time: enough for nodes that never send a packet. */
const RANDOM: Random = { bytes: count => new Uint8Array(count).fill(0x5a) };

/** The engine as each node of the topology, by name. Throws where the engine finds a contradiction. */
export function createNodes(topology: Topology): ReadonlyMap<string, Node> {
  const { nodes } = deriveSas(topology, 'run', {});
  const context = { random: RANDOM, kernel: createTypescriptKernel(RANDOM) };
  return new Map(
    topology.nodes.map(({ name }) => [name, createNode(nodeConfig(topology, name, nodes.get(name) ?? []), context)]),
  );
}
