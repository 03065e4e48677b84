import type { SpdSide } from '../../engine/ipsec/policy-diff.ts';
import { createPolicy } from '../../engine/ipsec/spd.ts';
import type { Topology, TopologyNode, TopologyPolicy } from './model.ts';
import { nodeConfig } from './node-config.ts';

/** Whose own SPDs there are on a node: tunnels and interfaces with policies, and null for the node's. */
export function spdOwners({ policies }: TopologyNode): (string | null)[] {
  return [...new Set([null, ...policies.map(policy => policy.tunnel)])];
}

/**
 * What a node does with the flows that one of its SPDs is asked about, for a comparison. The rules that nobody writes are in it: no
 * match is DISCARD, a node or a tunnel without policies lets everything pass, an interface without its own answers to the
 * node's.
 */
export function spdSide(topology: Topology, node: TopologyNode, owner: string | null): SpdSide {
  const isPort = node.interfaces.some(({ name }) => name === owner);
  const isTunnel = node.tunnels.some(({ name }) => name === owner);
  const hasOwn = node.policies.some(({ tunnel }) => tunnel === owner);
  if (isPort && !hasOwn) return spdSide(topology, node, null);
  if (owner !== null && !isPort && !isTunnel)
    return { policies: [], verdictOf: () => '', otherwise: 'no such interface' };
  const configs = nodeConfig(topology, node.name, []).policies;
  const verdicts = new Map(node.policies.map(policy => [policy.name, verdictOf(node, policy)]));
  return {
    policies: configs.filter(({ tunnel }) => tunnel === owner).map(createPolicy),
    verdictOf: ({ name }) => verdicts.get(name) ?? '',
    otherwise: hasOwn ? 'DISCARD' : 'BYPASS',
  };
}

/** `PROTECT esp tunnel aes256gcm16 to 5.6.7.8`: all that makes a difference to who can read or forge a packet. */
function verdictOf(node: TopologyNode, { name, tunnel, action }: TopologyPolicy): string {
  if (action.kind !== 'protect') return action.kind.toUpperCase();
  const transforms = action.transforms.map(({ protocol, mode, suites, level, requestId, ends }, index) => {
    const stated = node.sas.filter(sa => sa.policy === name && (sa.transform ?? 0) === index).map(({ suite }) => suite);
    const words = [protocol, mode, [...new Set(suites.length > 0 ? suites : stated)].join('/')];
    const remote = node.tunnels.find(each => each.name === tunnel)?.remote ?? ends[0]?.remote;
    if (mode === 'tunnel' && remote !== undefined) words.push(`to ${remote}`);
    if (requestId !== null) words.push(`id ${requestId}`);
    if (level === 'use') words.push('(level use)');
    return words.filter(word => word !== '').join(' ');
  });
  return `PROTECT ${transforms.join(' + ')}${action.sharing === 'unique' ? ', an SA for each flow' : ''}`;
}
