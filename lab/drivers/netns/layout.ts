import type { LinkEnd, Topology, TopologyInterface, TopologyLink, TopologyNode } from '../../topology/model.ts';
import {
  kernelNamespace,
  MIDDLE_NAMESPACE,
  type NicsPlace,
  UP_DEVICE,
  UP_DEVICE_MAC,
  UP_DEVICE_PEER,
  wireNamespace,
} from './names.ts';

/** One end of a link as the machine has it. */
export interface CableEnd {
  readonly end: LinkEnd;
  readonly node: TopologyNode;
  /** The namespace of the node's interface. */
  readonly netns: string;
  /** Where what this end sends comes in: the other end of a straight cable, else the near end of the middle. */
  readonly far: { readonly netns: string; readonly interface: string };
}

/** A link as veth pairs: one straight between the nodes, or one from each node to the middle. */
export interface Cable {
  readonly link: TopologyLink;
  readonly kind: 'straight' | 'middle';
  readonly ends: readonly [CableEnd, CableEnd];
}

/** How an engine node reaches the kernel stack above it. */
export type WayUp = 'tun' | 'veth';

/**
 * How the links of a topology become cables. `viaMiddle` says which go through the user-space link; `plugs` begins the names of the
 * devices in the middle.
 */
export function cablesOf(
  topology: Topology,
  viaMiddle: (link: TopologyLink) => boolean,
  nics: NicsPlace = 'apart',
  plugs = 'l',
): Cable[] {
  return topology.links.map((link, index) => {
    const kind = viaMiddle(link) ? 'middle' : 'straight';
    const homes = link.endpoints.map(end => ({ end, node: nodeOf(topology, end.node) }));
    const ends = homes.map(({ end, node }, side) => {
      const other = homes[1 - side];
      if (other === undefined) throw new Error(`link ${link.name} has one end`);
      const far =
        kind === 'straight'
          ? { netns: wireNamespace(other.node, nics), interface: other.end.interface }
          : { netns: MIDDLE_NAMESPACE, interface: `${plugs}${index}s${side}` };
      return { end, node, netns: wireNamespace(node, nics), far };
    });
    const [first, second] = ends;
    if (first === undefined || second === undefined) throw new Error(`link ${link.name} has one end`);
    return { link, kind, ends: [first, second] };
  });
}

/** Every namespace of every node, each once. */
export const nodeNamespaces = ({ nodes }: Topology, nics: NicsPlace): string[] => [
  ...new Set(nodes.flatMap(node => [kernelNamespace(node.name), wireNamespace(node, nics)])),
];

export const namespaceLine = (name: string): string => `netns add ${name}`;

/**
 * Lines for `ip -batch`: every namespace and every device, none of them up yet, no address anywhere. `nodeLines` come first, and
 * give the nodes their namespaces.
 */
export function layoutBatch(
  topology: Topology,
  cables: readonly Cable[],
  wayUp: WayUp,
  nics: NicsPlace = 'apart',
  nodeLines: readonly string[] = nodeNamespaces(topology, nics).map(namespaceLine),
): string[] {
  return [
    ...nodeLines,
    namespaceLine(MIDDLE_NAMESPACE),
    ...cables.flatMap(cable => cableLines(cable)),
    // An interface on no link is a veth whose other end lies in the middle, unplugged.
    ...looseInterfaces(topology).map(({ node, iface, plug }) => looseLine(node, iface, plug, nics)),
    ...topology.nodes.filter(node => node.engine && wayUp === 'veth').map(wayUpPair),
  ];
}

/** The interfaces that are on no link. `plug` is the other end of each, in the middle. */
export const looseInterfaces = ({ nodes }: Topology): LooseInterface[] =>
  nodes
    .flatMap(node => node.interfaces.filter(iface => iface.link === null).map(iface => ({ node, iface })))
    .map((loose, index) => ({ ...loose, plug: `u${index}` }));

export const looseLine = (node: TopologyNode, iface: TopologyInterface, plug: string, nics: NicsPlace): string =>
  pair(device(wireNamespace(node, nics), iface), `name ${plug} netns ${MIDDLE_NAMESPACE}`);

interface LooseInterface {
  readonly node: TopologyNode;
  readonly iface: TopologyInterface;
  readonly plug: string;
}

/** Its devices, for `ip -batch`. */
export function cableLines({ kind, ends }: Cable): string[] {
  const devices = ends.map(({ end, node, netns }) => device(netns, interfaceOf(node, end.interface)));
  if (kind === 'straight') return [pair(devices[0] ?? '', devices[1] ?? '')];
  // Large enough for whatever a node sends: the node's own end keeps to its MTU.
  return ends.map(({ far }, side) => pair(devices[side] ?? '', `name ${far.interface} netns ${far.netns} mtu 65535`));
}

const device = (netns: string, iface: TopologyInterface): string =>
  `name ${iface.name} netns ${netns} address ${iface.mac} mtu ${iface.mtu}`;

const pair = (one: string, other: string): string => `link add ${one} type veth peer ${other}`;

/** A TUN device cannot be made from outside its namespace: configure.ts makes it. */
export const wayUpPair = (node: TopologyNode): string =>
  pair(
    `name ${UP_DEVICE} netns ${kernelNamespace(node.name)} address ${UP_DEVICE_MAC}`,
    `name ${UP_DEVICE_PEER} netns ${wireNamespace(node)} mtu 65535`,
  );

function nodeOf(topology: Topology, name: string): TopologyNode {
  const node = topology.nodes.find(candidate => candidate.name === name);
  if (node === undefined) throw new Error(`topology ${topology.name} has no node ${name}`);
  return node;
}

function interfaceOf(node: TopologyNode, name: string): TopologyInterface {
  const iface = node.interfaces.find(candidate => candidate.name === name);
  if (iface === undefined) throw new Error(`node ${node.name} has no interface ${name}`);
  return iface;
}
