import { expect, test } from 'vitest';
import { shipped } from '../../topology/testing/shipped.ts';
import { containerOptions } from './container.ts';

const PLAN = { runId: '0123456789abcdef0123456789abcdef', image: 'ipsec-lab/node:1', root: '/state' };

function optionsOf(name: string) {
  const node = shipped('site-to-site').nodes.find(candidate => candidate.name === name);
  if (node === undefined) throw new Error(`no ${name}`);
  return containerOptions(node, PLAN);
}

test('a node has no network, no rights but those over its own, and no place to write but in memory', () => {
  const { HostConfig: host } = optionsOf('alice');
  expect(host).toMatchObject({
    NetworkMode: 'none',
    CapDrop: ['ALL'],
    CapAdd: ['NET_ADMIN', 'NET_RAW'],
    SecurityOpt: ['no-new-privileges'],
    ReadonlyRootfs: true,
    AutoRemove: true,
  });
  expect(host?.Memory).toBe(host?.MemorySwap);
  expect(host?.PidsLimit).toBeGreaterThan(0);
  for (const none of ['Privileged', 'Binds', 'Mounts', 'PidMode', 'IpcMode', 'PortBindings', 'Links']) {
    expect(host).not.toHaveProperty(none);
  }
});

test('only a node that runs the engine has a TUN device', () => {
  expect(optionsOf('alice').HostConfig?.Devices).toEqual([
    { PathOnHost: '/dev/net/tun', PathInContainer: '/dev/net/tun', CgroupPermissions: 'rw' },
  ]);
  expect(optionsOf('a1').HostConfig?.Devices).toEqual([]);
});

test('it is found again by its labels, and by the environment of what runs in it', () => {
  const { Labels, Env, OpenStdin, StdinOnce } = optionsOf('a1');
  expect(Labels).toEqual({ 'ipsec-lab.run': PLAN.runId, 'ipsec-lab.node': 'a1', 'ipsec-lab.root': '/state' });
  expect(Env).toEqual(expect.arrayContaining([`IPSEC_LAB_RUN=${PLAN.runId}`, 'IPSEC_LAB_ROOT=/state']));
  // It ends with the connection of whoever made it.
  expect({ OpenStdin, StdinOnce }).toEqual({ OpenStdin: true, StdinOnce: true });
});
