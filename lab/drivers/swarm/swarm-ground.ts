import type Docker from 'dockerode';
import type { Topology, TopologyNode } from '../../topology/model.ts';
import { runLabelsOf } from '../docker/container.ts';
import { obstacleOf } from '../docker/daemon.ts';
import { NodeContainers } from '../docker/node-containers.ts';
import type { ExecIo } from '../driver.ts';
import type { NodeChild, NodeChildOptions } from '../netns/child-process.ts';
import type { Ground } from '../netns/ground.ts';
import { type Cable, cableLines, looseInterfaces, looseLine, namespaceLine } from '../netns/layout.ts';
import { MIDDLE_NAMESPACE } from '../netns/names.ts';
import { removeNamespaces, removeNamed } from '../netns/remove-namespaces.ts';
import { ipBatch, runScript } from '../netns/run.ts';
import { awaitTask } from './await-task.ts';
import { removeFromSwarm } from './remove-from-swarm.ts';
import { serviceOptions } from './service.ts';
import { overlayMtu, takeOverlayScript, underlayNamespace, underlayScript } from './underlay.ts';

export interface SwarmPlace {
  readonly docker: Docker;
  /** The image of nodes: its id. */
  readonly image: string;
  /** This machine: its id in the swarm. */
  readonly machine: string;
}

/** Services of a swarm for nodes, and one overlay network for the lab, over which its links go. */
export class SwarmGround implements Ground {
  readonly driver = 'swarm';
  readonly wayUp = 'tun';
  readonly nics = 'together';
  readonly #place: SwarmPlace;
  readonly #runId: string;
  readonly #containers: NodeContainers;
  /** Of nodes, on the overlay network. */
  readonly #addresses = new Map<string, string>();
  #isGoing = false;

  constructor(place: SwarmPlace, runId: string) {
    this.#place = place;
    this.#runId = runId;
    this.#containers = new NodeContainers(place.docker, runId);
  }

  async nodeLines(topology: Topology, onDeath: (node: string, how: string) => void): Promise<readonly string[]> {
    const { nodes } = topology;
    const network = await this.#makeNetwork(overlayMtu(topology));
    await Promise.all(nodes.map(node => this.#start(node, network, how => onDeath(node.name, how))));
    const underlays = nodes.map(({ name }) => namespaceLine(underlayNamespace(name)));
    return [...this.#containers.namespaceLines, ...underlays, namespaceLine(MIDDLE_NAMESPACE)];
  }

  async makeLinks(topology: Topology, cables: readonly Cable[]): Promise<void> {
    await Promise.all(
      topology.nodes.map(async ({ name }) => {
        await runScript(name, takeOverlayScript(name, this.#addresses.get(name) ?? ''));
        await runScript(underlayNamespace(name), underlayScript(name, this.#addresses, cables));
      }),
    );
    await ipBatch([
      ...cables.filter(({ kind }) => kind === 'middle').flatMap(cableLines),
      ...looseInterfaces(topology).map(({ node, iface, plug }) => looseLine(node, iface, plug, 'together')),
    ]);
  }

  readonly startChild = (options: NodeChildOptions): NodeChild => this.#containers.startChild(options);

  exec(
    node: string,
    argv: readonly string[],
    io: ExecIo,
    environment: Readonly<Record<string, string>>,
  ): Promise<number> {
    return this.#containers.exec(node, argv, io, environment);
  }

  endPrograms(node: string): void {
    this.#containers.endPrograms(node);
  }

  async remove(topology: Topology): Promise<void> {
    this.#isGoing = true;
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

  async #start(node: TopologyNode, network: string, onDeath: (how: string) => void): Promise<void> {
    const { docker, image, machine } = this.#place;
    const plan = { runId: this.#runId, root: this.#root, image, machine, network };
    try {
      const { id } = await docker.createService(serviceOptions(node, plan));
      const { containerId, address } = await awaitTask(docker, id, node.name);
      this.#addresses.set(node.name, address);
      const container = docker.getContainer(containerId);
      await this.#containers.add(node.name, container);
      const life = await this.#containers.keep(node.name, LIFELINE);
      const ended = (): void => {
        if (!this.#isGoing) onDeath('its container ended');
      };
      void life.ended.then(ended);
    } catch (error) {
      throw obstacleOf(error, `the service of ${node.name} does not start`);
    }
  }

  get #root(): string | null {
    return process.env['IPSEC_LAB_ROOT'] ?? null;
  }
}

/** Ends the container when its input ends, and so with us: a task has none that it could be held by. One process, which has no child. */
const LIFELINE = {
  argv: ['/bin/sh', '-c', 'while read -r line; do :; done; kill 1'],
  environment: {},
  hasInput: true,
  stdout: () => undefined,
  stderr: () => undefined,
};
