import type Docker from 'dockerode';
import type { ProbeResult } from '../driver.ts';
import { CAPABILITIES, type ContainerPlan, environmentOf, runLabelsOf } from '../docker/container.ts';
import { programInImage } from '../docker/image-content.ts';
import { type Inside, startInside } from '../docker/inside.ts';
import type { MachineProcesses } from '../docker/machine-processes.ts';
import type { Errand, ErrandAnswers } from '../netns/errand-main.ts';
import type { Shell } from '../netns/run.ts';
import { failedProgram } from '../process-killed.ts';

const PROGRAM_ERRAND = 'lab/drivers/netns/errand-main';

/**
 * The container in which is done, on another machine, what a supervisor does in namespaces: it has that machine's processes before it, a
 * /run of its own in which namespaces have names, the rights to enter them, no network, and no file of the machine. It lives as long as
 * its standard input, as containers of nodes do.
 */
export function toolboxOptions({ runId, image, root }: ContainerPlan): Docker.ContainerCreateOptions {
  return {
    name: `ipsec-lab-${runId.slice(0, 16)}_tools`,
    Image: image,
    Env: environmentOf({ runId, root }),
    Labels: runLabelsOf({ runId, root }),
    Cmd: ['/bin/sh', '-c', 'mkdir /run/netns; cat >/dev/null; exit 0'],
    WorkingDir: '/tmp',
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    HostConfig: {
      NetworkMode: 'none',
      PidMode: 'host',
      AutoRemove: true,
      CapDrop: ['ALL'],
      // To enter namespaces, to name them, and to signal processes of any user.
      CapAdd: [...CAPABILITIES, 'SYS_ADMIN', 'SYS_PTRACE', 'KILL'],
      SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
      // Of nodes: /proc/sys/net is that of the namespace one is in.
      ReadonlyPaths: [],
      MaskedPaths: [],
      ReadonlyRootfs: true,
      Tmpfs: { '/run': MEMORY_FILES, '/tmp': MEMORY_FILES },
      Devices: [{ PathOnHost: '/dev/net/tun', PathInContainer: '/dev/net/tun', CgroupPermissions: 'rw' }],
      LogConfig: { Type: 'none', Config: {} },
    },
  };
}

const MEMORY_FILES = 'rw,nosuid,nodev,noexec,size=8m,mode=755';

export interface RunningErrand<Answer> {
  readonly answer: Promise<Answer>;
  /** Ends its input. */
  end(): void;
}

export class Toolbox {
  readonly #docker: Docker;
  readonly #container: Docker.Container;
  readonly processes: MachineProcesses;

  private constructor(docker: Docker, container: Docker.Container) {
    this.#docker = docker;
    this.#container = container;
    this.processes = {
      isOfRun: () => true,
      statusOf: pid => this.#run(['cat', `/proc/${pid}/status`]),
      signal: async (pid, name) => {
        await this.#run(['sh', '-c', `kill -s ${name.slice(3)} ${pid} 2>/dev/null || true`]);
      },
      signalAll: async (node, name) => {
        await this.#run(['sh', '-c', `kill -s ${name.slice(3)} $(ip netns pids ${node}) 2>/dev/null || true`]);
      },
      endAll: async (node, first, spared) => {
        await this.#run(['sh', '-c', endScript(node, first, spared)]);
      },
    };
  }

  static async start(docker: Docker, plan: ContainerPlan): Promise<Toolbox> {
    const container = await docker.createContainer(toolboxOptions(plan));
    const life = await container.attach({ stream: true, stdin: true, stdout: true, hijack: true });
    life.on('error', () => undefined);
    life.resume();
    await container.start();
    return new Toolbox(docker, container);
  }

  /** Runs a script in a namespace that has a name there. */
  readonly shell: Shell = (netns, script) => this.#run(['ip', 'netns', 'exec', netns, 'sh'], script);

  /** Runs a script with the view of the machine. */
  readonly script = (text: string): Promise<string> => this.#run(['sh'], text);

  /** Starts a program that does something by sockets in namespaces. */
  errand(errand: Extract<Errand, { kind: 'echo' }>): RunningErrand<ErrandAnswers['echo']>;
  errand(errand: Extract<Errand, { kind: 'ask' }>): RunningErrand<ProbeResult>;
  errand(errand: Extract<Errand, { kind: 'inject' }>): RunningErrand<null>;
  errand(errand: Errand): RunningErrand<unknown> {
    let words = '';
    let started: Promise<Inside> | null = null;
    const line = new Promise<string>((resolve, reject) => {
      let said = '';
      started = this.#start(['node', programInImage(PROGRAM_ERRAND), JSON.stringify(errand)], {
        stdout: octets => {
          said += Buffer.from(octets).toString();
          if (said.endsWith('\n')) resolve(said);
        },
        stderr: octets => (words += Buffer.from(octets).toString()),
      });
      started.then(({ ended }) => ended).then(() => resolve(said), reject);
    });
    const answer = line.then((text): unknown => {
      if (text === '') throw new Error(`an errand of kind ${errand.kind} came to nothing: ${words.trim()}`);
      return JSON.parse(text);
    });
    return { answer, end: () => void started?.then(({ stdin }) => stdin.end()) };
  }

  async #run(argv: readonly string[], input = ''): Promise<string> {
    let said = '';
    let words = '';
    const inside = await this.#start(argv, {
      stdout: octets => (said += Buffer.from(octets).toString()),
      stderr: octets => (words += Buffer.from(octets).toString()),
    });
    inside.stdin.end(input);
    const status = await inside.ended;
    if (status === 0) return said;
    throw failedProgram(argv, { status, signal: null }, words);
  }

  #start(argv: readonly string[], streams: Record<'stdout' | 'stderr', (octets: Uint8Array) => void>): Promise<Inside> {
    return startInside({
      docker: this.#docker,
      container: this.#container,
      processes: this.processes,
      argv,
      environment: { LC_ALL: 'C' },
      hasInput: true,
      ...streams,
    });
  }
}

/** The container's first process stays, with what it waits for. */
function endScript(node: string, first: number, spared: readonly number[]): string {
  return [
    `read -r eldest more </proc/${first}/task/${first}/children || true`,
    `for pid in $(ip netns pids ${node}); do`,
    `  case " ${[first, ...spared].join(' ')} $eldest " in *" $pid "*) ;; *) kill -s KILL $pid 2>/dev/null || true ;; esac`,
    'done',
  ].join('\n');
}
