import { createSystem } from '../system/boot.ts';
import type { System } from '../system/system.ts';
import { hasIke } from '../topology/ike-config.ts';
import type { Topology } from '../topology/model.ts';
import { nodeConfig } from '../topology/node-config.ts';

/** The system that a node has when its lab comes up. `unixSeconds`: by the node's clock. */
export function firstSystem(topology: Topology, name: string, unixSeconds: number): System {
  return createSystem({
    node: nodeConfig(topology, name, []),
    negotiates: hasIke(topology, name),
    files: new Map(),
    unixSeconds,
  });
}
