import type { ReadStream, WriteStream } from 'node:tty';
import type Docker from 'dockerode';
import { MachineObstacle } from '../machine-obstacle.ts';
import { obstacleOf, openDaemon } from './daemon.ts';
import { exitStatusOf, START_SCRIPT } from './inside.ts';
import { NODE_LABEL, RUN_LABEL } from './labels.ts';

export interface Terminal {
  readonly input: ReadStream;
  readonly output: WriteStream;
}

interface Place {
  readonly runId: string;
  readonly node: string;
}

/** Whether this machine's daemon has the container of a node: a swarm may have placed it elsewhere. */
export const hasContainer = async (place: Place): Promise<boolean> =>
  (await containersOf(openDaemon(), place)).length > 0;

/**
 * Runs a command in the container of a node with a terminal there that is the user's: every key goes to the command, Ctrl-C too, which
 * does with it what it wants. The exit status, 127 for a command that there is not. Rejects with a `MachineObstacle` where the daemon
 * has no such container.
 */
export async function execWithTerminal(
  place: Place,
  argv: readonly string[],
  { input, output }: Terminal,
): Promise<number> {
  const docker = openDaemon();
  const [found] = await containersOf(docker, place);
  if (found === undefined) {
    const message = `the Docker daemon has no container of ${place.node}`;
    throw new MachineObstacle(message, 'set DOCKER_HOST as it was for lab up');
  }
  const exec = await docker.getContainer(found.Id).exec({
    Cmd: ['/bin/sh', '-c', START_SCRIPT, 'sh', ...argv],
    Env: [`TERM=${process.env['TERM'] ?? 'dumb'}`],
    Tty: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({ hijack: true, stdin: true, Tty: true });
  // A command that ended before the terminal had its size needs none.
  const resize = () => void exec.resize({ h: output.rows, w: output.columns }).catch(() => undefined);
  resize();
  output.on('resize', resize);
  input.setRawMode(true);
  input.pipe(stream);
  stream.pipe(output, { end: false });
  await new Promise<void>(resolve => {
    stream.once('end', resolve);
    stream.once('close', resolve);
    stream.on('error', () => resolve()); // the lab goes, and the container with it
  });
  input.unpipe(stream);
  input.setRawMode(false);
  input.destroy();
  output.off('resize', resize);
  return exitStatusOf(exec);
}

async function containersOf(docker: Docker, { runId, node }: Place): Promise<Docker.ContainerInfo[]> {
  const label = [`${RUN_LABEL}=${runId}`, `${NODE_LABEL}=${node}`];
  return docker.listContainers({ filters: { label } }).catch((error: unknown) => {
    throw obstacleOf(error, `the daemon does not tell of ${node}`);
  });
}
