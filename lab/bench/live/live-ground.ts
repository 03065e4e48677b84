import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { programFile } from '../../../engine/host/program.ts';
import type { RunningLab } from '../../drivers/driver.ts';
import { kernelNamespace, namespaceFile, wireNamespace } from '../../drivers/netns/names.ts';
import { withSystemPath } from '../../drivers/netns/pod.ts';
import type { BenchGround, ProcessTime, ProgramResult } from './ground.ts';
import { processTimesIn } from './process-times.ts';

const LOOK_MS = 5;
const PATIENCE_MS = 15_000;
/** Of what a program says, beyond which it is not kept. */
const SAID_OCTETS_MAX = 16 << 20;

export interface LiveGroundParts {
  readonly lab: RunningLab;
  /** Empty; it is removed with the rest. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** What has gone wrong in the lab by itself so far, a sentence each: the reason why something else does not come to pass. */
  readonly troubles: () => readonly string[];
}

/** The ground of one turn, on a lab that is up in this process's pod. */
export class LiveGround implements BenchGround {
  readonly lab: RunningLab;
  readonly folder: string;
  readonly #over = new AbortController();
  readonly signal: AbortSignal;
  readonly #troubles: () => readonly string[];
  readonly #children = new Set<ChildProcess>();
  #down: Promise<void> | null = null;

  constructor({ lab, folder, signal, troubles }: LiveGroundParts) {
    this.lab = lab;
    this.folder = folder;
    this.#troubles = troubles;
    this.signal = AbortSignal.any([signal, this.#over.signal]);
    this.signal.addEventListener('abort', () => this.#kill());
  }

  async run(node: string, argv: readonly string[]): Promise<ProgramResult> {
    const child = this.spawn(node, argv);
    const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)];
    const status = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
    this.signal.throwIfAborted();
    return { status, stdout: stdout(), stderr: stderr() };
  }

  spawn(
    node: string,
    argv: readonly string[],
    stdio: readonly ('ignore' | 'pipe' | 'ipc')[] = ['ignore', 'pipe', 'pipe'],
  ): ChildProcess {
    this.signal.throwIfAborted();
    const options: StdioOptions = [...stdio];
    // Not `ip netns exec`: what is entered here becomes the program itself, with this id and no other.
    const child = spawn('nsenter', [`--net=${namespaceFile(kernelNamespace(node))}`, ...argv], {
      env: withSystemPath(process.env),
      stdio: options,
    });
    this.#children.add(child);
    child.on('close', () => this.#children.delete(child));
    return child;
  }

  spawnOwn(node: string, program: string, argv: readonly string[] = []): ChildProcess {
    return this.spawn(node, [process.execPath, programFile(program), ...argv], ['ignore', 'pipe', 'pipe', 'ipc']);
  }

  processTimes(): readonly ProcessTime[] {
    const namespaces = this.lab.topology.nodes.flatMap(node =>
      [kernelNamespace(node.name), wireNamespace(node)].map(name => [namespaceFile(name), node.name] as const),
    );
    return processTimesIn(new Map(namespaces));
  }

  async until(what: string, isIt: () => boolean | Promise<boolean>, patienceMs = PATIENCE_MS): Promise<void> {
    const end = performance.now() + patienceMs;
    while (!(await isIt())) {
      if (performance.now() > end)
        throw new Error([`${what}: not within ${patienceMs / 1000} s`, ...this.#troubles()].join('; '));
      await wait(LOOK_MS, undefined, { signal: this.signal });
    }
  }

  async down(): Promise<void> {
    this.#down ??= this.#takeDown();
    await this.#down;
  }

  async #takeDown(): Promise<void> {
    this.#over.abort(new Error('the turn is over'));
    await Promise.all([...this.#children].map(child => new Promise(resolve => child.once('close', resolve))));
    await this.lab.down();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #kill(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}

/** Reads a stream to its end, and gives what was read. */
function textOf(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  let octets = 0;
  stream?.on('data', (chunk: Buffer) => {
    octets += chunk.length;
    if (octets <= SAID_OCTETS_MAX) chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString();
}
