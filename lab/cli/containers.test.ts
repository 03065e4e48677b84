import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../engine/native/package-root.ts';
import { LabProgram } from './testing/lab-process.ts';
import { openDaemon } from '../drivers/docker/daemon.ts';
import { ROOT_LABEL } from '../drivers/docker/labels.ts';
import { dockerAvailable, imageOfThisBuild, NEEDS_DOCKER } from '../drivers/docker/testing/available.ts';

const NODES = { alice: ['net0', 'net1', 'engine0'], internet: ['alice', 'bob', 'charles'], a1: ['eth0'] } as const;
/** Of `docker inspect`, HostConfig. */
const HARDENED = {
  Privileged: false,
  ReadonlyRootfs: true,
  CapDrop: ['ALL'],
  SecurityOpt: ['no-new-privileges'],
  Memory: 512 * 2 ** 20,
  MemorySwap: 512 * 2 ** 20,
  PidsLimit: 256,
  NetworkMode: 'none',
  PidMode: '',
  UTSMode: '',
  UsernsMode: '',
  Binds: null,
  AutoRemove: true,
};
/** Its links and rights; then what must not work: to write anywhere but in memory, to turn the kernel's switches, to ask the daemon. */
const LOOK_AND_TRY = `
cd /sys/class/net && echo *
cat /proc/self/status
for file in /x /opt/ipsec-lab/x /usr/bin/x /proc/sys/kernel/panic /proc/sysrq-trigger; do
  (echo 1 >$file) 2>/dev/null && echo "done: $file"
done
mount -t tmpfs none /mnt 2>/dev/null && echo "done: mount"
ls /run/docker.sock /var/run/docker.sock >/dev/null 2>&1 && echo "done: socket"
echo tried
`;
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

  test('are as hard as docker inspect can tell, and leave no device on the machine', async () => {
    const docker = openDaemon();
    const found = await docker.listContainers({ filters: { label: [`${ROOT_LABEL}=${lab.state}`] } });
    expect(found).toHaveLength(6);
    for (const { Id } of found) {
      const { HostConfig: host, NetworkSettings, Mounts, Config } = await docker.getContainer(Id).inspect();
      expect(Object.keys(NetworkSettings.Networks)).toEqual(['none']);
      expect(NetworkSettings.Ports).toEqual({});
      expect(Mounts).toEqual([]);
      expect(host).toMatchObject(HARDENED);
      const rights = (host.CapAdd as readonly string[]).map(right => right.replace(/^CAP_/, ''));
      expect(rights).toEqual(['NET_ADMIN', 'NET_RAW']);
      const isGateway = ['alice', 'bob'].includes(Config.Labels['ipsec-lab.node'] ?? '');
      const devices = (host.Devices as readonly { readonly PathOnHost: string }[]).map(each => each.PathOnHost);
      expect(devices).toEqual(isGateway ? ['/dev/net/tun'] : []);
    }
    expect(devicesOfMachine().filter(name => !before.includes(name))).toEqual([]);
  });

  test.each(Object.entries(NODES))(
    '%s has its own links alone, and no right that these do not need',
    async (node, links) => {
      const { stdout } = await inside(node, LOOK_AND_TRY);
      expect(stdout.split('\n')[0]?.split(' ').sort()).toEqual(['lo', ...links].sort());
      expect(stdout).toMatch(/^CapEff:\t0000000000003000$/m); // NET_ADMIN, NET_RAW
      expect(stdout).toMatch(/^CapBnd:\t0000000000003000$/m);
      expect(stdout).toMatch(/^NoNewPrivs:\t1$/m);
      expect(stdout).toMatch(/^tried$/m);
      expect(stdout).not.toMatch(/^done:/m);
    },
  );

  test('have engines without any right', async () => {
    const engines =
      "for p in /proc/[0-9]*; do grep -q 'engine/host/main.j[s]' $p/cmdline && cat $p/task/*/status; done; true";
    const { stdout } = await inside('alice', engines);
    const threads = stdout.split(/^(?=Name:)/m);
    expect(threads.length).toBeGreaterThan(5);
    for (const thread of threads) {
      for (const set of ['Inh', 'Prm', 'Eff', 'Amb']) expect(thread).toMatch(new RegExp(`^Cap${set}:\\t0+$`, 'm'));
      expect(thread).toMatch(/^NoNewPrivs:\t1$/m);
      expect(thread).toMatch(/^Seccomp:\t2$/m);
      // Docker's and its own; kernels before 5.9 do not count them.
      expect(/^Seccomp_filters:\t(\d+)$/m.exec(thread)?.[1] ?? '2').not.toBe('1');
    }
  });

  test('give a command the terminal that its user has', async () => {
    const command = `${process.execPath} bin/lab.js exec a1 -- sh -c '[ -t 0 ] && [ -t 1 ] && read word && echo "<$word>" && exit 7'`;
    const env = { ...process.env, IPSEC_LAB_STATE: lab.state };
    const script = spawn('script', ['-qec', command, '/dev/null'], { cwd: packageRoot(), env });
    let seen = '';
    script.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    script.stdin.write('typed\n');
    const [status] = (await once(script, 'close')) as [number];
    expect(seen).toContain('<typed>');
    expect(status).toBe(7);
  });

  test('stay what they are when a host starts again', async () => {
    // What a shell begins is a copy of the shell, until it is the program.
    const isSleep = 'tr "\\0" " " </proc/$!/cmdline | grep -q "^sleep"';
    const begin = `sleep 1000 >/dev/null 2>&1 &\nfor i in $(seq 200); do ${isSleep} && break; sleep 0.05; done`;
    const count = 'for p in /proc/[0-9]*; do tr "\\0" " " <$p/cmdline; echo; done 2>/dev/null | grep -c "^sleep 1000"';
    expect((await inside('a1', `${begin}\n${count}`)).stdout).toBe('1\n');
    expect((await lab.run(['restart', 'a1'])).status).toBe(0);
    expect((await inside('a1', count)).stdout).toBe('0\n');
    expect(await inside('a1', 'ping -c 1 -W 5 10.0.1.2')).toMatchObject({ status: 0 });
  });

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
    const tries = addresses.map(address => `nc -z -w 1 ${address} ${port} && echo reached ${address}`);
    const said = await Promise.all(Object.keys(NODES).map(node => inside(node, [...tries, 'echo tried'].join('\n'))));
    server.close();
    expect(said.map(({ stdout }) => stdout)).toEqual(Object.keys(NODES).map(() => 'tried\n'));
    // Of the lab, though, everything.
    expect(await inside('a1', 'ping -c 1 -W 5 10.0.1.2')).toMatchObject({ status: 0 });
    expect(heard).toEqual([]);
  });
});
