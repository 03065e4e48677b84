import type { Topology, TopologyInterface, TopologyNode } from '../../topology/model.ts';
import { MachineObstacle } from '../machine-obstacle.ts';
import type { Cable } from '../netns/layout.ts';
import { namespaceFile } from '../netns/names.ts';

/**
 * The lab's links over one overlay network: each is a pair of VXLAN devices (RFC 7348) that know only each other, one VNI a link, so
 * that MAC addresses, IPv6 and MTUs are what the topology says, for which the overlay is made as wide as the widest link needs. A VXLAN
 * device sends and hears where it was made, and can be elsewhere: it is made beside the overlay's interface, in a namespace without
 * programs, and given to the node, which has no way to the overlay itself.
 */
export const underlayNamespace = (node: string): string => `${node}:overlay`;

/** The overlay's interface in its own namespace. */
export const UNDERLAY_DEVICE = 'overlay';
const VXLAN_PORT = 4789;

/** What VXLAN takes of an IPv4 packet: IPv4, UDP and VXLAN headers, and the Ethernet header inside. */
const VXLAN_OCTETS = 20 + 8 + 8 + 14;
const DEVICE_MTU_MAX = 65_535;

/**
 * The MTU to ask of an overlay network for these links, of which it keeps as much for its own VXLAN. Throws a `MachineObstacle` for a
 * link that would be too wide.
 */
export function overlayMtu({ nodes }: Topology): number {
  const widest = Math.max(MTU_LEAST, ...nodes.flatMap(({ interfaces }) => interfaces.map(({ mtu }) => mtu)));
  const mtu = widest + 2 * VXLAN_OCTETS;
  if (mtu <= DEVICE_MTU_MAX) return mtu;
  const most = DEVICE_MTU_MAX - 2 * VXLAN_OCTETS;
  throw new MachineObstacle(
    `an interface has an MTU of ${widest}: links over an overlay network carry ${most} octets at most`,
    `give it mtu: ${most}, or use --driver netns`,
  );
}

const MTU_LEAST = 1400;

/**
 * The script that takes the overlay's interface out of a node's namespace, and with it what Docker put there for its names: rules that
 * would have the kernel reassemble what it only forwards. `address` is with its prefix length.
 */
export const takeOverlayScript = (node: string, address: string): string =>
  takeScript(address, namespaceFile(underlayNamespace(node)));

/** The same for the hub's, which becomes the one of the namespace that a process is in, and is there at once. */
export const takeHubScripts = (address: string, pid: number): { readonly there: string; readonly here: string } => ({
  there: takeScript(address, String(pid)),
  here: ['set -e', ...overlayLines(address), ''].join('\n'),
});

function takeScript(address: string, netns: string): string {
  return [
    'set -e',
    'if command -v nft >/dev/null; then nft flush ruleset; fi',
    `set -- $(ip -o -4 addr show to ${bareOf(address)}/32)`,
    `ip link set dev "$2" netns ${netns} name ${UNDERLAY_DEVICE}`,
    '',
  ].join('\n');
}

const overlayLines = (address: string): string[] => [
  'ip link set dev lo up',
  `ip addr add ${address} dev ${UNDERLAY_DEVICE}`,
  `ip link set dev ${UNDERLAY_DEVICE} up`,
];

/** The script that gives it its address again, where it is now, and makes the node's ends of links. */
export function underlayScript(node: string, addresses: ReadonlyMap<string, string>, cables: readonly Cable[]): string {
  return [
    'set -e',
    ...overlayLines(addressOf(node, addresses)),
    ...cables.flatMap((cable, index) => vxlanLines(node, addresses, cable, index + 1)),
    '',
  ].join('\n');
}

/**
 * The same for a node on another machine, all of whose links go through the middle, which is here: to its end of each, its own address on
 * the overlay, and the hub's.
 */
export function farUnderlayScript(node: string, own: string, hub: string, cables: readonly Cable[]): string {
  const devices = farEnds(node, cables).map(({ at, iface, vni }) => {
    const { name, mac, mtu } = interfaceOf(at, iface);
    const device = `name ${name} netns ${namespaceFile(node)} address ${mac} mtu ${mtu}`;
    return `ip link add ${device} ${vxlan(vni, own, hub)}`;
  });
  return ['set -e', ...overlayLines(own), ...devices, ''].join('\n');
}

/** The script that makes the other ends of those, in the middle; it runs where the hub's interface is. */
export function hubScript(node: string, own: string, hub: string, cables: readonly Cable[]): string {
  const devices = farEnds(node, cables).map(({ far, mtu, vni }) => {
    // As wide as either end, since it is a node's own end that keeps to its MTU.
    return `ip link add name ${far.interface} netns ${namespaceFile(far.netns)} mtu ${mtu} ${vxlan(vni, hub, own)}`;
  });
  return ['set -e', ...devices, ''].join('\n');
}

/** Of a node. Each has a VNI of its own, which no other device of the lab has. */
function farEnds(node: string, cables: readonly Cable[]) {
  return cables.flatMap(({ ends }, index) => {
    const mtu = Math.max(...ends.map(({ node: at, end }) => interfaceOf(at, end.interface).mtu));
    return ends.flatMap(({ node: at, end, far }, side) =>
      at.name === node ? [{ at, iface: end.interface, far, mtu, vni: cables.length + 2 * index + side + 1 }] : [],
    );
  });
}

const vxlan = (vni: number, local: string, remote: string): string =>
  `type vxlan id ${vni} local ${bareOf(local)} remote ${bareOf(remote)} dstport ${VXLAN_PORT} nolearning`;

function vxlanLines(
  node: string,
  addresses: ReadonlyMap<string, string>,
  { ends, kind }: Cable,
  vni: number,
): string[] {
  if (kind !== 'straight') return [];
  const [local, remote] = ends.map(({ node: at }) => addressOf(at.name, addresses));
  return ends.flatMap(({ node: at, end, netns }, side) => {
    if (at.name !== node) return [];
    const { name, mac, mtu } = interfaceOf(at, end.interface);
    const way = side === 0 ? vxlan(vni, local ?? '', remote ?? '') : vxlan(vni, remote ?? '', local ?? '');
    return [`ip link add name ${name} netns ${namespaceFile(netns)} address ${mac} mtu ${mtu} ${way}`];
  });
}

function addressOf(node: string, addresses: ReadonlyMap<string, string>): string {
  const address = addresses.get(node);
  if (address === undefined) throw new Error(`${node} has no address on the overlay network`);
  return address;
}

const bareOf = (address: string): string => address.split('/')[0] ?? '';

function interfaceOf(node: TopologyNode, name: string): TopologyInterface {
  const iface = node.interfaces.find(candidate => candidate.name === name);
  if (iface === undefined) throw new Error(`node ${node.name} has no interface ${name}`);
  return iface;
}
