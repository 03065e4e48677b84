import { describe, expect, test } from 'vitest';
import { loadTopology } from './load.ts';
import type { Topology } from './model.ts';
import { openTopology, shippedTopologies } from './shipped.ts';
import { EVERYTHING } from './testing/everything.ts';
import { createNodes } from './testing/nodes.ts';

function good(result: { readonly topology: Topology | null }): Topology {
  if (result.topology === null) throw new Error('the topology has errors');
  return result.topology;
}

const topologies = [
  good(loadTopology('everything.yaml', EVERYTHING)),
  ...shippedTopologies().map(({ file }) => good(openTopology(file))),
];

/** The engine throws on a configuration that contradicts itself: what the loader accepts must not be one. */
describe('the engine takes what the loader makes', () => {
  test.each(topologies)('$name', topology => {
    for (const node of createNodes(topology).values()) {
      const expected = topology.nodes.find(({ name }) => name === node.name);
      const { interfaces, policies, sas } = node.status();
      const names = [...(expected?.interfaces ?? []), ...(expected?.tunnels ?? [])].map(({ name }) => name);
      expect(interfaces.map(({ name }) => name)).toEqual(names);
      expect(policies).toHaveLength(expected?.policies.length ?? 0);
      expect(sas).toHaveLength(2 * topology.sas.filter(({ nodes }) => nodes.includes(node.name)).length);
    }
  });

  test.each(topologies)('$name: and decides as its checks say', topology => {
    const nodes = createNodes(topology);
    for (const { title, spec } of topology.checks) {
      if (spec.kind !== 'policy') continue;
      const { from: source, to: destination, protocol, sourcePort, destinationPort } = spec;
      const explanation = nodes.get(spec.node)?.explain({ source, destination, protocol, sourcePort, destinationPort });
      expect(`${title}: ${explanation?.verdict}`).toBe(`${title}: ${spec.expect}`);
    }
  });
});
