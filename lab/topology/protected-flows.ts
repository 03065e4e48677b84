import { type Address, parseAddress } from '../../engine/wire/address.ts';
import {
  formatPrefix,
  networkOf,
  parsePrefix,
  type Prefix,
  prefixContains,
  prefixesOverlap,
} from '../../engine/wire/prefix.ts';
import type { ProtectedFlow, TopologyLink, TopologyNode, TopologyPolicy } from './model.ts';

/** What the derivation looks at: a topology that is not finished yet. */
export interface Network {
  readonly nodes: readonly TopologyNode[];
  readonly links: readonly TopologyLink[];
}

/**
 * The flows that the PROTECT policies promise to hide, each with the links on which a clear packet of it breaks the
 * promise. A policy for one protocol or port promises nothing about whole prefixes, nor does one that comes after a BYPASS
 * of some of the same packets: for those the file says `protected:` itself.
 */
export function flowsOfPolicies(network: Network): ProtectedFlow[] {
  const flows = new Map<string, ProtectedFlow>();
  for (const node of network.nodes) {
    for (const [index, policy] of node.policies.entries()) {
      if (!promisesPrefixes(policy, node.policies.slice(0, index))) continue;
      for (const flow of flowsOfPolicy(network, node, policy)) {
        const key = [flow.a, flow.b].sort().join(' ');
        const known = flows.get(key);
        flows.set(key, known === undefined ? flow : { ...known, links: [...new Set([...known.links, ...flow.links])] });
      }
    }
  }
  return [...flows.values()];
}

function flowsOfPolicy(network: Network, node: TopologyNode, policy: TopologyPolicy): ProtectedFlow[] {
  const { action } = policy;
  if (action.kind !== 'protect') return [];
  const because = `policy ${policy.name} of ${node.name}`;
  const everyLink = network.links.map(({ name }) => name);
  const components = componentsWithout(network, [node.name, action.peer]);
  return pairsOf(network, node, policy).map(([a, b]) => {
    const links = action.mode === 'transport' ? everyLink : linksOutside(network, components, a, b);
    return { a: formatPrefix(a), b: formatPrefix(b), links, because };
  });
}

/** A flow that the file or the user names: armed on each link that is not attached to either of its two networks. */
export function namedFlow(network: Network, a: Prefix, b: Prefix, because: string): ProtectedFlow {
  const attached = attachedLinks(network, a, b);
  const links = network.links.map(({ name }) => name).filter(name => !attached.has(name));
  return { a: formatPrefix(a), b: formatPrefix(b), links, because };
}

function promisesPrefixes(policy: TopologyPolicy, before: readonly TopologyPolicy[]): boolean {
  if (policy.protocol !== 'any' || policy.localPort !== 'any' || policy.remotePort !== 'any') return false;
  return !before.some(
    other =>
      other.action.kind === 'bypass' &&
      other.tunnel === policy.tunnel &&
      overlap(other.local, policy.local) &&
      overlap(other.remote, policy.remote),
  );
}

function overlap(a: string, b: string): boolean {
  const one = parsePrefix(a);
  const two = parsePrefix(b);
  return one === null || two === null || prefixesOverlap(one, two); // null: any
}

/** Local and remote prefixes of the policy, or what lies behind its two ends where it says "any". */
function pairsOf(network: Network, node: TopologyNode, policy: TopologyPolicy): (readonly [Prefix, Prefix])[] {
  const { action } = policy;
  if (action.kind !== 'protect') return [];
  const peer = network.nodes.find(({ name }) => name === action.peer);
  const local = parsePrefix(policy.local);
  const remote = parsePrefix(policy.remote);
  const locals = local === null ? prefixesBehind(node, action.local) : [local];
  const remotes = remote === null ? remotePrefixes(node, policy, peer) : [remote];
  return locals.flatMap(a =>
    remotes.filter(b => b.address.length === a.address.length && !prefixesOverlap(a, b)).map(b => [a, b] as const),
  );
}

function remotePrefixes(node: TopologyNode, policy: TopologyPolicy, peer: TopologyNode | undefined): Prefix[] {
  if (policy.tunnel !== null) {
    return node.routes
      .filter(route => route.interface === policy.tunnel)
      .flatMap(route => parsePrefix(route.destination) ?? []);
  }
  return peer === undefined || policy.action.kind !== 'protect' ? [] : prefixesBehind(peer, policy.action.remote);
}

/** The networks of all interfaces but the one that faces the world. */
function prefixesBehind(node: TopologyNode, outer: string): Prefix[] {
  const outerAddress = parseAddress(outer);
  const inner = node.interfaces.filter(iface => outerAddress === null || !hasAddress(iface.addresses, outerAddress));
  return inner.flatMap(iface => iface.addresses.flatMap(address => parsePrefix(address) ?? [])).map(networkOf);
}

function hasAddress(addresses: readonly string[], wanted: Address): boolean {
  const bare = { address: wanted, length: wanted.length * 8 };
  return addresses.some(text => {
    const prefix = parsePrefix(text);
    return prefix !== null && prefixContains(bare, prefix.address);
  });
}

/**
 * Without the two protecting nodes the network falls into components. Those with hosts of the flow's prefixes are inside,
 * where the flow is clear by design; all other links are outside. When one component has hosts of both sides there is a
 * way around the gateways, and only the links right at the two networks are inside.
 */
function linksOutside(network: Network, components: readonly Set<string>[], a: Prefix, b: Prefix): string[] {
  const inside = attachedLinks(network, a, b);
  for (const component of components) {
    const members = network.nodes.filter(({ name }) => component.has(name));
    const hasA = members.some(member => isInside(member, a));
    const hasB = members.some(member => isInside(member, b));
    if (hasA === hasB) continue;
    for (const link of network.links) if (link.endpoints.some(end => component.has(end.node))) inside.add(link.name);
  }
  return network.links.map(({ name }) => name).filter(name => !inside.has(name));
}

function isInside(node: TopologyNode, prefix: Prefix): boolean {
  return node.interfaces.some(iface => isAttached(iface.addresses, prefix));
}

/** A prefix of length 0 holds everybody, and so says nothing about who is inside. */
function isAttached(addresses: readonly string[], prefix: Prefix): boolean {
  if (prefix.length === 0) return false;
  return addresses.some(text => {
    const address = parsePrefix(text)?.address;
    return address !== undefined && prefixContains(prefix, address);
  });
}

function attachedLinks(network: Network, a: Prefix, b: Prefix): Set<string> {
  const attached = new Set<string>();
  for (const node of network.nodes) {
    for (const iface of node.interfaces) {
      if (iface.link !== null && (isAttached(iface.addresses, a) || isAttached(iface.addresses, b)))
        attached.add(iface.link);
    }
  }
  return attached;
}

function componentsWithout(network: Network, removed: readonly string[]): Set<string>[] {
  const neighbours = new Map(network.nodes.map(({ name }) => [name, new Set<string>()]));
  for (const { endpoints } of network.links) {
    neighbours.get(endpoints[0].node)?.add(endpoints[1].node);
    neighbours.get(endpoints[1].node)?.add(endpoints[0].node);
  }
  const components: Set<string>[] = [];
  const seen = new Set(removed);
  for (const { name } of network.nodes) {
    if (seen.has(name)) continue;
    const component = new Set([name]);
    for (const member of component) {
      // A Set visits what is added meanwhile.
      for (const neighbour of neighbours.get(member) ?? []) if (!removed.includes(neighbour)) component.add(neighbour);
    }
    for (const member of component) seen.add(member);
    components.push(component);
  }
  return components;
}
