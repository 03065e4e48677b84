import type { Topology, TopologyNode } from '../../topology/model.ts';

/** A kernel sends no Router Advertisements by itself: a plain router that shall advertise runs the engine. */
export function withEngineRouters(topology: Topology): Topology {
  return { ...topology, nodes: topology.nodes.map(node => (advertises(node) ? { ...node, engine: true } : node)) };
}

const advertises = (node: TopologyNode): boolean => node.interfaces.some(iface => iface.advertise);
