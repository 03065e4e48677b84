import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ProcessKilled } from '../../process-killed.ts';
import { withSystemPath } from '../pod.ts';
import { charonConf, swanctlClientConf } from './charon-conf.ts';

export const CHARON = '/usr/lib/ipsec/charon';

export interface CharonOptions {
  readonly node: string;
  /** Its network namespace, with the topology's addresses and routes. */
  readonly netns: string;
  readonly runId: string;
  /** Below swanctl's folder, such as `swanctl.conf`, `x509/bob.pem`, `private/bob.pem`. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** More lines for the `charon` section of strongswan.conf, as they stand there. */
  readonly settings: string;
  /** It ended although nobody had asked for that. */
  readonly onDeath: (lastWords: string) => void;
}

export interface SwanctlResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const RIGHTS = '-all,+net_admin,+net_raw,+net_bind_service';
/**
 * Its /run is its own, and it runs as nobody, with what it needs of rights and no way to more. Where the lab's user has no other user to
 * give it (chown refuses), it stays who it is.
 */
const LAUNCH_SCRIPT = `
mount --bind "$0" /run || exit
export STRONGSWAN_CONF=/run/charon.conf
cut="--no-new-privs --bounding-set=${RIGHTS} --inh-caps=${RIGHTS} --ambient-caps=${RIGHTS}"
if chown 65534:65534 /run /run/charon.conf 2>/dev/null; then
  exec setpriv --reuid=65534 --regid=65534 --clear-groups $cut ${CHARON}
fi
exec setpriv $cut ${CHARON}
`;

const READY_MS = 15_000;
const LAST_WORDS_OCTETS = 4096;

/**
 * strongSwan's daemon on one node of a live lab, with ESP of its own (kernel-libipsec): IKE and ESP both go through the
 * namespace's kernel. All its files are in the pod's /run, which is memory and ends with the pod.
 */
export class Charon {
  readonly #options: CharonOptions;
  readonly #folder: string;
  #child: ChildProcess | null = null;
  #lastWords = '';
  #ended: Promise<void> = Promise.resolve();

  constructor(options: CharonOptions) {
    this.#options = options;
    this.#folder = folderOf(options.node);
  }

  get alive(): boolean {
    return this.#child !== null;
  }

  /** Resolves when it runs and has read its files. Throws with its words when it does not. */
  async start(): Promise<void> {
    this.#writeFiles();
    this.#launch();
    const until = performance.now() + READY_MS;
    for (;;) {
      const loaded = await this.swanctl(['--load-all', '--noprompt']);
      if (loaded.status === 0) return;
      if (!this.alive) throw new Error(`charon of ${this.#options.node} ended: ${this.#words()}`);
      // Status 22 and others of connecting: it does not listen yet. What it refuses it says at once.
      if (/loading .* failed|failed to load/.test(loaded.stdout + loaded.stderr) || performance.now() > until) {
        throw new Error(`charon of ${this.#options.node} refuses its configuration: ${refusalIn(loaded)}`);
      }
      await wait(10);
    }
  }

  /** Runs swanctl against this daemon. */
  swanctl(argv: readonly string[]): Promise<SwanctlResult> {
    const child = spawn('swanctl', argv, {
      env: {
        ...withSystemPath(process.env),
        ...charonEnvironment(this.#options.node),
        IPSEC_LAB_RUN: this.#options.runId,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Promise((resolve, reject) => {
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.on('error', reject);
      child.on('close', (status, signal) => {
        if (signal === null) resolve({ status: status ?? -1, stdout, stderr });
        else reject(new ProcessKilled(`swanctl of ${this.#options.node}`, signal));
      });
    });
  }

  /** SIGKILL, as a crash is. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    child?.kill('SIGKILL');
    await this.#ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #writeFiles(): void {
    const { files, settings } = this.#options;
    rmSync(this.#folder, { recursive: true, force: true });
    const all = {
      'charon.conf': charonConf(settings),
      'client.conf': swanctlClientConf(join(this.#folder, 'charon.vici')),
      ...Object.fromEntries(Object.entries(files).map(([name, content]) => [`swanctl/${name}`, content])),
    };
    for (const [name, content] of Object.entries(all)) {
      const path = join(this.#folder, name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(path, content, { mode: 0o600 });
    }
  }

  #launch(): void {
    // Its process file and its socket have fixed places below /run: a /run of its own, which is our folder.
    const inside = ['unshare', '--mount', 'sh', '-c', LAUNCH_SCRIPT, this.#folder];
    const child = spawn('nsenter', [`--net=/run/netns/${this.#options.netns}`, ...inside], {
      env: { ...withSystemPath(process.env), IPSEC_LAB_RUN: this.#options.runId },
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
        if (isUnasked) this.#options.onDeath(this.#words());
      });
    });
  }

  #words(): string {
    return this.#lastWords.trim().split('\n').at(-1) ?? '';
  }
}

/** What a program on the node has to have in its environment so that swanctl finds the daemon and its files. */
export function charonEnvironment(node: string): Record<string, string> {
  const folder = folderOf(node);
  return { STRONGSWAN_CONF: join(folder, 'client.conf'), SWANCTL_DIR: join(folder, 'swanctl') };
}

/** Where the daemon of a node writes of its work. */
export const charonLog = (node: string): string => join(folderOf(node), 'charon.log');

const folderOf = (node: string): string => `/run/strongswan/${node}`;

function refusalIn({ stdout, stderr, status }: SwanctlResult): string {
  // Folders that are not there are no news, nor are plugins that swanctl itself does without.
  const lines = `${stdout}\n${stderr}`.split('\n').filter(line => /^(?!plugin |opening directory ).*fail/.test(line));
  return lines.join('; ') || `status ${status}`;
}
