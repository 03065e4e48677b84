import type Docker from 'dockerode';
import type { Topology, TopologyNode } from '../../topology/model.ts';
import type { ExecIo } from '../driver.ts';
import type { NodeChild, NodeChildOptions } from '../netns/child-process.ts';
import type { Ground } from '../netns/ground.ts';
import { removeNamespaces } from '../netns/remove-namespaces.ts';
import { containerOptions } from './container.ts';
import { obstacleOf } from './daemon.ts';
import { NodeContainers } from './node-containers.ts';
import { removeContainers } from './remove-containers.ts';

/** Containers for nodes: each has one network namespace, which the pod knows by the node's name. */
export class DockerGround implements Ground {
  readonly driver = 'docker';
  readonly wayUp = 'tun';
  readonly nics = 'together';
  readonly #docker: Docker;
  readonly #image: string;
  readonly #runId: string;
  readonly #containers: NodeContainers;
  #isGoing = false;

  constructor(docker: Docker, image: string, runId: string) {
    this.#docker = docker;
    this.#image = image;
    this.#runId = runId;
    this.#containers = new NodeContainers(docker, runId);
  }

  async nodeLines({ nodes }: Topology, onDeath: (node: string, how: string) => void): Promise<readonly string[]> {
    await Promise.all(nodes.map(node => this.#start(node, how => onDeath(node.name, how))));
    return this.#containers.namespaceLines;
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

  endPrograms(node: string): Promise<void> {
    return this.#containers.endPrograms(node);
  }

  async remove(topology: Topology): Promise<void> {
    this.#isGoing = true;
    await removeContainers(this.#docker, this.#runId);
    await removeNamespaces(topology, 'together');
  }

  async #start(node: TopologyNode, onDeath: (how: string) => void): Promise<void> {
    const what = `the container of ${node.name} does not start`;
    const plan = { runId: this.#runId, image: this.#image, root: process.env['IPSEC_LAB_ROOT'] ?? null };
    try {
      const container = await this.#docker.createContainer(containerOptions(node, plan));
      // The daemon ends the container when this connection does.
      const life = await container.attach({ stream: true, stdin: true, stdout: true, hijack: true });
      life.on('error', () => undefined);
      life.on('close', () => {
        if (!this.#isGoing) onDeath('its container ended');
      });
      life.resume();
      await container.start();
      await this.#containers.add(node.name, container);
    } catch (error) {
      throw obstacleOf(error, what);
    }
  }
}
