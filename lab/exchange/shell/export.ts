import { headLines } from '../plain/head.ts';
import type { PlainInterface, PlainLink, PlainNetwork, PlainNode } from '../plain/network.ts';

/**
 * A network as a shell script of `ip`: a network namespace a node, a veth pair a link. It makes nothing outside of them, and joins
 * none of them to the machine's own network. `sh FILE up`, `sh FILE down`.
 */
export function exportShell(network: PlainNetwork): string {
  const { name, nodes, links } = network;
  const lines = [
    '#!/bin/sh',
    ...headLines(network).map(line => `# ${line}`),
    '#',
    '#   sh FILE up      makes it, whole or not at all; as root, or in: unshare -Urnm, with a tmpfs on /run',
    '#   sh FILE down    removes it',
    `#   ip netns exec ${name}-${nodes[0]?.name ?? 'NODE'} ping ...`,
    '',
    'set -eu',
    `lab=\${LAB:-${name}}`,
    `nodes='${nodes.map(node => node.name).join(' ')}'`,
    '',
    ...FUNCTIONS,
    '',
    ...BEGINNING,
    '',
    ...links.flatMap(linkLines),
    ...nodes.flatMap(node => ['', ...nodeLines(node)]),
    '',
    ...links.flatMap(netemLines),
    'trap - EXIT',
  ];
  return `${lines.join('\n')}\n`;
}

const FUNCTIONS = [
  '# ip in the namespace of a node',
  'on() { node=$1; shift; ip -n "$lab-$node" "$@"; }',
  '# a setting below /proc/sys/net of a node, where the kernel has it',
  'setting() {',
  `  ip netns exec "$lab-$1" sh -c 'if [ -e "/proc/sys/net/$1" ]; then echo "$2" >"/proc/sys/net/$1"; fi' - "$2" "$3"`,
  '}',
  '# the namespaces go, and with them all that is in them',
  'down() { for node in $nodes; do ip netns del "$lab-$node" 2>/dev/null || true; done; }',
];

const BEGINNING = [
  'case "${1:-}" in',
  '  up) ;;',
  '  down) down; exit 0 ;;',
  '  *) echo "usage: sh $0 up|down" >&2; exit 2 ;;',
  'esac',
  'for node in $nodes; do',
  '  [ ! -e "/run/netns/$lab-$node" ] || { echo "$lab-$node is there already; LAB=NAME gives another name" >&2; exit 1; }',
  'done',
  'trap down EXIT # what is half made is removed',
  'for node in $nodes; do ip netns add "$lab-$node"; on "$node" link set dev lo up; done',
];

function linkLines({ name, ends: [one, other] }: PlainLink): string[] {
  const [first, second] = [one, other].map(end => `${end.interface} netns "$lab-${end.node}"`);
  return [`ip link add name ${first} type veth peer name ${second} # ${name}`];
}

function nodeLines({ name, forwards, interfaces, drops, routes }: PlainNode): string[] {
  const forwarding = ['ipv4/ip_forward', 'ipv6/conf/all/forwarding'].map(path => `setting ${name} ${path} 1`);
  return [
    `# ${name}`,
    ...(forwards ? forwarding : []),
    // A network may well be asymmetric.
    ...['all', ...interfaces.map(iface => iface.name)].map(device => `setting ${name} ipv4/conf/${device}/rp_filter 0`),
    ...drops.map(words => `on ${name} ${words}`),
    ...interfaces.flatMap(iface => interfaceLines(name, iface)),
    ...routes.map(words => `on ${name} ${words}`),
  ];
}

const MTU_DEFAULT = 1500;

function interfaceLines(node: string, { name, addresses, mtu, link }: PlainInterface): string[] {
  return [
    // A bridge without ports: every kernel has it, and it holds addresses.
    ...(link === null ? [`on ${node} link add name ${name} type bridge`] : []),
    ...(mtu === MTU_DEFAULT ? [] : [`on ${node} link set dev ${name} mtu ${mtu}`]),
    ...addresses.map(address => `on ${node} addr add ${address} dev ${name}${address.includes(':') ? ' nodad' : ''}`),
    `on ${node} link set dev ${name} up`,
  ];
}

/** Not every kernel has netem: a network without its delays is better than none, and is said to be one. */
function netemLines({ name, ends, netem }: PlainLink): string[] {
  return ends.flatMap((end, side) => {
    const words = netem[side];
    if (words === null || words === undefined) return [];
    return [
      `tc -n "$lab-${end.node}" qdisc add dev ${end.interface} root netem ${words} ||`,
      `  echo "no netem here: ${name} is a perfect wire from ${end.node}" >&2`,
    ];
  });
}
