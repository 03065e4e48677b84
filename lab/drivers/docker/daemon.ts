import { MachineObstacle } from '../machine-obstacle.ts';
import Docker from 'dockerode';
import { daemonSocket } from './endpoint.ts';

/** Docker 20.10, the oldest that labs are tried with. */
const API_OLDEST = [1, 41] as const;

/** Talks to the daemon only when asked something. Throws where `daemonSocket` does. */
export const openDaemon = (socketPath: string = daemonSocket()): Docker => new Docker({ socketPath });

/** Asks the daemon whether it is there, and new enough. Rejects with a `MachineObstacle` that says what to do. */
export async function requireDaemon(docker: Docker): Promise<void> {
  const { ApiVersion, Version, Os } = await docker.version().catch((error: unknown) => {
    throw obstacleOf(error, 'the Docker daemon does not answer');
  });
  if (isOlder(ApiVersion)) {
    const least = API_OLDEST.join('.');
    throw new MachineObstacle(
      `the Docker daemon is too old: ${Version} speaks API ${ApiVersion}, labs need ${least}`,
      'install Docker Engine 20.10 or newer (Debian: apt-get install docker.io)',
    );
  }
  if (Os !== 'linux') {
    throw new MachineObstacle(
      `the Docker daemon runs ${Os} containers: nodes are Linux`,
      'switch it to Linux containers',
    );
  }
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < API_OLDEST[0] || (major === API_OLDEST[0] && minor < API_OLDEST[1]);
}

/** What went wrong with a request to the daemon, for the user. Whatever is no answer and no failed connection is thrown as it is. */
export function obstacleOf(error: unknown, what: string): MachineObstacle {
  if (error instanceof MachineObstacle) return error;
  const status = statusOf(error);
  const why = error instanceof Error ? error.message : String(error);
  if (status !== null) return refusal(what, why);
  const fix = CONNECTION_FIXES[codeOf(error) ?? ''];
  if (fix === undefined) throw error;
  return new MachineObstacle(`${what}: ${why}`, fix);
}

const START = 'sudo service docker start, or, to have it: sudo apt-get install docker.io';
const CONNECTION_FIXES: Readonly<Record<string, string>> = {
  ENOENT: START,
  ECONNREFUSED: START,
  ECONNRESET: START,
  EACCES: 'sudo lab up … (the socket of the daemon is not yours)',
  EPERM: 'sudo lab up … (the socket of the daemon is not yours)',
};

/** The daemon has understood, and does not do it. */
function refusal(what: string, why: string): MachineObstacle {
  if (/\/dev\/net\/tun/.test(why)) {
    return new MachineObstacle(`${what}: the daemon has no /dev/net/tun for a gateway: ${why}`, 'sudo modprobe tun');
  }
  if (/capabilit|not permitted|permission denied/i.test(why)) {
    return new MachineObstacle(`${what}: the daemon may not give a node NET_ADMIN and NET_RAW: ${why}`, FIX_RIGHTS);
  }
  return new MachineObstacle(`${what}: ${why}`, 'the log of the daemon says more: journalctl -u docker');
}

export const FIX_RIGHTS = 'use a daemon that runs as root and is not in a container itself (docker info)';

/** Of the daemon's answer; null: there was none. */
export function statusOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('statusCode' in error)) return null;
  return typeof error.statusCode === 'number' ? error.statusCode : null;
}

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
