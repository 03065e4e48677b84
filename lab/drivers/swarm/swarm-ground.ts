import type Docker from 'dockerode';
import type { Topology, TopologyLink, TopologyNode } from '../../topology/model.ts';
import { runLabelsOf } from '../docker/container.ts';
import { obstacleOf } from '../docker/daemon.ts';
import { NodeContainers } from '../docker/node-containers.ts';
import type { ExecIo, Probe, ProbeResult } from '../driver.ts';
import type { NodeChild, NodeChildOptions } from '../netns/child-process.ts';
import type { Ground } from '../netns/ground.ts';
import { type Cable, cableLines, looseInterfaces, looseLine, namespaceLine } from '../netns/layout.ts';
import { MIDDLE_NAMESPACE } from '../netns/names.ts';
import { removeNamespaces, removeNamed } from '../netns/remove-namespaces.ts';
import { ipBatch, run, runScript, type Shell } from '../netns/run.ts';
import { signalProcessesIn } from '../netns/stray-processes.ts';
import { awaitTask } from './await-task.ts';
import { farProbe } from './far-probe.ts';
import { LIFELINE } from './lifeline.ts';
import type { OtherMachine } from './other-machine.ts';
import { OtherMachines } from './other-machines.ts';
import { removeFromSwarm } from './remove-from-swarm.ts';
import { serviceOptions, type ServicePlan } from './service.ts';
import {
  farUnderlayScript,
  hubScript,
  overlayMtu,
  takeOverlayScript,
  underlayNamespace,
  underlayScript,
} from './underlay.ts';

export interface SwarmPlace {
  readonly docker: Docker;
  /** The image of nodes: its id. */
  readonly image: string;
  /** This machine: its id in the swarm. */
  readonly machine: string;
}

/**
 * Services of a swarm for nodes, and one overlay network for the lab, over which its links go. Nodes with a placement may be on other
 * machines, and all that this process does in namespaces is done there by other-machine.ts; their links go through the middle, which is
 * here, and so does the capture.
 */
export class SwarmGround implements Ground {
  readonly driver = 'swarm';
  readonly wayUp = 'tun';
  readonly nics = 'together';
  readonly #place: SwarmPlace;
  readonly #runId: string;
  readonly #containers: NodeContainers;
  /** Of nodes, on the overlay network. */
  readonly #addresses = new Map<string, string>();
  /** Of nodes that are not on this machine. */
  readonly #elsewhere = new Map<string, OtherMachine>();
  #machines: OtherMachines | null = null;
  #isGoing = false;

  constructor(place: SwarmPlace, runId: string) {
    this.#place = place;
    this.#runId = runId;
    this.#containers = new NodeContainers(place.docker, runId);
  }

  async nodeLines(topology: Topology, onDeath: (node: string, how: string) => void): Promise<readonly string[]> {
    const { nodes } = topology;
    const { image, machine, docker } = this.#place;
    const network = await this.#makeNetwork(overlayMtu(topology));
    const plan = { runId: this.#runId, root: this.#root, image, machine, network };
    const machines = new OtherMachines(docker, plan);
    this.#machines = machines;
    await Promise.all(nodes.map(node => this.#start(node, plan, machines, how => onDeath(node.name, how))));
    const here = nodes.filter(({ name }) => !this.#elsewhere.has(name));
    const underlays = here.map(({ name }) => namespaceLine(underlayNamespace(name)));
    return [...this.#containers.namespaceLines, ...underlays, namespaceLine(MIDDLE_NAMESPACE)];
  }

  /** Wherever its placement has put a node: what a file says decides how a link is made, not where the swarm had room. */
  viaMiddle({ endpoints }: TopologyLink, { nodes }: Topology): boolean {
    return nodes.some(({ name, placement }) => placement !== undefined && endpoints.some(({ node }) => node === name));
  }

  async makeLinks(topology: Topology, cables: readonly Cable[]): Promise<void> {
    const loose = looseInterfaces(topology);
    const hub = await this.#machines?.hubAddress();
    await Promise.all(
      topology.nodes.map(async node => {
        const { name } = node;
        const own = this.#addresses.get(name) ?? '';
        const machine = this.#elsewhere.get(name);
        if (machine === undefined || typeof hub !== 'string') {
          await runScript(name, takeOverlayScript(name, own));
          await runScript(underlayNamespace(name), underlayScript(name, this.#addresses, cables));
          return;
        }
        await machine.tools.shell(underlayNamespace(name), farUnderlayScript(name, own, hub, cables));
        const ports = loose.filter(each => each.node === node).map(({ iface }) => iface);
        await machine.addLoose(node, ports);
        await run(['sh'], hubScript(name, own, hub, cables));
      }),
    );
    const isHere = ({ name }: TopologyNode): boolean => !this.#elsewhere.has(name);
    await ipBatch([
      ...cables.flatMap(cable => (cable.kind === 'middle' ? plugLines(cable, isHere) : [])),
      ...loose
        .filter(({ node }) => isHere(node))
        .map(({ node, iface, plug }) => looseLine(node, iface, plug, 'together')),
    ]);
  }

  readonly startChild = (options: NodeChildOptions): NodeChild => this.#containersOf(options.netns).startChild(options);

  readonly shell: Shell = (netns, script) => (this.#elsewhere.get(netns)?.tools.shell ?? runScript)(netns, script);

  probe(probe: Probe): Promise<ProbeResult> | null {
    return farProbe(probe, node => this.#elsewhere.get(node)?.tools ?? null);
  }

  inject(node: string, device: string, frame: Uint8Array): Promise<void> | null {
    const machine = this.#elsewhere.get(node);
    if (machine === undefined) return null;
    const octets = Buffer.from(frame).toString('base64');
    return machine.tools.errand({ kind: 'inject', netns: node, device, octets }).answer.then(() => undefined);
  }

  async signalPrograms(node: string, signal: NodeJS.Signals): Promise<void> {
    const machine = this.#elsewhere.get(node);
    if (machine === undefined) signalProcessesIn([node], signal);
    else await machine.tools.processes.signalAll(node, signal);
  }

  exec(
    node: string,
    argv: readonly string[],
    io: ExecIo,
    environment: Readonly<Record<string, string>>,
  ): Promise<number> {
    return this.#containersOf(node).exec(node, argv, io, environment);
  }

  endPrograms(node: string): Promise<void> {
    return this.#containersOf(node).endPrograms(node);
  }

  async remove(topology: Topology): Promise<void> {
    this.#isGoing = true;
    await this.#machines?.close();
    await removeFromSwarm(this.#place.docker, this.#runId);
    await removeNamespaces(topology, 'together');
    await removeNamed(topology.nodes.map(({ name }) => underlayNamespace(name)));
  }

  /** IPv4, which is all that overlays carry everywhere; it leads nowhere but to the lab's nodes. */
  async #makeNetwork(mtu: number): Promise<string> {
    try {
      const network = await this.#place.docker.createNetwork({
        Name: `ipsec-lab-${this.#runId.slice(0, 16)}`,
        Driver: 'overlay',
        Internal: true,
        Options: { 'com.docker.network.driver.mtu': String(mtu) },
        Labels: runLabelsOf({ runId: this.#runId, root: this.#root }),
      });
      return network.id;
    } catch (error) {
      throw obstacleOf(error, 'the overlay network of the lab cannot be made');
    }
  }

  async #start(
    node: TopologyNode,
    plan: ServicePlan,
    machines: OtherMachines,
    onDeath: (how: string) => void,
  ): Promise<void> {
    const { docker } = this.#place;
    try {
      const { id } = await docker.createService(serviceOptions(node, plan));
      const task = await awaitTask(docker, id, node.name, node.placement !== undefined);
      this.#addresses.set(node.name, task.address);
      if (task.machine === plan.machine) {
        await this.#containers.add(node.name, docker.getContainer(task.containerId));
      } else {
        const machine = await machines.at(task.machine);
        await machine.add(node.name, task.containerId, task.address);
        this.#elsewhere.set(node.name, machine);
      }
      const life = await this.#containersOf(node.name).keep(node.name, LIFELINE);
      const ended = (): void => {
        if (!this.#isGoing) onDeath('its container ended');
      };
      void life.ended.then(ended);
    } catch (error) {
      throw obstacleOf(error, `the service of ${node.name} does not start`);
    }
  }

  #containersOf(node: string): NodeContainers {
    return this.#elsewhere.get(node)?.containers ?? this.#containers;
  }

  get #root(): string | null {
    return process.env['IPSEC_LAB_ROOT'] ?? null;
  }
}

/** The veths between the middle and those ends of a cable that are here. */
function plugLines(cable: Cable, isHere: (node: TopologyNode) => boolean): string[] {
  const lines = cableLines(cable);
  return cable.ends.flatMap(({ node }, side) => (isHere(node) ? lines.slice(side, side + 1) : []));
}
