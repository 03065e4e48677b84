import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LabProgram } from './testing/lab-process.ts';
import { openDaemon } from '../drivers/docker/daemon.ts';
import { ROOT_LABEL } from '../drivers/docker/labels.ts';
import { dockerAvailable, imageOfThisBuild, NEEDS_DOCKER } from '../drivers/docker/testing/available.ts';

const NODES = { alice: ['net0', 'net1', 'engine0'], internet: ['alice', 'bob', 'charles'], a1: ['eth0'] } as const;
const devicesOfMachine = (): string[] => readdirSync('/sys/class/net').sort();

describe.skipIf(!(await dockerAvailable()))(`the containers of a lab (needs ${NEEDS_DOCKER})`, () => {
  const before = devicesOfMachine();
  let lab: LabProgram;
  beforeAll(async () => {
    lab = new LabProgram();
    await imageOfThisBuild();
    const { status, stderr } = await lab.run(['up', 'site-to-site-ca', '--driver', 'docker', '--no-checks']);
    if (status !== 0) throw new Error(stderr);
  });
  afterAll(() => lab.dispose());

  const inside = (node: string, script: string) => lab.run(['exec', node, '--', 'sh', '-c', script]);

  test('have no network of Docker, and leave no device on the machine', async () => {
    const docker = openDaemon();
    const found = await docker.listContainers({ filters: { label: [`${ROOT_LABEL}=${lab.state}`] } });
    expect(found).toHaveLength(6);
    for (const { Id } of found) {
      const { HostConfig: host, NetworkSettings, Mounts } = await docker.getContainer(Id).inspect();
      expect(Object.keys(NetworkSettings.Networks)).toEqual(['none']);
      expect(Mounts).toEqual([]);
      expect(host).toMatchObject({ Privileged: false, ReadonlyRootfs: true, CapDrop: ['ALL'], PidMode: '' });
    }
    expect(devicesOfMachine().filter(name => !before.includes(name))).toEqual([]);
  });

  test.each(Object.entries(NODES))(
    '%s has its own links alone, and no right that these do not need',
    async (node, links) => {
      const { stdout } = await inside(node, 'cd /sys/class/net && echo *; cat /proc/self/status');
      expect(stdout.split('\n')[0]?.split(' ').sort()).toEqual(['lo', ...links].sort());
      expect(stdout).toMatch(/^CapEff:\t0000000000003000$/m); // NET_ADMIN, NET_RAW
      expect(stdout).toMatch(/^CapBnd:\t0000000000003000$/m);
      expect(stdout).toMatch(/^NoNewPrivs:\t1$/m);
      expect((await inside(node, 'echo x >/x || echo x >/opt/ipsec-lab/x')).status).not.toBe(0);
      expect((await inside(node, 'echo 1 >/proc/sys/kernel/panic')).status).not.toBe(0);
      expect((await inside(node, 'ls /run/docker.sock /var/run/docker.sock')).status).not.toBe(0);
    },
  );

  test('reach nothing of the machine, by none of its addresses', async () => {
    const heard: string[] = [];
    const server = createServer(socket => {
      heard.push(socket.remoteAddress ?? '');
      socket.destroy();
    });
    await new Promise<void>(resolve => server.listen(0, '::', resolve));
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const own = Object.values(networkInterfaces()).flatMap(all => (all ?? []).map(({ address }) => address));
    const addresses = own.filter(address => !address.startsWith('fe80:')).slice(0, 6);
    for (const node of Object.keys(NODES)) {
      const tries = addresses.map(address => `nc -z -w 1 ${address} ${port} && echo ${address}`).join('\n');
      expect((await inside(node, tries)).stdout).toBe('');
    }
    server.close();
    expect(heard).toEqual([]);
  });
});
