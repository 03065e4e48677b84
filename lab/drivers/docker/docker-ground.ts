import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { Topology, TopologyNode } from '../../topology/model.ts';
import type { ExecIo } from '../driver.ts';
import { MachineObstacle } from '../machine-obstacle.ts';
import type { NodeChild, NodeChildOptions } from '../netns/child-process.ts';
import { feed } from '../netns/exec.ts';
import { type Ground, LAB_GOES } from '../netns/ground.ts';
import { removeNamespaces } from '../netns/remove-namespaces.ts';
import { killProcessesIn } from '../netns/stray-processes.ts';
import { childInside } from './child-inside.ts';
import { containerOptions } from './container.ts';
import { FIX_RIGHTS, obstacleOf } from './daemon.ts';
import { programInImage } from './image-content.ts';
import { type Inside, type InsideOptions, becomesOfRun, startInside } from './inside.ts';
import { removeContainers } from './remove-containers.ts';

interface Home {
  readonly container: Docker.Container;
  /** Of its first process, on this machine. */
  readonly pid: number;
}

/** Containers for nodes: each has one network namespace, which the pod knows by the node's name. */
export class DockerGround implements Ground {
  readonly driver = 'docker';
  readonly wayUp = 'tun';
  readonly nics = 'together';
  readonly #docker: Docker;
  readonly #image: string;
  readonly #runId: string;
  readonly #homes = new Map<string, Home>();
  #isGoing = false;

  constructor(docker: Docker, image: string, runId: string) {
    this.#docker = docker;
    this.#image = image;
    this.#runId = runId;
  }

  async nodeLines({ nodes }: Topology, onDeath: (node: string, how: string) => void): Promise<readonly string[]> {
    await Promise.all(
      nodes.map(async node => {
        this.#homes.set(node.name, await this.#start(node, how => onDeath(node.name, how)));
      }),
    );
    return [...this.#homes].map(([name, { pid }]) => `netns attach ${name} ${pid}`);
  }

  readonly startChild = (options: NodeChildOptions): NodeChild =>
    childInside(options, streams =>
      this.#inside(options.netns, {
        ...streams,
        argv: ['node', programInImage(options.program), ...(options.argv ?? [])],
        environment: {},
        hasInput: true,
      }),
    );

  async exec(
    node: string,
    argv: readonly string[],
    io: ExecIo,
    environment: Readonly<Record<string, string>>,
  ): Promise<number> {
    const { stdout, stderr, stdin, signal } = io;
    const inside = await this.#inside(node, { stdout, stderr, argv, environment, hasInput: stdin !== null });
    const stop = () => void endInside(inside, signal?.reason === LAB_GOES ? 'SIGTERM' : 'SIGINT');
    signal?.addEventListener('abort', stop);
    if (signal?.aborted === true) stop();
    if (stdin !== null) void feed(inside.stdin, stdin);
    try {
      return await inside.ended;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  endPrograms(node: string): void {
    const home = this.#homes.get(node);
    if (home !== undefined) killProcessesIn([node], [home.pid]);
  }

  async remove(topology: Topology): Promise<void> {
    this.#isGoing = true;
    await removeContainers(this.#docker, this.#runId);
    await removeNamespaces(topology, 'together');
  }

  async #start(node: TopologyNode, onDeath: (how: string) => void): Promise<Home> {
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
      const { State } = await container.inspect();
      await this.#assertRights(node, State.Pid);
      return { container, pid: State.Pid };
    } catch (error) {
      throw obstacleOf(error, what);
    }
  }

  /** A daemon may run where it cannot give what it was asked for, or be of another machine after all. */
  async #assertRights({ name }: TopologyNode, pid: number): Promise<void> {
    if (!(await becomesOfRun(pid, this.#runId))) {
      throw new MachineObstacle(
        `the container of ${name} is not among the processes of this machine: the Docker daemon runs elsewhere`,
        'run lab where the daemon runs, not in a container beside it',
      );
    }
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0';
    if ((BigInt(`0x${effective}`) & NODE_CAPABILITIES) === NODE_CAPABILITIES) return;
    throw new MachineObstacle(
      `the Docker daemon gives ${name} neither or only one of NET_ADMIN and NET_RAW`,
      FIX_RIGHTS,
    );
  }

  #inside(
    node: string,
    what: Pick<InsideOptions, 'stdout' | 'stderr' | 'argv' | 'environment' | 'hasInput'>,
  ): Promise<Inside> {
    const home = this.#homes.get(node);
    if (home === undefined) throw new Error(`there is no container of ${node}`);
    return startInside({ docker: this.#docker, container: home.container, runId: this.#runId, ...what });
  }
}

const INTERRUPTED_MS = 1000;

/** By a signal that lets a program say its last words; without mercy where it does not hear. */
async function endInside(inside: Inside, signal: NodeJS.Signals): Promise<void> {
  await inside.signal(signal);
  const late = new AbortController();
  const isOver = await Promise.race([
    inside.ended.then(() => true),
    wait(INTERRUPTED_MS, false, { signal: late.signal }).catch(() => true),
  ]);
  late.abort();
  if (!isOver) await inside.signal('SIGKILL');
}

/** CAP_NET_ADMIN and CAP_NET_RAW, linux/capability.h. */
const NODE_CAPABILITIES = (1n << 12n) | (1n << 13n);
