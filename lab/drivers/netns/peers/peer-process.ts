import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ProcessKilled } from '../../process-killed.ts';
import { withSystemPath } from '../pod.ts';

export interface PeerProcessOptions {
  /** How messages call it: `charon of bob`. */
  readonly name: string;
  /** Its network namespace, with the topology's addresses and routes. */
  readonly netns: string;
  readonly runId: string;
  /** Holds all its files, and is its /run: daemons have fixed places below that. Made and removed here. */
  readonly folder: string;
  /** A shell script that ends with `exec`, see `asNobody`; it runs where /run is the folder already. */
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  /** It ended although nobody had asked for that. */
  readonly onDeath: (lastWords: string) => void;
}

export interface ProgramResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const LAST_WORDS_OCTETS = 4096;

const RIGHTS = '-all,+net_admin,+net_raw,+net_bind_service';
/** With what a daemon needs of rights, and no way to more. */
export const WITH_ITS_RIGHTS = `setpriv --no-new-privs --bounding-set=${RIGHTS} --inh-caps=${RIGHTS} --ambient-caps=${RIGHTS}`;

/**
 * The end of a script: runs it as nobody, who is given /run and those files of it. Where the lab's user has no other user to give it
 * (chown refuses), it stays who it is.
 */
export function asNobody(files: readonly string[], command: string): string {
  const given = ['/run', ...files.map(file => `/run/${file}`)].join(' ');
  const nobody = '--reuid=65534 --regid=65534 --clear-groups';
  return `if chown 65534:65534 ${given} 2>/dev/null; then exec ${WITH_ITS_RIGHTS} ${nobody} ${command}; fi; exec ${WITH_ITS_RIGHTS} ${command}`;
}

/** The process of a daemon that was made for machines: in mount and network namespaces of its own, with a /run of its own. */
export class PeerProcess {
  readonly #options: PeerProcessOptions;
  #child: ChildProcess | null = null;
  #lastWords = '';
  #ended: Promise<void> = Promise.resolve();

  constructor(options: PeerProcessOptions) {
    this.#options = options;
  }

  get alive(): boolean {
    return this.#child !== null;
  }

  /** The last line that it has written to its standard error. */
  get lastWords(): string {
    return this.#lastWords.trim().split('\n').at(-1) ?? '';
  }

  /** With these files below its folder, and no others. */
  launch(files: Readonly<Record<string, string | Uint8Array>>): void {
    const { netns, runId, folder, script, environment } = this.#options;
    this.#write(files);
    const inside = ['unshare', '--mount', 'sh', '-c', `mount --bind "$0" /run || exit; ${script}`, folder];
    const child = spawn('nsenter', [`--net=/run/netns/${netns}`, ...inside], {
      env: { ...withSystemPath(process.env), ...environment, IPSEC_LAB_RUN: runId, IPSEC_LAB_NODE: netns },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString()).slice(-LAST_WORDS_OCTETS);
    });
    this.#ended = new Promise(resolve => {
      child.on('error', error => {
        this.#lastWords += String(error);
      });
      child.on('close', () => {
        const isUnasked = this.#child === child;
        if (isUnasked) this.#child = null;
        resolve();
        if (isUnasked) this.#options.onDeath(this.lastWords);
      });
    });
  }

  /** Runs a program of the implementation's own beside it. */
  run(program: string, argv: readonly string[], environment: Readonly<Record<string, string>>): Promise<ProgramResult> {
    const child = spawn(program, argv, {
      env: { ...withSystemPath(process.env), ...environment, IPSEC_LAB_RUN: this.#options.runId },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Promise((resolve, reject) => {
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.on('error', reject);
      child.on('close', (status, signal) => {
        if (signal === null) resolve({ status: status ?? -1, stdout, stderr });
        else reject(new ProcessKilled(`${program} beside ${this.#options.name}`, signal));
      });
    });
  }

  /** The same in the namespaces of the daemon, which sees the same files. */
  runInside(program: string, argv: readonly string[]): Promise<ProgramResult> {
    const pid = String(this.#child?.pid ?? 0);
    return this.run('nsenter', [`--target=${pid}`, '--mount', '--net', program, ...argv], this.#options.environment);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    child?.kill('SIGKILL');
    await this.#ended;
    rmSync(this.#options.folder, { recursive: true, force: true });
  }

  #write(files: Readonly<Record<string, string | Uint8Array>>): void {
    const { folder } = this.#options;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(path, content, { mode: 0o600 });
    }
  }
}
