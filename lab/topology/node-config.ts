import type { Transform } from '../../engine/ipsec/spd.ts';
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
    policies: node.policies.map(policy => policyConfig(node, policy)),
    sas,
    ...(node.filter === null ? {} : { filter: node.filter }),
    ...(node.hostModel === 'weak' ? {} : { hostModel: node.hostModel }),
    ...(node.antiSpoofing ? { antiSpoofing: true } : {}),
    ...(node.reportDiscards ? { reportDiscards: true } : {}),
    ...(node.nat === null ? {} : { nat: node.nat }),
    ...(node.fragments === 'reassemble' ? {} : { fragments: node.fragments }),
  };
}

function routesOf(node: TopologyNode): NodeConfig['routes'] {
  return node.routes.map(({ destination, via, interface: iface }) => ({ destination, via, interface: iface }));
}

function policyConfig(node: TopologyNode, policy: TopologyPolicy): PolicyConfig {
  const { name, tunnel, direction, local, remote, protocol, localPort, remotePort, icmp, action } = policy;
  const selectors = { name, tunnel, direction, local, remote, protocol, localPort, remotePort, icmp };
  if (action.kind !== 'protect') return { ...selectors, action: { kind: action.kind } };
  const isTunnel = node.tunnels.some(({ name: known }) => known === tunnel);
  const transforms = action.transforms.map((transform, index): Transform => {
    const { protocol: ipsec, mode, level, requestId, ends } = transform;
    const [first] = ends;
    const isNamed = mode === 'tunnel' && first !== undefined && !(isTunnel && index === 0);
    return { protocol: ipsec, mode, level, requestId, ends: isNamed ? first : null };
  });
  return { ...selectors, action: { kind: 'protect', transforms, sharing: action.sharing } };
}
