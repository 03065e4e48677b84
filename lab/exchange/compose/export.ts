import type { Diagnostic } from '../../../engine/config/diagnostic.ts';
import { headLines } from '../plain/head.ts';
import type { PlainLink, PlainNetwork, PlainNode } from '../plain/network.ts';
import { type ComposeNetwork, composeNetworks } from './networks.ts';

export type ComposeExport =
  | { readonly kind: 'text'; readonly text: string }
  /** What Docker cannot do of it; about the topology as a whole. */
  | { readonly kind: 'cannot'; readonly diagnostics: readonly Diagnostic[] };

/**
 * A network as a docker-compose file: a container a node, a network a link. Networks are macvlan without a parent: not even the
 * machine has an address in them, and Docker's packet filter, which lets nothing pass that is not of a network's own subnet, does not see
 * what goes through them. `image` needs iproute2; `file` is what diagnostics call the topology.
 */
export function exportCompose(network: PlainNetwork, image: string, file: string): ComposeExport {
  const found = composeNetworks(network, file);
  if (found.kind === 'cannot') return found;
  const lines = [
    ...headLines(network).map(line => `# ${line}`),
    '# Interfaces are named by Docker. Its networks need the kernel module "dummy" on the machine.',
    ...network.links.flatMap(remarks),
    `name: ${JSON.stringify(network.name)}`,
    '',
    'services:',
    ...network.nodes.flatMap(node => serviceLines(node, found.networks, image)),
    ...(found.networks.length === 0 ? [] : ['networks:']),
    ...found.networks.flatMap(networkLines),
  ];
  return { kind: 'text', text: `${lines.join('\n').trimEnd()}\n` };
}

function remarks({ name, netem }: PlainLink): string[] {
  return netem.every(words => words === null) ? [] : [`# ${name} is a perfect wire here.`];
}

function serviceLines(node: PlainNode, networks: readonly ComposeNetwork[], image: string): string[] {
  const attached = networks.flatMap(network =>
    network.ends.filter(end => end.node === node.name).map(end => ({ network, end })),
  );
  const loose = node.interfaces.filter(({ link }) => link === null);
  const commands = [
    ...node.drops.map(words => `ip ${words}`),
    ...loose.flatMap(({ name, addresses }) => [
      `ip link add name ${name} type bridge`,
      ...addresses.map(address => `ip addr add ${address} dev ${name}`),
      `ip link set dev ${name} up`,
    ]),
    // Docker names the interfaces: the kernel finds the one to each next hop.
    ...node.routes.map(words => `ip ${words.replace(/( via \S+) dev \S+/, '$1')}`),
    'exec sleep infinity',
  ];
  return [
    `  ${JSON.stringify(node.name)}:`,
    `    image: ${JSON.stringify(image)}`,
    '    init: true',
    '    cap_drop: [ALL]',
    '    cap_add: [NET_ADMIN, NET_RAW]',
    ...(node.forwards ? ['    sysctls:', '      net.ipv4.ip_forward: 1', '      net.ipv6.conf.all.forwarding: 1'] : []),
    '    entrypoint: [sh, -ec]',
    '    command:',
    '      - |',
    ...commands.map(command => `        ${command}`),
    ...(attached.length === 0 ? ['    network_mode: none'] : ['    networks:']),
    ...attached.flatMap(({ network, end }) => [
      `      ${JSON.stringify(network.name)}:`,
      ...(end.v4 === null ? [] : [`        ipv4_address: ${end.v4}`]),
      ...(end.v6 === null ? [] : [`        ipv6_address: ${JSON.stringify(end.v6)}`]),
    ]),
    '',
  ];
}

function networkLines({ name, subnets }: ComposeNetwork): string[] {
  return [
    `  ${JSON.stringify(name)}:`,
    '    driver: macvlan',
    '    internal: true',
    ...(subnets.some(({ subnet }) => subnet.includes(':')) ? ['    enable_ipv6: true'] : []),
    '    ipam:',
    '      config:',
    ...subnets.map(({ subnet, gateway }) => `        - { subnet: "${subnet}", gateway: "${gateway}" }`),
  ];
}
