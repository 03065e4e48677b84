import { addressVersion, formatAddress } from '../../../engine/wire/address.ts';
import { formatPrefix, networkOf, parsePrefix, type Prefix } from '../../../engine/wire/prefix.ts';
import type { TopologyNode } from '../../topology/model.ts';
import type { WayUp } from './layout.ts';
import { UP_DEVICE, UP_DEVICE_PEER } from './names.ts';
import { script, setting } from './script.ts';

/** IP packets that the kernel hands down; the engine fragments, or says "too big". */
const UP_MTU = 1500;

/** The script for an engine node's wire namespace: NICs that are up, and a kernel that has nothing to do with them. */
export function wireNamespaceScript(node: TopologyNode, wayUp: WayUp): string {
  const devices = [...node.interfaces.map(iface => iface.name), ...(wayUp === 'veth' ? [UP_DEVICE_PEER] : [])];
  return script(wireSettings(devices), devices.map(wireUpLine));
}

function wireSettings(devices: readonly string[]): string[] {
  return [
    setting('ipv4/ip_forward', false),
    setting('ipv6/conf/all/forwarding', false),
    ...devices.map(name => setting(`ipv6/conf/${name}/disable_ipv6`, true)),
  ];
}

const wireUpLine = (device: string): string => `link set dev ${device} arp off up`;

/**
 * The script for an engine node whose NICs are in its kernel namespace. They speak no IPv6 and have no IPv4 address or route there, and
 * what comes in by them in IPv4 meets a black hole before the table of the node's own addresses: the engine alone hears it, by its
 * packet sockets.
 */
export function oneNamespaceScript(node: TopologyNode, sourceFor: (destination: string) => string | null): string {
  const nics = node.interfaces.map(iface => iface.name);
  return [
    script(wireSettings(nics), [
      // The rule of own addresses stands first of all, and only later ones can be put before others.
      `rule add pref ${OWN_ADDRESSES_PREF} lookup local`,
      'rule del pref 0 lookup local',
      ...nics.map((name, i) => `rule add pref ${i + 1} iif ${name} blackhole`),
      ...nics.map(wireUpLine),
    ]),
    kernelNamespaceScript(node, sourceFor),
  ].join('\n');
}

/** Lines for `sh` that take back from the kernel's rules and devices what `oneNamespaceScript` has done to them, as far as it has. */
export const returnNicsLines = (nics: readonly string[]): string[] => [
  'ip rule show pref 0 | grep -q "lookup local" || ip rule add pref 0 lookup local',
  `ip rule del pref ${OWN_ADDRESSES_PREF} lookup local 2>/dev/null || true`,
  ...nics.map((name, i) => `ip rule del pref ${i + 1} iif ${name} blackhole 2>/dev/null || true`),
  ...nics.map(name => `ip link set dev ${name} arp on up`),
];

/** Behind the rules of all NICs, before that of the main table. */
const OWN_ADDRESSES_PREF = 32_000;

/**
 * The script for its kernel namespace: one device with all the node's addresses, and routes that lead into the engine
 * wherever the engine has one. `sourceFor` says which source address the engine would choose.
 */
export function kernelNamespaceScript(node: TopologyNode, sourceFor: (destination: string) => string | null): string {
  const settings = [
    setting('ipv4/conf/all/rp_filter', false),
    setting('ipv4/conf/default/rp_filter', false),
    setting(`ipv4/conf/${UP_DEVICE}/rp_filter`, false),
    setting(`ipv6/conf/${UP_DEVICE}/accept_ra`, false),
    setting(`ipv6/conf/${UP_DEVICE}/accept_dad`, false),
  ];
  const own = upAddresses(node);
  const routes = upRoutes(node).map(destination =>
    routeLine(destination, own, sourceFor(representativeOf(destination))),
  );
  return script(settings, [
    'link set dev lo up',
    `link set dev ${UP_DEVICE} mtu ${UP_MTU} arp off addrgenmode none up`,
    ...own.map(addressLine),
    ...routes,
  ]);
}

/** `ip -batch` line that gives the kernel one of the node's addresses. */
export function addressLine(address: string): string {
  return address.includes(':')
    ? `addr replace ${address}/128 dev ${UP_DEVICE} nodad`
    : `addr replace ${address}/32 dev ${UP_DEVICE}`;
}

/** One that takes it away again. */
export const addressGoneLine = (address: string): string =>
  `addr del ${address}/${address.includes(':') ? 128 : 32} dev ${UP_DEVICE}`;

/** And one that leads a destination into the engine, from `source` if that is one of the kernel's `own`. */
export function routeLine(destination: Prefix, own: readonly string[], source: string | null): string {
  const hint = source === null || !own.includes(source) ? '' : ` src ${source}`;
  return `route replace ${formatPrefix(destination)} dev ${UP_DEVICE}${hint}`;
}

/** The node's addresses, each once, without prefix lengths. */
export function upAddresses(node: TopologyNode): string[] {
  const configured = [...node.interfaces, ...node.tunnels].flatMap(({ addresses }) => addresses);
  return [...new Set(configured.map(address => formatAddress(prefix(address).address)))];
}

/** Every destination that the engine is configured with a route to, the prefixes on its own links and tunnels among them. */
export function upRoutes(node: TopologyNode): Prefix[] {
  const onLink = [...node.interfaces, ...node.tunnels].flatMap(({ addresses }) => addresses);
  const destinations = [...onLink, ...node.routes.map(route => route.destination)];
  const networks = new Map(
    destinations.map(text => networkOf(prefix(text))).map(network => [formatPrefix(network), network]),
  );
  return [...networks.values()].filter(({ address, length }) => length < address.length * 8 || !isOwn(node, address));
}

const isOwn = (node: TopologyNode, address: Uint8Array): boolean => upAddresses(node).includes(formatAddress(address));

/** An address that a route is used for, in text. Of a default route, one that no other route of a lab covers. */
export function representativeOf({ address, length }: Prefix): string {
  if (length === 0) return addressVersion(address) === 4 ? '198.51.100.1' : '2001:db8:ffff::1';
  const first = address.slice();
  if (length < address.length * 8) first[first.length - 1] = (first.at(-1) ?? 0) | 1;
  return formatAddress(first);
}

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === null) throw new Error(`not an address: ${text}`);
  return parsed;
}
