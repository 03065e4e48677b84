import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { podCommand, withSystemPath } from '../../drivers/netns/pod.ts';
import { plainNetwork } from '../plain/network.ts';
import { twoSites } from '../testing/two-sites.ts';
import { exportShell } from './export.ts';

const isRoot = process.getuid?.() === 0;
const inPod = (script: string, input = '') =>
  spawnSync('env', [...podCommand(isRoot), 'sh', '-c', script], {
    input,
    encoding: 'utf8',
    env: withSystemPath(process.env),
  });

/** Says of each line whether it holds. Packets of these links are neither lost nor late but for a reason. */
const PROBES = `
cat >/run/lab.sh
sh /run/lab.sh up || exit 1
ip -o link show | wc -l
try() { name=$1; shift; if "$@" >/dev/null 2>&1; then echo "$name yes"; else echo "$name no"; fi; }
from() { node=$1; shift; ip netns exec "two-sites-$node" ping -n "$@"; }
reach() { from "$1" -c 1 -w 20 "$2"; }
pass() { from "$1" -c 2 -i 0.2 -W 1 "$2"; }
try a1-b2 reach a1 10.2.0.2
try bob-alice reach bob 192.0.2.1
try bob-loop reach bob 198.51.100.1
try a1-b1 pass a1 10.1.0.2
try alice-b1 pass alice 10.1.0.2
try b1-a1 pass b1 10.0.0.2
try a1-never pass a1 10.2.0.8
try again sh /run/lab.sh up
sh /run/lab.sh down
try down test -z "$(ls /run/netns)"
`;

test.skipIf(inPod('true').status !== 0)(
  'the script makes a network that carries what may be clear, and nothing else (needs namespaces: lab doctor)',
  { timeout: 120_000 },
  () => {
    const { stdout, stderr, status } = inPod(PROBES, exportShell(plainNetwork(twoSites())));
    expect(stdout.trim().split('\n'), stderr).toEqual([
      // Of the namespace outside there is its loopback, as before.
      '1',
      'a1-b2 yes',
      'bob-alice yes',
      'bob-loop yes',
      'a1-b1 no',
      'alice-b1 no',
      'b1-a1 no',
      'a1-never no',
      'again no',
      'down yes',
    ]);
    expect(status).toBe(0);
  },
);

test.skipIf(inPod('true').status !== 0)(
  'a script that fails half way leaves nothing (needs namespaces: lab doctor)',
  () => {
    const broken = exportShell(plainNetwork(twoSites())).replace('on bob addr add', 'on bob addr aadd');
    const { stdout, stderr } = inPod('cat >/run/lab.sh; sh /run/lab.sh up; echo "$?"; ls /run/netns', broken);
    expect(stderr).toContain('aadd');
    expect(stdout.trim()).toMatch(/^[1-9]\d*$/);
  },
);
