import { NS_PER_US } from '../../../engine/wire/instant.ts';
import type { Impairment, Topology, TopologyInterface, TopologyNode } from '../../topology/model.ts';
import type { ExecIo } from '../driver.ts';
import { type NodeChild, type NodeChildOptions, startNodeChild } from '../netns/child-process.ts';
import { impair, passSingly } from '../netns/configure.ts';
import { execInNamespace } from '../netns/exec.ts';
import type { Ground } from '../netns/ground.ts';
import { type Cable, looseInterfaces } from '../netns/layout.ts';
import { MIDDLE_NAMESPACE } from '../netns/names.ts';
import { isImpaired } from '../netns/netem.ts';
import { removeNamespaces } from '../netns/remove-namespaces.ts';
import { killProcessesIn } from '../netns/stray-processes.ts';
import { type MininetEnd, MininetHelper, type MininetLink } from './helper.ts';
import type { MininetPython } from './python.ts';

/** Mininet's hosts for nodes and Mininet's links between them: each host has one network namespace, which the pod knows by its name. */
export class MininetGround implements Ground {
  readonly driver = 'mininet';
  readonly wayUp = 'tun';
  readonly nics = 'together';
  readonly #python: MininetPython;
  readonly #runId: string;
  #helper: MininetHelper | null = null;
  #shells: Readonly<Record<string, number>> = {};

  constructor(python: MininetPython, runId: string) {
    this.#python = python;
    this.#runId = runId;
  }

  async nodeLines(
    { nodes }: Topology,
    onDeath: (node: string | null, how: string) => void,
  ): Promise<readonly string[]> {
    // Nodes work on without it.
    this.#helper = new MininetHelper(this.#python, this.#runId, how => onDeath(null, how));
    this.#shells = await this.#helper.ask('hosts', { names: [...nodes.map(({ name }) => name), MIDDLE_NAMESPACE] });
    return Object.entries(this.#shells).map(([name, pid]) => `netns attach ${name} ${pid}`);
  }

  async makeLinks(topology: Topology, cables: readonly Cable[]): Promise<void> {
    const loose = looseInterfaces(topology).map(
      ({ node, iface, plug }): MininetLink => ({ kind: 'Link', ends: [endOf(node, iface), middleEnd(plug)] }),
    );
    await this.#mininet().ask('links', { links: [...cables.flatMap(linksOf), ...loose] });
  }

  /** By a TCLink where that can do it. */
  async impair(cable: Cable): Promise<void> {
    const { impairments } = cable.link;
    if (!impairments.every(isOfTcLink)) return impair(cable);
    for (const [side, { end, netns }] of cable.ends.entries()) {
      const { delayNs, loss } = impairments[side === 0 ? 0 : 1];
      await passSingly(netns, end.interface);
      await this.#mininet().ask('shape', { ...end, delayUs: Math.round(delayNs / NS_PER_US), lossPercent: loss * 100 });
    }
  }

  readonly startChild = (options: NodeChildOptions): NodeChild => startNodeChild(options);

  exec(
    node: string,
    argv: readonly string[],
    io: ExecIo,
    environment: Readonly<Record<string, string>>,
  ): Promise<number> {
    return execInNamespace(node, argv, io, this.#runId, environment);
  }

  endPrograms(node: string): void {
    const shell = this.#shells[node];
    killProcessesIn([node], shell === undefined ? [] : [shell]);
  }

  async remove(topology: Topology): Promise<void> {
    await this.#helper?.stop();
    await removeNamespaces(topology, 'together');
  }

  #mininet(): MininetHelper {
    if (this.#helper === null) throw new Error('there are no hosts yet');
    return this.#helper;
  }
}

/** One of Mininet's between the nodes, or one from each of them to the middle. */
function linksOf({ link, kind, ends }: Cable): MininetLink[] {
  const [one, other] = ends.map(({ node, end }) => endOf(node, interfaceOf(node, end.interface)));
  if (one === undefined || other === undefined) throw new Error(`link ${link.name} has one end`);
  if (kind === 'straight') return [{ kind: isImpaired(link) ? 'TCLink' : 'Link', ends: [one, other] }];
  return [one, other].map((end, side) => ({
    kind: 'Link',
    ends: [end, middleEnd(ends[side === 0 ? 0 : 1].far.interface)],
  }));
}

const endOf = (node: TopologyNode, { name, mac, mtu }: TopologyInterface): MininetEnd => ({
  node: node.name,
  interface: name,
  mac,
  mtu,
});

/** Large enough for whatever a node sends: the node's own end keeps to its MTU. */
const middleEnd = (name: string): MininetEnd => ({ node: MIDDLE_NAMESPACE, interface: name, mac: null, mtu: 65_535 });

/** Of what netem can do a TCLink only knows these. */
const isOfTcLink = ({ duplicate, corrupt }: Impairment): boolean => duplicate + corrupt === 0;

function interfaceOf(node: TopologyNode, name: string): TopologyInterface {
  const iface = node.interfaces.find(candidate => candidate.name === name);
  if (iface === undefined) throw new Error(`node ${node.name} has no interface ${name}`);
  return iface;
}
