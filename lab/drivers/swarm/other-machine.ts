import type { Server } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { TopologyInterface, TopologyNode } from '../../topology/model.ts';
import type { ContainerPlan } from '../docker/container.ts';
import { openDaemon } from '../docker/daemon.ts';
import { NodeContainers } from '../docker/node-containers.ts';
import { removeContainers } from '../docker/remove-containers.ts';
import { MachineObstacle } from '../machine-obstacle.ts';
import { namespaceLine } from '../netns/layout.ts';
import { namespaceFile } from '../netns/names.ts';
import { AGENT_PORT, openGate } from './agent-gate.ts';
import { Toolbox } from './toolbox.ts';
import { takeOverlayScript, underlayNamespace } from './underlay.ts';

const ANSWERS_MS = 30_000;
const PING_MS = 2000;
const LOOK_AGAIN_MS = 50;

export interface AgentPlan extends ContainerPlan {
  /** On the lab's overlay network. */
  readonly address: string;
  readonly key: Uint8Array;
  /** Where the gate to it is to be: a path of this pod. */
  readonly gate: string;
}

/** A machine of the swarm that is not this one, and has nodes of the lab: its daemon, and namespaces there. */
export class OtherMachine {
  readonly #docker: Docker;
  readonly #gate: Server;
  readonly #runId: string;
  readonly tools: Toolbox;
  readonly containers: NodeContainers;

  private constructor(docker: Docker, gate: Server, runId: string, tools: Toolbox) {
    this.#docker = docker;
    this.#gate = gate;
    this.#runId = runId;
    this.tools = tools;
    this.containers = new NodeContainers(docker, runId, tools.processes);
  }

  /** Reaches it by its agent, whose task runs already. */
  static async open(plan: AgentPlan): Promise<OtherMachine> {
    const gate = await openGate(plan.gate, plan.address, AGENT_PORT, plan.key);
    try {
      await answers(plan);
      const docker = openDaemon(plan.gate);
      return new OtherMachine(docker, gate, plan.runId, await Toolbox.start(docker, plan));
    } catch (error) {
      gate.close();
      throw error;
    }
  }

  /** A node whose task runs here: gives its namespace a name, and takes the overlay's interface out of it. */
  async add(node: string, containerId: string, address: string): Promise<void> {
    const container = this.#docker.getContainer(containerId);
    await this.containers.add(node, container);
    const lines = [this.containers.namespaceLine(node), namespaceLine(underlayNamespace(node))];
    await this.tools.script(`set -e\n${lines.map(line => `ip ${line}\n`).join('')}`);
    await this.tools.shell(node, takeOverlayScript(node, address));
  }

  /** Interfaces of a node that are on no link: veths whose other ends stay unplugged. */
  async addLoose({ name }: TopologyNode, loose: readonly TopologyInterface[]): Promise<void> {
    const lines = loose.map(
      (port, index) =>
        `ip link add name ${port.name} netns ${namespaceFile(name)} address ${port.mac} mtu ${port.mtu} type veth peer name u${index}\n`,
    );
    if (lines.length > 0) await this.tools.shell(underlayNamespace(name), `set -e\n${lines.join('')}`);
  }

  /** Removes what the run has there and ends the way to it. Safe to repeat. */
  async close(): Promise<void> {
    // A machine that does not answer any more loses its part of the lab with its agent.
    await Promise.race([removeContainers(this.#docker, this.#runId).catch(() => undefined), wait(PING_MS)]);
    this.#gate.close();
  }
}

/** Until the swarm has told everyone where the agent's address is, and the agent listens. */
async function answers({ gate, address }: AgentPlan): Promise<void> {
  const docker = openDaemon(gate);
  for (const end = performance.now() + ANSWERS_MS; performance.now() < end; await wait(LOOK_AGAIN_MS)) {
    const ping = docker.ping().then(
      () => true,
      () => false,
    );
    if (await Promise.race([ping, wait(PING_MS, false)])) return;
  }
  throw new MachineObstacle(
    `the agent of another machine does not answer over the overlay network (${address}) within ${ANSWERS_MS / 1000} s`,
    'let the machines reach each other by TCP and UDP 7946 and UDP 4789, which overlay networks use',
  );
}
