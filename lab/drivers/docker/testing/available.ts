import { existsSync } from 'node:fs';
import { programFile } from '../../../../engine/host/program.ts';
import { nativeAddon } from '../../../../engine/native/addon.ts';
import { namespacesAvailable, tunAvailable } from '../../../../engine/host/testing/private-namespaces.ts';
import { MachineObstacle } from '../../machine-obstacle.ts';
import { openDaemon, requireDaemon } from '../daemon.ts';
import { buildImage, requireImage } from '../image.ts';

/** What a test that starts containers says that it needs, and with it the commands that bring it. */
export const NEEDS_DOCKER =
  'root, npm run build, g++ make python3, and a Docker daemon: apt-get install docker.io && service docker start';

/** Whether labs in containers can be tried on this machine. */
export async function dockerAvailable(): Promise<boolean> {
  const isBuilt = nativeAddon().kind === 'loaded' && existsSync(programFile('engine/host/main'));
  if (process.getuid?.() !== 0 || !isBuilt || !tunAvailable() || !namespacesAvailable()) return false;
  try {
    await requireDaemon(openDaemon());
    return true;
  } catch (error) {
    if (error instanceof MachineObstacle) return false;
    throw error;
  }
}

/** The image of this build, which is built where it is not there. */
export async function imageOfThisBuild(): Promise<string> {
  const docker = openDaemon();
  return requireImage(docker).catch(async () => (await buildImage(docker, () => undefined)).name);
}
