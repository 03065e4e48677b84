import type { PlainInterface, PlainLink, PlainNetwork, PlainNode } from '../plain/network.ts';
import { headLines } from '../plain/head.ts';

/**
 * A network as a containerlab file: a container of kind linux a node, with the links of the topology and no other network (the
 * management network of containerlab would join it to the machine). `image` needs iproute2.
 */
export function exportContainerlab(network: PlainNetwork, image: string): string {
  const { name, nodes, links } = network;
  const lines = [
    ...headLines(network).map(line => `# ${line}`),
    ...links.flatMap(link => netemRemarks(network, link)),
    `name: ${JSON.stringify(name)}`,
    '',
    'topology:',
    '  defaults:',
    '    kind: linux',
    `    image: ${JSON.stringify(image)}`,
    '    network-mode: none',
    '  nodes:',
    ...nodes.flatMap(nodeLines),
    ...(links.length === 0 ? [] : ['  links:']),
    ...links.flatMap(link => linkLines(link, nodes)),
  ];
  return `${lines.join('\n')}\n`;
}

function nodeLines({ name, forwards, interfaces, drops, routes }: PlainNode): string[] {
  const commands = [
    ...(forwards ? ['sysctl -w net.ipv4.ip_forward=1', 'sysctl -w net.ipv6.conf.all.forwarding=1'] : []),
    ...drops.map(words => `ip ${words}`),
    ...interfaces.flatMap(interfaceCommands),
    ...routes.map(words => `ip ${words}`),
  ];
  return [
    `    ${JSON.stringify(name)}:`,
    ...(commands.length === 0 ? [] : ['      exec:']),
    ...commands.map(command => `        - ${JSON.stringify(command)}`),
  ];
}

function interfaceCommands({ name, addresses, link }: PlainInterface): string[] {
  return [
    ...(link === null ? [`ip link add name ${name} type bridge`] : []),
    ...addresses.map(address => `ip addr add ${address} dev ${name}${address.includes(':') ? ' nodad' : ''}`),
    ...(link === null ? [`ip link set dev ${name} up`] : []),
  ];
}

function linkLines({ name, ends }: PlainLink, nodes: readonly PlainNode[]): string[] {
  const endpoints = ends.map(end => JSON.stringify(`${end.node}:${end.interface}`));
  const mtus = ends.map(end => mtuOf(end, nodes));
  return [`    # ${name}`, `    - endpoints: [${endpoints.join(', ')}]`, `      mtu: ${Math.min(...mtus)}`];
}

function mtuOf(end: PlainLink['ends'][0], nodes: readonly PlainNode[]): number {
  const iface = nodes.find(({ name }) => name === end.node)?.interfaces.find(({ name }) => name === end.interface);
  if (iface === undefined) throw new Error(`there is no ${end.node}:${end.interface}`);
  return iface.mtu;
}

/** Impairments have no place in the file: containerlab sets them on a lab that runs. */
function netemRemarks({ name }: PlainNetwork, { ends, netem }: PlainLink): string[] {
  return ends.flatMap((end, side) => {
    const words = netem[side];
    if (words === null || words === undefined) return [];
    return [`# Once it runs: tc -n clab-${name}-${end.node} qdisc add dev ${end.interface} root netem ${words}`];
  });
}
