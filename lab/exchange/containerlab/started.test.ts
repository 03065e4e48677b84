import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { podCommand, withSystemPath } from '../../drivers/netns/pod.ts';
import { plainNetwork } from '../plain/network.ts';
import { PINGS, pingWords } from '../testing/pings.ts';
import { twoSites } from '../testing/two-sites.ts';
import { exportContainerlab } from './export.ts';

interface File {
  readonly topology: {
    readonly nodes: Readonly<Record<string, { readonly exec?: readonly string[] }>>;
    readonly links: readonly { readonly endpoints: readonly [string, string]; readonly mtu: number }[];
  };
}

const inPod = (script: string) =>
  spawnSync('env', [...podCommand(process.getuid?.() === 0), 'sh'], {
    input: script,
    encoding: 'utf8',
    env: withSystemPath(process.env),
  });

function end(text: string): string {
  const [node = '', name = ''] = text.split(':');
  return `${name} netns ${node}`;
}

/** What containerlab does with such a file, with namespaces in place of containers: nodes, links, then the commands of each node. */
function asScript({ topology: { nodes, links } }: File): string {
  return [
    'set -e',
    ...Object.keys(nodes).map(node => `ip netns add ${node}; ip -n ${node} link set dev lo up`),
    ...links.map(({ endpoints: [one, other], mtu }) =>
      ['ip link add', end(one), `mtu ${mtu} type veth peer`, end(other), `mtu ${mtu}`].join(' '),
    ),
    ...links.flatMap(({ endpoints }) =>
      endpoints.map(each => each.split(':')).map(([node, name]) => `ip -n ${node} link set dev ${name} up`),
    ),
    ...Object.entries(nodes).flatMap(([node, { exec = [] }]) =>
      exec.map(command => `ip netns exec ${node} ${command} >/dev/null`),
    ),
    ...PINGS.map(([node, address, answers]) => {
      const ping = `ip netns exec ${node} ${pingWords(address, answers).join(' ')}`;
      return `if ${ping} >/dev/null 2>&1; then echo true; else echo false; fi`;
    }),
    '',
  ].join('\n');
}

test.skipIf(inPod('sysctl -n kernel.ostype').status !== 0)(
  'what the file says makes a network that carries what may be clear, and nothing else (needs namespaces: lab doctor, and apt-get install procps)',
  { timeout: 120_000 },
  () => {
    const file = parse(exportContainerlab(plainNetwork(twoSites()), 'example/linux:1')) as File;
    const { stdout, stderr, status } = inPod(asScript(file));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toEqual(PINGS.map(([, , answers]) => String(answers)));
  },
);
