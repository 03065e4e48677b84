import { type Address, parseAddress } from '../../engine/wire/address.ts';
import type { NumberRange } from '../../engine/ipsec/selector.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import {
  formatPrefix,
  networkOf,
  parsePrefix,
  type Prefix,
  prefixContains,
  prefixesOverlap,
} from '../../engine/wire/prefix.ts';
import type { ProtectedFlow, SaEnds, TopologyLink, TopologyNode, TopologyPolicy, TopologyTransform } from './model.ts';

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
      if (!promisesPrefixes(policy, node.policies.slice(0, index), node.policies.slice(index + 1))) continue;
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
  const hiding = hidingTransform(policy);
  if (hiding === null) return [];
  const because = `policy ${policy.name} of ${node.name}`;
  const everyLink = network.links.map(({ name }) => name);
  const components = componentsWithout(network, hiding.peer === null ? [node.name] : [node.name, hiding.peer]);
  return pairsOf(network, node, policy, hiding).map(([a, b]) => {
    const links = hiding.mode === 'transport' ? everyLink : linksOutside(network, components, a, b);
    return { a: formatPrefix(a), b: formatPrefix(b), links, because };
  });
}

/**
 * The SA, innermost first, that nobody on the way can look into; null: there is none, or packets may go without. AH and NULL
 * encryption hide nothing.
 */
function hidingTransform({ action }: TopologyPolicy): TopologyTransform | null {
  if (action.kind !== 'protect') return null;
  return action.transforms.find(isHiding) ?? null;
}

const isHiding = ({ protocol, level, suites: [suite] }: TopologyTransform): boolean =>
  protocol === 'esp' && level === 'require' && !HIDES_NOTHING.test(suite ?? '');

/** Suites of NULL encryption, and AES-GMAC in ESP (RFC 4543). Where the dialect leaves suites to the SAs, they encrypt. */
const HIDES_NOTHING = /^null-|gmac/;

/** A flow that the file or the user names: armed on each link that is not attached to either of its two networks. */
export function namedFlow(network: Network, a: Prefix, b: Prefix, because: string): ProtectedFlow {
  const attached = attachedLinks(network, a, b);
  const links = network.links.map(({ name }) => name).filter(name => !attached.has(name));
  return { a: formatPrefix(a), b: formatPrefix(b), links, because };
}

function promisesPrefixes(
  policy: TopologyPolicy,
  before: readonly TopologyPolicy[],
  after: readonly TopologyPolicy[],
): boolean {
  const isWhole = [policy.protocol, policy.localPort, policy.remotePort, policy.icmp].every(part => part === 'any');
  if (!isWhole || !isBothWays(policy, before, after)) return false;
  return !before.some(
    other =>
      other.action.kind === 'bypass' &&
      !isKeyExchange(other) &&
      other.tunnel === policy.tunnel &&
      overlap(other.local, policy.local) &&
      overlap(other.remote, policy.remote),
  );
}

/** IKE protects itself; the dialects of Solaris and setkey let it pass without being told. */
function isKeyExchange({ protocol, localPort }: TopologyPolicy): boolean {
  return protocol === IpProtocol.UDP && typeof localPort !== 'string' && localPort.every(isIke);
}

const isIke = ([low, high]: NumberRange): boolean => low === high && (low === 500 || low === 4500);

/** An entry for one direction promises something only together with its twin for the other. */
function isBothWays(
  policy: TopologyPolicy,
  before: readonly TopologyPolicy[],
  after: readonly TopologyPolicy[],
): boolean {
  if (policy.direction === 'both') return true;
  return [...before, ...after].some(
    twin =>
      twin.direction !== policy.direction &&
      twin.tunnel === policy.tunnel &&
      same(twin.local, policy.local) &&
      same(twin.remote, policy.remote) &&
      twin.protocol === 'any' &&
      hidingTransform(twin) !== null,
  );
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function overlap(a: Addresses, b: Addresses): boolean {
  if (a === 'any' || b === 'any') return true;
  const [one, two] = [prefixesOf(a), prefixesOf(b)];
  return one.some(left => two.some(right => prefixesOverlap(left, right)));
}

type Addresses = TopologyPolicy['local'];

/** A range as the fewest prefixes that have exactly its addresses, at most PREFIXES_MAX; one with more promises nothing. */
function prefixesOf(addresses: readonly string[]): Prefix[] {
  return addresses.flatMap(text => {
    const prefix = parsePrefix(text);
    if (prefix !== null) return [prefix];
    const [low, high] = text.split('-').map(parseAddress);
    return low === undefined || high === undefined || low === null || high === null ? [] : prefixesBetween(low, high);
  });
}

const PREFIXES_MAX = 64;

const number = (address: Address): bigint => address.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);

function prefixesBetween(low: Address, high: Address): Prefix[] {
  const found: Prefix[] = [];
  const bits = low.length * 8;
  const octets = (value: bigint) => Uint8Array.from(low, (_, i) => Number((value >> BigInt(bits - 8 - 8 * i)) & 0xffn));
  const last = number(high);
  for (let next = number(low); next <= last; ) {
    let size = 0; // host bits
    while (size < bits && next % (1n << BigInt(size + 1)) === 0n && next + (1n << BigInt(size + 1)) - 1n <= last)
      size++;
    found.push({ address: octets(next), length: bits - size });
    if (found.length > PREFIXES_MAX) return [];
    next += 1n << BigInt(size);
  }
  return found;
}

/** Local and remote prefixes of the policy, or what lies behind its two ends where it says "any". */
function pairsOf(
  network: Network,
  node: TopologyNode,
  policy: TopologyPolicy,
  hiding: TopologyTransform,
): (readonly [Prefix, Prefix])[] {
  const peer = network.nodes.find(({ name }) => name === hiding.peer);
  const [ends = null] = hiding.ends;
  // What the peer will give this node is nobody's network yet.
  if (policy.local === 'any' && hasVirtualLocal(node, policy)) return [];
  const locals = policy.local === 'any' ? prefixesBehind(node, ends?.local ?? '') : prefixesOf(policy.local);
  const remotes = policy.remote === 'any' ? remotePrefixes(node, policy, peer, ends) : prefixesOf(policy.remote);
  return locals.flatMap(a =>
    remotes.filter(b => b.address.length === a.address.length && !prefixesOverlap(a, b)).map(b => [a, b] as const),
  );
}

function hasVirtualLocal({ ike }: TopologyNode, { name }: TopologyPolicy): boolean {
  const children = (ike?.connections ?? []).flatMap(({ children: all }) => all);
  return children.some(child => child.policy === name && child.local.some(({ addresses }) => addresses === 'dynamic'));
}

function remotePrefixes(
  node: TopologyNode,
  policy: TopologyPolicy,
  peer: TopologyNode | undefined,
  ends: SaEnds | null,
): Prefix[] {
  if (node.tunnels.some(({ name }) => name === policy.tunnel)) {
    return node.routes
      .filter(route => route.interface === policy.tunnel)
      .flatMap(route => parsePrefix(route.destination) ?? []);
  }
  return peer === undefined ? [] : prefixesBehind(peer, ends?.remote ?? '');
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
  return addressesOf(addresses).some(address => prefixContains(prefix, address));
}

/** Each policy asks about each interface: with a thousand of both, to read them takes longer than to compare them. */
const READ = new WeakMap<readonly string[], readonly Address[]>();

function addressesOf(texts: readonly string[]): readonly Address[] {
  const known = READ.get(texts);
  if (known !== undefined) return known;
  const read = texts.flatMap(text => parsePrefix(text)?.address ?? []);
  READ.set(texts, read);
  return read;
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
