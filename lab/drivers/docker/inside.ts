import { type Duplex, Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { MachineProcesses } from './machine-processes.ts';

export interface InsideOptions {
  readonly docker: Docker;
  readonly container: Docker.Container;
  /** Of the machine that the container is on. */
  readonly processes: MachineProcesses;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly hasInput: boolean;
  readonly stdout: (octets: Uint8Array) => void;
  readonly stderr: (octets: Uint8Array) => void;
}

/** A program that runs in a container, with the rights that the container has. */
export interface Inside {
  readonly stdin: Duplex;
  /** Its exit status, 128 + the signal's number when one ended it. */
  readonly ended: Promise<number>;
  signal(name: NodeJS.Signals): Promise<void>;
  /** On its machine; null: it has ended, or is none of the run's. */
  pid(): Promise<number | null>;
}

/** As a shell gives it: 127 for a program that there is not. */
export const START_SCRIPT = 'exec "$@"';
const LOOK_AGAIN_MS = 5;
const LOOKS_MAX = 400;
const STATUS_KILLED = 137;

export async function startInside(options: InsideOptions): Promise<Inside> {
  const { docker, container, argv, environment, hasInput, processes } = options;
  const exec = await container.exec({
    Cmd: ['/bin/sh', '-c', START_SCRIPT, 'sh', ...argv],
    Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    AttachStdin: hasInput,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({ hijack: true, stdin: hasInput });
  docker.modem.demuxStream(stream, sink(options.stdout), sink(options.stderr));
  const closed = new Promise<void>(resolve => {
    stream.once('end', resolve);
    stream.once('close', resolve);
    // A container that goes takes its programs along.
    stream.on('error', () => resolve());
  });
  return {
    stdin: stream,
    ended: closed.then(() => exitStatusOf(exec)),
    signal: name => signal(exec, processes, name),
    pid: () => pidOf(exec, processes),
  };
}

const sink = (take: (octets: Uint8Array) => void): Writable =>
  new Writable({
    write: (chunk: Buffer, _, done) => {
      take(chunk);
      done();
    },
  });

/** Of a program that has ended, or is about to. */
export async function exitStatusOf(exec: Docker.Exec): Promise<number> {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const found = await exec.inspect().catch(() => null);
    if (found === null) return STATUS_KILLED; // the container is gone, and all that was in it
    if (!found.Running && found.ExitCode !== null) return found.ExitCode;
    await wait(LOOK_AGAIN_MS);
  }
  return STATUS_KILLED;
}

/** The daemon has no request for it. */
async function signal(exec: Docker.Exec, processes: MachineProcesses, name: NodeJS.Signals): Promise<void> {
  const pid = await pidOf(exec, processes);
  if (pid !== null) await processes.signal(pid, name);
}

async function pidOf(exec: Docker.Exec, processes: MachineProcesses): Promise<number | null> {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const found = await exec.inspect().catch(() => null);
    if (found === null || (!found.Running && found.ExitCode !== null)) return null;
    if (found.Pid > 0 && processes.isOfRun(found.Pid)) return found.Pid;
    await wait(LOOK_AGAIN_MS);
  }
  return null;
}

/** Whether a process that has just begun is one of the run: for a moment it is still the one that makes it. */
export async function becomesOfRun(pid: number, processes: MachineProcesses): Promise<boolean> {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    if (processes.isOfRun(pid)) return true;
    await wait(LOOK_AGAIN_MS);
  }
  return false;
}
