import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { appeared, viewMachine } from './machine.ts';
import type { Person } from './person.ts';
import {
  describeProcess,
  MARK_VARIABLE,
  markedProcesses,
  ownNamespaces,
  processesOfRuns,
  processesWithin,
  type SeenProcess,
} from './processes.ts';
import { CARRIED_BY_THE_LAB, impairedSiteToSite } from './topology-file.ts';

/** From dist/bench/soak as from bench/soak. */
const ROOT = [3, 2].map(up => fileURLToPath(new URL('../'.repeat(up), import.meta.url))).find(isRoot) ?? '';
const LAB = join(ROOT, 'bin', 'lab.js');

function isRoot(folder: string): boolean {
  return existsSync(join(folder, 'bin', 'lab.js'));
}

/** `lab` is run as users run it, which needs dist. */
export const isBuilt = existsSync(join(ROOT, 'dist', 'lab', 'cli', 'main.js'));

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  /** It did not end in time, and was ended. */
  readonly hung: boolean;
}

/** A command of `lab` that runs. Its process has a group of its own, as one in a shell has. */
export interface Running {
  readonly pid: number;
  readonly output: () => string;
  readonly ended: Promise<Ended>;
}

const HANGS_MS = 60_000;

/**
 * Labs with a state root, a temporary folder and a mark of their own, so that everything they leave can be told from
 * what others do on the machine. One arena serves one round.
 */
export class Arena {
  readonly mark = randomBytes(8).toString('hex');
  readonly #person: Person;
  readonly #folder: string;
  readonly #before = viewMachine();
  readonly #runs = new Set<string>();
  readonly #namespaces = new Set<string>();

  constructor(person: Person) {
    this.#person = person;
    this.#folder = mkdtempSync(join(tmpdir(), 'lab-soak-'));
    chmodSync(this.#folder, 0o711);
    writeFileSync(this.carriedTopology, impairedSiteToSite(CARRIED_BY_THE_LAB), { mode: 0o644 });
    for (const folder of [this.state, this.temporary]) {
      mkdirSync(folder, { mode: 0o700 });
      if (process.getuid?.() === 0) chownSync(folder, person.uid, person.gid);
    }
  }

  get state(): string {
    return join(this.#folder, 'state');
  }

  get temporary(): string {
    return join(this.#folder, 'tmp');
  }

  /** A file: site-to-site with a process for its WAN. */
  get carriedTopology(): string {
    return this.file('carried.yaml');
  }

  /** Where a file for `lab` may be, which is then no leftover. */
  file(name: string): string {
    return join(this.#folder, name);
  }

  /** `part` tells the processes of one command from those of another in `processes(part)`. */
  start(args: readonly string[], part: string): Running {
    const { uid, gid, home, name } = this.#person;
    const isOther = uid !== process.getuid?.();
    const child = spawn(process.execPath, [LAB, ...args], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(isOther ? { uid, gid } : {}),
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        USER: name,
        TMPDIR: this.temporary,
        IPSEC_LAB_STATE: this.state,
        NODE_DISABLE_COMPILE_CACHE: '1', // the one file that Node.js 22 itself would leave in the temporary folder
        [MARK_VARIABLE]: `${this.mark}-${part}`,
      },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    return { pid: child.pid ?? 0, output: () => output, ended: ended(child, () => output) };
  }

  run(args: readonly string[], part: string): Promise<Ended> {
    return this.start(args, part).ended;
  }

  /** All that has come of the commands of that part and lives. Their runs and namespaces are remembered. */
  processes(part: string): SeenProcess[] {
    const found = markedProcesses(`${this.mark}-${part}\0`);
    this.#remember(found);
    return found;
  }

  /** What the logs in the state root say; they go with `lab down`. */
  logs(): string {
    return this.#labFolders()
      .map(folder => read(join(folder, 'supervisor.log')))
      .join('');
  }

  /** Everything that should not be there any more: processes, namespaces, links, mounts, files. */
  leftovers(): string[] {
    this.#remember([]);
    const processes = [...markedProcesses(this.mark), ...processesOfRuns(this.#runs)].map(describeProcess);
    const strangers = processesWithin(this.#namespaces, this.#runs).map(
      found => `${describeProcess(found)} in a namespace`,
    );
    const files = [this.state, this.temporary].flatMap(folder =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(name => `file ${join(folder, name)}`),
    );
    return [...new Set([...processes, ...strangers]), ...appeared(this.#before), ...files];
  }

  /** Ends by force what is left of a round that found something, so that the next one starts clean. */
  dispose(): void {
    for (const { pid } of markedProcesses(this.mark)) kill(pid, 'SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  #remember(processes: readonly SeenProcess[]): void {
    const own = ownNamespaces();
    for (const namespace of processes.flatMap(process => process.namespaces)) {
      if (!own.has(namespace)) this.#namespaces.add(namespace);
    }
    for (const folder of this.#labFolders()) {
      const run = /"runId": *"([0-9a-f]+)"/.exec(read(join(folder, 'lab.json')))?.[1];
      if (run !== undefined) this.#runs.add(run);
    }
  }

  #labFolders(): string[] {
    return readdirSync(this.state).map(name => join(this.state, name));
  }
}

/** To one process or, with a negative number, to a group; false when it has ended already. */
export function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

async function ended(child: ChildProcess, output: () => string): Promise<Ended> {
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, HANGS_MS);
  await once(child, 'close');
  clearTimeout(timer);
  return { status: child.exitCode, signal: child.signalCode, output: output(), hung };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
