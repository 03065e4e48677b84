import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { packageRoot } from '../../native/package-root.ts';

const MARK = 'IPSEC_LAB_TEST_INSIDE';

/** True in the second run of a test file, the one inside. */
export const insideNamespaces = process.env[MARK] === '1';

/** Network, mount, process and (for an ordinary user) user namespaces, with an empty /run. */
const COMMAND = [
  'unshare',
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
  '--net',
  '--mount',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  'sh',
  '-c',
  'mount -t tmpfs none /run && mkdir /run/netns && ip link set dev lo up && exec "$@"',
  'sh',
];

/**
 * Runs a test file again, where it may do to the network what it likes: with `insideNamespaces` true and as (what looks
 * like) root. Returns what it printed when it failed there, and '' when it passed. `as` goes before the command, to become
 * somebody else.
 */
export async function rerunInNamespaces(
  file: string,
  as: readonly string[] = [],
  command: readonly string[] = COMMAND,
): Promise<string> {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--configLoader', 'runner', '--cache=false', '--no-color'];
  const argv = [...as, ...command, process.execPath, ...vitest, file];
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
  // Somebody else may not be able to look into every folder of our PATH.
  const path = as.length === 0 ? {} : { PATH: '/usr/local/bin:/usr/bin:/bin' };
  const child = spawn('env', argv, { cwd: packageRoot(), env: { ...env, ...path, [MARK]: '1', HOME: '/nonexistent' } });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
  const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
  return status === 0 ? '' : `status ${status} signal ${signal}\n${Buffer.concat(said).toString()}`;
}

/** Whether this machine lets us have such namespaces; tests that need them are skipped otherwise. */
export function namespacesAvailable(): boolean {
  return spawnSync('env', [...COMMAND, 'true']).status === 0;
}

export function tunAvailable(): boolean {
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
