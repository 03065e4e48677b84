import type { DriverName } from '../drivers/driver.ts';
import type { Topology, TopologyNode, TopologyPolicy } from '../topology/model.ts';
import type { CommandContext } from './command.ts';
import type { UpOptions } from './commands/up.ts';
import { impairmentText, section } from './status-text.ts';
import { table } from './table.ts';
import { printable } from './terminal.ts';

/** What a lab of a topology takes of the machine that it is brought up on. */
export interface LabPlan {
  readonly lab: string;
  readonly driver: DriverName;
  readonly topology: Topology;
  /** Beside the supervisor: a line each. */
  readonly processes: readonly string[];
  readonly privileges: readonly string[];
}

export function planOf(lab: string, topology: Topology, driver: DriverName, isRoot: boolean): LabPlan {
  return {
    lab,
    driver,
    topology,
    processes: driver === 'sim' ? [] : topology.nodes.flatMap(processesOf(topology)),
    privileges: PRIVILEGES[driver](isRoot),
  };
}

/** `lab up --dry-run`: reads the file, and touches nothing. */
export function showPlan(
  name: string,
  topology: Topology,
  choice: { readonly driver: DriverName; readonly why: string | null },
  options: UpOptions,
  { terminal }: CommandContext,
): void {
  const plan = planOf(name, topology, choice.driver, process.getuid?.() === 0);
  if (choice.why !== null) terminal.note(`${choice.why}: the simulator would be used instead (lab doctor)`);
  if (options.json) return terminal.data(JSON.stringify(jsonOf(plan)));
  terminal.data(`${terminal.style.bold(name)}: ${printable(topology.title)} (${choice.driver}); nothing was made`);
  for (const line of planLines(plan)) terminal.data(line);
}

/** Tables as those of `lab status`. No key and no secret is among it. */
export function planLines({ topology, processes, privileges }: LabPlan): string[] {
  const { nodes, links, checks } = topology;
  const ports = nodes.flatMap(node =>
    node.interfaces.map((port, index) => [
      index === 0 ? node.name : '',
      index === 0 ? node.kind : '',
      port.name,
      [...port.addresses, ...(port.autoconfigure ? ['(SLAAC)'] : [])].join(' ') || '-',
    ]),
  );
  const wires = links.map(({ name, endpoints, impairments }) => [
    name,
    endpoints.map(end => `${end.node}:${end.interface}`).join(' - '),
    impairmentText(impairments),
  ]);
  const policies = nodes.flatMap(node => node.policies.map(policy => [policy.name, node.name, actionText(policy)]));
  const tunnels = nodes.flatMap(node =>
    node.tunnels.map(({ name, local, remote, addresses }) => [
      name,
      node.name,
      `${local} - ${remote}`,
      addresses.join(' ') || '-',
    ]),
  );
  const connections = nodes.flatMap(node =>
    (node.ike?.connections ?? []).map(({ name, peer, children }) => [
      name,
      node.name,
      peer ?? '(whoever proves to be it)',
      String(children.length),
    ]),
  );
  return [
    ...section(table(['NODE', 'KIND', 'INTERFACE', 'ADDRESSES'], ports)),
    ...section(table(['LINK', 'ENDS', 'IMPAIRMENT'], wires)),
    ...section(table(['TUNNEL', 'NODE', 'OUTSIDE', 'ADDRESSES'], tunnels)),
    ...section(
      table(
        ['POLICY', 'NODE', 'ACTION'],
        policies.map(row => row.map(printable)),
      ),
    ),
    ...section(
      table(
        ['CONNECTION', 'NODE', 'PEER', 'CHILDREN'],
        connections.map(row => row.map(printable)),
      ),
    ),
    '',
    `processes: the lab's supervisor${processes.map(each => `, ${each}`).join('')}`,
    ...privileges.map(line => `needs: ${line}`),
    `checks: ${checks.length}`,
  ];
}

const jsonOf = ({ lab, driver, topology, processes, privileges }: LabPlan) => ({
  version: 1,
  lab,
  driver,
  topology: { name: topology.name, title: topology.title, file: topology.file },
  nodes: topology.nodes.map(({ name, kind, engine, interfaces, tunnels, policies, ike }) => ({
    name,
    kind,
    engine,
    interfaces: interfaces.map(({ name: port, addresses, mtu, mac, link }) => ({
      name: port,
      addresses,
      mtu,
      mac,
      link,
    })),
    tunnels: tunnels.map(({ name: tunnel, local, remote, addresses }) => ({ name: tunnel, local, remote, addresses })),
    policies: policies.map(policy => ({ name: policy.name, action: actionText(policy) })),
    connections: (ike?.connections ?? []).map(({ name: connection, peer }) => ({ name: connection, peer })),
  })),
  links: topology.links,
  checks: topology.checks.map(({ title }) => title),
  processes,
  privileges,
});

function actionText({ action }: TopologyPolicy): string {
  if (action.kind !== 'protect') return action.kind;
  return action.transforms
    .map(({ protocol, mode, suites, level, peer }) =>
      [
        protocol,
        mode,
        suites.join('/'),
        ...(peer === null ? [] : [`to ${peer}`]),
        ...(level === 'use' ? ['(use)'] : []),
      ]
        .filter(word => word !== '')
        .join(' '),
    )
    .join(' + ');
}

const processesOf =
  ({ links, pki }: Topology) =>
  ({ name, engine, implementation, interfaces }: TopologyNode, index: number): string[] => [
    ...(engine || interfaces.some(({ advertise }) => advertise) ? [`the engine of ${name}`] : []),
    ...(implementation === null ? [] : [`${implementation} of ${name}`]),
    ...(pki?.server?.node === name ? [`the HTTP server of ${name}`] : []),
    ...(index === 0 && links.some(({ impairments }) => impairmentText(impairments) !== '-')
      ? ['the impaired links, where the kernel has no netem']
      : []),
  ];

const namespaces = (isRoot: boolean): string =>
  isRoot
    ? 'root, for namespaces of its own (mount, PID, network); nothing outside of them is touched'
    : 'user namespaces, and in them namespaces of its own (mount, PID, network); no root';

const PRIVILEGES: Readonly<Record<DriverName, (isRoot: boolean) => readonly string[]>> = {
  sim: () => ['nothing of the machine'],
  netns: isRoot => [namespaces(isRoot)],
  docker: () => ['root, and the Docker daemon: a container a node with NET_ADMIN and NET_RAW, without a network'],
  swarm: () => [
    'root, and the Docker daemon, a manager of its swarm: on this machine a service a node with NET_ADMIN and NET_RAW',
    'of nodes with a placement that are on other machines of the swarm, the daemons there',
    'an internal overlay network, which carries the links and which no node has an interface of',
  ],
  mininet: isRoot => [namespaces(isRoot), 'Mininet, by whose API hosts and links are made inside of these'],
};
