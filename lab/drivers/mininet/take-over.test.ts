import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  insideNamespaces,
  namespacesAvailable,
  rerunInNamespaces,
} from '../../../engine/host/testing/private-namespaces.ts';
import { shipped } from '../../topology/testing/shipped.ts';
import { oneNamespaceScript } from '../netns/engine-namespace.ts';
import { runScript } from '../netns/run.ts';
import { takeOverScript, undoScript } from './take-over.ts';

test.skipIf(insideNamespaces || !namespacesAvailable())(
  'a host that was taken over becomes again what it was (needs namespaces: root, or user namespaces)',
  async () => expect(await rerunInNamespaces(import.meta.filename)).toBe(''),
);

/** A host with all that its administrator could have done to it. */
async function makeHost(): Promise<void> {
  const make = [
    'netns add host',
    'link add name net0 netns host type veth peer name far0',
    'link add name net1 netns host type veth peer name far1',
    'link set dev far0 up',
  ];
  writeFileSync('/run/make', `${make.join('\n')}\n`);
  expect(spawnSync('ip', ['-batch', '/run/make']).status).toBe(0);
  await runScript(
    'host',
    `set -e
echo 1 >/proc/sys/net/ipv4/ip_forward
ip link set dev lo up
ip link set dev net0 up
ip addr add 1.2.3.4/24 brd + dev net0
ip addr add 1.2.3.5/24 dev net0
ip addr add 192.0.2.1 peer 192.0.2.2/32 dev net0
ip addr add 2001:db8::1/64 dev net0 nodad
ip route add default via 1.2.3.1 metric 7 mtu 1400
ip route add 10.9.0.0/16 via 1.2.3.2 src 1.2.3.5
ip -6 route add 2001:db8:9::/48 via 2001:db8::2
`,
  );
}

describe.skipIf(!insideNamespaces)('a host that is taken over', () => {
  const alice = shipped('site-to-site').nodes.find(({ name }) => name === 'alice');
  if (alice === undefined) throw new Error('no alice');
  const LOOK = `ip -4 addr; ip -6 addr show scope global; ip route; ip -6 route | grep -v fe80; ip rule; ip link show net1
grep . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/ipv6/conf/*/disable_ipv6`;
  const look = async () => (await runScript('host', LOOK)).replaceAll(/ tentative| state \w+| qdisc \w+/g, '');

  test('has its addresses, routes, rules and settings again, however far it went', async () => {
    await makeHost();
    const before = await look();
    const undo = await undoScript(alice, 'host');
    await runScript('host', undo);
    expect(await look()).toBe(before);
    await runScript('host', takeOverScript(alice));
    expect(await look()).not.toContain('1.2.3.4');
    await runScript('host', 'ip link add name engine0 type bridge');
    await runScript(
      'host',
      oneNamespaceScript(alice, () => null),
    );
    expect(await look()).toContain('blackhole');
    await runScript('host', undo);
    expect(await look()).toBe(before);
    await runScript('host', 'ip route add 10.8.0.0/16 nexthop via 1.2.3.1 nexthop via 1.2.3.2');
    await expect(undoScript(alice, 'host')).rejects.toThrow('alice has a route by several ways at once');
  });
});
