import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { programFile } from '../../../../engine/host/program.ts';
import { namespacesAvailable, tunAvailable } from '../../../../engine/host/testing/private-namespaces.ts';
import { nativeAddon } from '../../../../engine/native/addon.ts';
import { buildImage } from '../../docker/image.ts';
import { fieldOf } from '../swarm.ts';
import { PrivateDaemon } from '../../docker/testing/private-daemon.ts';

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

/** A swarm of private daemons, of which the first is the one manager, that have the image of this build. */
export class PrivateSwarm {
  readonly daemons: readonly PrivateDaemon[];

  private constructor(daemons: readonly PrivateDaemon[]) {
    this.daemons = daemons;
  }

  /** The manager's, as DOCKER_HOST has it. */
  get host(): string {
    return this.manager.host;
  }

  get manager(): PrivateDaemon {
    const [first] = this.daemons;
    if (first === undefined) throw new Error('a swarm of no daemon');
    return first;
  }

  /** A swarm of one machine. */
  static start(): Promise<PrivateSwarm> {
    return PrivateSwarm.#begin([PrivateDaemon.start()], async ([manager]) => {
      await manager?.docker.swarmInit({ ListenAddr: '127.0.0.1:2377', AdvertiseAddr: '127.0.0.1' });
    });
  }

  /** A swarm of two, the second of which has this label, `name=value`. They are joined by a cable, and reach nothing else. */
  static startPair(label: string): Promise<PrivateSwarm> {
    const [ours, theirs] = ['192.0.2.1', '192.0.2.2'];
    return PrivateSwarm.#begin([PrivateDaemon.start(), PrivateDaemon.start()], async ([manager, worker]) => {
      if (manager === undefined || worker === undefined) return;
      PrivateDaemon.join(manager, ours, worker, theirs);
      await manager.docker.swarmInit({ ListenAddr: `${ours}:2377`, AdvertiseAddr: ours });
      const { JoinTokens } = (await manager.docker.swarmInspect()) as unknown as { JoinTokens: { Worker: string } };
      const joining = { ListenAddr: `${theirs}:2377`, AdvertiseAddr: theirs, RemoteAddrs: [`${ours}:2377`] };
      await worker.docker.swarmJoin({ ...joining, JoinToken: JoinTokens.Worker });
      await labelWorker(manager, worker, label);
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.daemons.map(daemon => daemon.stop()));
  }

  static async #begin(
    starting: readonly Promise<PrivateDaemon>[],
    form: (daemons: readonly PrivateDaemon[]) => Promise<void>,
  ): Promise<PrivateSwarm> {
    const settled = await Promise.allSettled(starting);
    const swarm = new PrivateSwarm(settled.flatMap(each => (each.status === 'fulfilled' ? [each.value] : [])));
    try {
      const daemons = await Promise.all(starting);
      await Promise.all([form(daemons), shareImage(daemons)]);
      return swarm;
    } catch (error) {
      await swarm.stop();
      throw error;
    }
  }
}

/** By its id, an image is the same one everywhere only where it has come from one place. */
async function shareImage([first, ...others]: readonly PrivateDaemon[]): Promise<void> {
  if (first === undefined) return;
  const { name } = await buildImage(first.docker, () => undefined);
  for (const { docker } of others) {
    const answer = await docker.loadImage(await first.docker.getImage(name).get());
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(answer, (error: Error | null) => (error === null ? resolve() : reject(error)));
    });
  }
}

async function labelWorker(manager: PrivateDaemon, worker: PrivateDaemon, label: string): Promise<void> {
  const id = fieldOf(fieldOf(await worker.docker.info(), 'Swarm'), 'NodeID');
  const [name = '', value = ''] = label.split('=');
  const node = manager.docker.getNode(String(id));
  const found: unknown = await node.inspect();
  const version = fieldOf(fieldOf(found, 'Version'), 'Index');
  await node.update({ version, Role: 'worker', Availability: 'active', Labels: { [name]: value } });
}
