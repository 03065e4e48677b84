import { spawnSync } from 'node:child_process';
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
export function rerunInNamespaces(
  file: string,
  as: readonly string[] = [],
  command: readonly string[] = COMMAND,
): string {
  const root = packageRoot();
  const vitest = [
    process.execPath,
    'node_modules/vitest/vitest.mjs',
    'run',
    '--configLoader',
    'runner',
    '--cache=false',
  ];
  const argv = [...as, ...command, ...vitest, '--no-color', file];
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
  const run = spawnSync('env', argv, {
    cwd: root,
    env: { ...env, [MARK]: '1', HOME: '/nonexistent' },
    encoding: 'utf8',
  });
  if (run.error !== undefined) throw run.error;
  return run.status === 0 ? '' : `inside: status ${run.status} signal ${run.signal}\n${run.stdout}\n${run.stderr}`;
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
