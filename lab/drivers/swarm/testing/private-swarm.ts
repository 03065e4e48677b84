import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { programFile } from '../../../../engine/host/program.ts';
import { namespacesAvailable, tunAvailable } from '../../../../engine/host/testing/private-namespaces.ts';
import { nativeAddon } from '../../../../engine/native/addon.ts';
import { openDaemon } from '../../docker/daemon.ts';
import { buildImage } from '../../docker/image.ts';

/** What a test says that it needs which makes a swarm of its own. */
export const NEEDS_SWARM =
  'root, npm run build, g++ make python3, VXLAN in the kernel, and the program of a Docker daemon: apt-get install docker.io';

/** Whether a swarm can be tried on this machine. Of a daemon that runs nothing is asked. */
export function swarmAvailable(): boolean {
  const isBuilt = nativeAddon().kind === 'loaded' && existsSync(programFile('engine/host/main'));
  if (process.getuid?.() !== 0 || !isBuilt || !tunAvailable() || !namespacesAvailable()) return false;
  if (process.env['IPSEC_LAB_NO_DOCKER'] === '1' || spawnSync('dockerd', ['--version']).status !== 0) return false;
  const vxlan = 'ip link add v type vxlan id 1 local 127.0.0.1 remote 127.0.0.2 dstport 4789';
  return spawnSync('unshare', ['--net', 'sh', '-c', vxlan]).status === 0;
}

const LOOK_AGAIN_MS = 50;
const START_MS = 60_000;

/**
 * A Docker daemon that is the one manager of a swarm and has the image of this build, in a network and mount namespace of its own: what
 * a swarm makes for itself (an ingress network, a bridge) is not the machine's.
 */
export class PrivateSwarm {
  /** As DOCKER_HOST has it. */
  readonly host: string;
  readonly #folder: string;
  readonly #daemon: ChildProcess;

  private constructor(folder: string, host: string, daemon: ChildProcess) {
    this.#folder = folder;
    this.host = host;
    this.#daemon = daemon;
  }

  static async start(): Promise<PrivateSwarm> {
    const folder = mkdtempSync(join(tmpdir(), 'lab-swarm-'));
    const socket = join(folder, 'docker.sock');
    const host = `unix://${socket}`;
    const files = ['data-root', 'exec-root', 'pidfile'].flatMap(name => [`--${name}`, join(folder, name)]);
    const none = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'];
    const script = 'ip link set dev lo up && exec setpriv --pdeathsig TERM dockerd "$@"';
    const argv = ['--net', '--mount', 'sh', '-c', script, 'sh', '--host', host, ...files, ...none];
    const daemon = spawn('unshare', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    daemon.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
    const swarm = new PrivateSwarm(folder, host, daemon);
    try {
      await swarm.#answers(socket, () => said);
      const docker = openDaemon(socket);
      await docker.swarmInit({ ListenAddr: '127.0.0.1:2377', AdvertiseAddr: '127.0.0.1' });
      await buildImage(docker, () => undefined);
      return swarm;
    } catch (error) {
      await swarm.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.#daemon.exitCode === null && this.#daemon.signalCode === null) {
      const gone = once(this.#daemon, 'exit');
      this.#daemon.kill('SIGTERM');
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #answers(socket: string, said: () => string): Promise<void> {
    const docker = openDaemon(socket);
    for (const end = performance.now() + START_MS; performance.now() < end; await wait(LOOK_AGAIN_MS)) {
      if (this.#daemon.exitCode !== null) break;
      const isThere = await docker.ping().then(
        () => true,
        () => false,
      );
      if (isThere) return;
    }
    throw new Error(`dockerd does not start: ${said()}`);
  }
}
