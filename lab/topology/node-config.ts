import { protectBy } from '../../engine/ipsec/spd.ts';
import type { NodeConfig, PolicyConfig, SaConfig } from '../../engine/node/config.ts';
import type { Topology, TopologyNode, TopologyPolicy } from './model.ts';

/** What the engine needs to be the node of that name. Throws when the topology has no such node. */
export function nodeConfig(topology: Topology, name: string, sas: readonly SaConfig[]): NodeConfig {
  const node = topology.nodes.find(candidate => candidate.name === name);
  if (node === undefined) throw new Error(`topology ${topology.name} has no node ${name}`);
  return {
    name,
    forwarding: node.forwarding,
    interfaces: node.interfaces.map(({ name, mac, mtu, addresses, autoconfigure, advertise }) => ({
      name,
      mac,
      mtu,
      addresses,
      autoconfigure,
      advertise,
    })),
    tunnels: node.tunnels.map(({ name, local, remote, mtu, addresses, autoconfigure, advertise }) => ({
      name,
      local,
      remote,
      mtu,
      addresses,
      autoconfigure,
      advertise,
    })),
    routes: routesOf(node),
    policies: node.policies.map(policyConfig),
    sas,
  };
}

function routesOf(node: TopologyNode): NodeConfig['routes'] {
  return node.routes.map(({ destination, via, interface: iface }) => ({ destination, via, interface: iface }));
}

function policyConfig(policy: TopologyPolicy): PolicyConfig {
  const { name, tunnel, local, remote, protocol, localPort, remotePort, action } = policy;
  const selectors = { name, tunnel, local, remote, protocol, localPort, remotePort };
  if (action.kind === 'protect') return { ...selectors, action: protectBy('esp', action.mode) };
  return { ...selectors, action: { kind: action.kind } };
}
