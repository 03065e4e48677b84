import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type Docker from 'dockerode';
import { openDaemon } from '../daemon.ts';

const LOOK_AGAIN_MS = 50;
const START_MS = 60_000;

/**
 * A Docker daemon in a network and mount namespace of its own, so that what a swarm makes for itself (an ingress network, a bridge) is not
 * the machine's. Its socket is where others look for it, too, in its own view of files.
 */
export class PrivateDaemon {
  /** As DOCKER_HOST has it. */
  readonly host: string;
  readonly docker: Docker;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(folder: string, socket: string, daemon: ChildProcess) {
    this.#folder = folder;
    this.host = `unix://${socket}`;
    this.docker = openDaemon(socket);
    this.#process = daemon;
  }

  /** Resolves when it answers. */
  static async start(): Promise<PrivateDaemon> {
    const folder = mkdtempSync(join(tmpdir(), 'lab-swarm-'));
    const socket = join(folder, 'docker.sock');
    const hosts = ['--host', `unix://${socket}`, '--host', 'unix:///run/docker.sock'];
    const files = ['data-root', 'exec-root', 'pidfile'].flatMap(name => [`--${name}`, join(folder, name)]);
    const none = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'];
    const script = 'mount -t tmpfs tmpfs /run && ip link set dev lo up && exec setpriv --pdeathsig TERM dockerd "$@"';
    const argv = ['--net', '--mount', 'sh', '-c', script, 'sh', ...hosts, ...files, ...none];
    const daemon = spawn('unshare', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    daemon.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
    const started = new PrivateDaemon(folder, socket, daemon);
    try {
      await started.#answers(() => said);
      return started;
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  /** A cable between the network namespaces of two, with an address at each end. */
  static join(one: PrivateDaemon, address: string, other: PrivateDaemon, otherAddress: string): void {
    one.ip(['link', 'add', 'e0', 'type', 'veth', 'peer', 'name', 'e0', 'netns', String(other.#process.pid)]);
    for (const [daemon, own] of [
      [one, address],
      [other, otherAddress],
    ] as const) {
      daemon.ip(['addr', 'add', `${own}/24`, 'dev', 'e0']);
      daemon.ip(['link', 'set', 'dev', 'e0', 'up']);
    }
  }

  /** Runs `ip` where the daemon's network is. */
  ip(words: readonly string[]): void {
    const { status, stderr } = spawnSync('nsenter', [`--net=/proc/${this.#process.pid}/ns/net`, 'ip', ...words]);
    if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${stderr.toString()}`);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const gone = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #answers(said: () => string): Promise<void> {
    for (const end = performance.now() + START_MS; performance.now() < end; await wait(LOOK_AGAIN_MS)) {
      if (this.#process.exitCode !== null) break;
      const isThere = await this.docker.ping().then(
        () => true,
        () => false,
      );
      if (isThere) return;
    }
    throw new Error(`dockerd does not start: ${said()}`);
  }
}
