import { setTimeout as wait } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { ExecIo } from '../driver.ts';
import { MachineObstacle } from '../machine-obstacle.ts';
import { environmentOfNode, type NodeChild, type NodeChildOptions } from '../netns/child-process.ts';
import { feed } from '../netns/exec.ts';
import { LAB_GOES } from '../netns/ground.ts';
import { childInside } from './child-inside.ts';
import { FIX_RIGHTS } from './daemon.ts';
import { programInImage } from './image-content.ts';
import { type Inside, type InsideOptions, becomesOfRun, startInside } from './inside.ts';
import { type MachineProcesses, processesHere } from './machine-processes.ts';

interface Home {
  readonly container: Docker.Container;
  /** Of its first process, on its machine. */
  readonly pid: number;
  /** Of programs that are there for as long as the container. */
  readonly keepers: number[];
}

type Program = Pick<InsideOptions, 'stdout' | 'stderr' | 'argv' | 'environment' | 'hasInput'>;

/** The containers of a run's nodes, which run already, whoever made them; and programs in them, by the daemon. */
export class NodeContainers {
  readonly #docker: Docker;
  readonly #processes: MachineProcesses;
  readonly #homes = new Map<string, Home>();

  constructor(docker: Docker, runId: string, processes: MachineProcesses = processesHere(runId)) {
    this.#docker = docker;
    this.#processes = processes;
  }

  /** Rejects with a `MachineObstacle` where the node could not work in it. */
  async add(node: string, container: Docker.Container): Promise<void> {
    const { State } = await container.inspect();
    await this.#assertRights(node, State.Pid);
    this.#homes.set(node, { container, pid: State.Pid, keepers: [] });
  }

  /** Lines for `ip -batch`: the pod knows each container's network namespace by the node's name. */
  get namespaceLines(): readonly string[] {
    return [...this.#homes.keys()].map(name => this.namespaceLine(name));
  }

  /** The same for one of them. */
  namespaceLine(node: string): string {
    return `netns attach ${node} ${this.#homeOf(node).pid}`;
  }

  readonly startChild = (options: NodeChildOptions): NodeChild =>
    childInside(options, streams =>
      this.#start(options.netns, {
        ...streams,
        argv: ['node', programInImage(options.program), ...(options.argv ?? [])],
        environment: environmentOfNode(options),
        hasInput: true,
      }),
    );

  /** As `Ground` has it. */
  async exec(
    node: string,
    argv: readonly string[],
    io: ExecIo,
    environment: Readonly<Record<string, string>>,
  ): Promise<number> {
    const { stdout, stderr, stdin, signal } = io;
    const inside = await this.#start(node, { stdout, stderr, argv, environment, hasInput: stdin !== null });
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

  /** A program that `endPrograms` leaves alone; resolves when it runs. */
  async keep(node: string, what: Program): Promise<Inside> {
    const inside = await this.#start(node, what);
    const pid = await inside.pid();
    if (pid !== null) this.#homeOf(node).keepers.push(pid);
    return inside;
  }

  /** All but those by which the container lives. */
  async endPrograms(node: string): Promise<void> {
    const home = this.#homes.get(node);
    if (home !== undefined) await this.#processes.endAll(node, home.pid, home.keepers);
  }

  #start(node: string, what: Program): Promise<Inside> {
    const { container } = this.#homeOf(node);
    return startInside({ docker: this.#docker, container, processes: this.#processes, ...what });
  }

  #homeOf(node: string): Home {
    const home = this.#homes.get(node);
    if (home === undefined) throw new Error(`there is no container of ${node}`);
    return home;
  }

  /** A daemon may run where it cannot give what it was asked for, or be of another machine after all. */
  async #assertRights(node: string, pid: number): Promise<void> {
    if (!(await becomesOfRun(pid, this.#processes))) {
      throw new MachineObstacle(
        `the container of ${node} is not among the processes of this machine: the Docker daemon runs elsewhere`,
        'run lab where the daemon runs, not in a container beside it',
      );
    }
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(await this.#processes.statusOf(pid))?.[1] ?? '0';
    if ((BigInt(`0x${effective}`) & NODE_CAPABILITIES) === NODE_CAPABILITIES) return;
    throw new MachineObstacle(
      `the Docker daemon gives ${node} neither or only one of NET_ADMIN and NET_RAW`,
      FIX_RIGHTS,
    );
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
