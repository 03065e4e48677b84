import { describe, expect, test } from 'vitest';
import { input, openSim, shippedTopology } from './testing/sim-scene.ts';

const policies = (level: string, own: number, peer: number): string => `spdflush;
  spdadd 192.168.33.${own} 192.168.33.${peer} any -P out ipsec esp/transport//${level};
  spdadd 192.168.33.${peer} 192.168.33.${own} any -P in ipsec esp/transport//${level};`;

describe('tools of a node in a simulated lab', () => {
  test('setkey -DP of a host in a mesh, in the format that its administrators know', async () => {
    const { lab, run } = await openSim(shippedTopology('transport-mesh'));
    const { status, stdout } = await run('alice', 'setkey -DP');
    expect(status).toBe(0);
    expect(
      stdout.replace(/spid=\d+ seq=\d+ pid=\d+/g, 'spid=… seq=… pid=…'),
    ).toContain(`192.168.33.11[any] 192.168.33.14[any] 255
    out prio def ipsec
    esp/transport//use
    created: Jan  1 00:00:00 2026  lastused:
    lifetime: 0(s) validtime: 0(s)
    spid=… seq=… pid=…
    refcnt=1
`);
    await lab.down();
  });

  test('setkey turns a mesh over from "use" to "require" and back, by standard input', async () => {
    const { lab, run } = await openSim(shippedTopology('transport-mesh'));
    const reach = async () => (await run('bob', 'ping -c 1 -W 1 192.168.33.14')).status;
    expect(await reach()).toBe(0); // they have no keys: in the clear
    expect(await run('bob', 'setkey -c', input(policies('require', 12, 14)))).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect(await reach()).toBe(1);
    await run('bob', 'setkey -c', input(policies('use', 12, 14)));
    expect(await reach()).toBe(0);
    const key = `0x${'a5'.repeat(32)}`;
    const add = (from: number, to: number) =>
      `add 192.168.33.${from} 192.168.33.${to} esp ${1000 + from} -E aes-cbc ${key} -A hmac-sha2-256 ${key};`;
    for (const node of ['bob', 'carol']) {
      expect(await run(node, 'setkey -c', input(add(12, 14), add(14, 12)))).toMatchObject({ status: 0, stderr: '' });
    }
    await run('bob', 'setkey -c', input(policies('require', 12, 14)));
    await run('carol', 'setkey -c', input(policies('require', 14, 12)));
    expect(await reach()).toBe(0);
    expect((await run('bob', 'setkey -D')).stdout).toContain('allocated: 1\t');
    expect(lab.keys().filter(({ encryptionKey }) => encryptionKey === 'a5'.repeat(32))).toHaveLength(2);
    await lab.down();
  });

  test('policies that stay when others come are as old as they were', async () => {
    const { lab, run } = await openSim(shippedTopology('transport-mesh'));
    await lab.sleep(60_000);
    await run('bob', 'setkey -c', input('spdadd 192.168.33.12 192.0.2.1 any -P out discard;'));
    await run('bob', 'ping -c 1 -W 1 192.0.2.1');
    const { stdout } = await run('bob', 'setkey -DP');
    expect(stdout).toMatch(/^192\.168\.33\.12\[any\] 192\.168\.33\.11.*\n.*\n.*\n {4}created: Jan {2}1 00:00:00 2026/m);
    expect(stdout).toMatch(
      /192\.0\.2\.1\[any\] 255\n {4}out prio def discard\n {4}created: .*00:01:00 2026 {2}lastused: .*00:01:00/,
    );
    await lab.down();
  });

  test('a node whose policies were flushed goes on when its peer restarts', async () => {
    const { lab, run } = await openSim(shippedTopology('site-to-site-manual'));
    expect(await run('alice', 'setkey -FP')).toMatchObject({ status: 0 });
    await lab.fault({ kind: 'restart', node: 'bob' });
    expect((await run('alice', 'setkey -D')).stdout).toBe('No SAD entries.\n');
    await lab.down();
  });

  test('plain hosts have none of them, and a file that is not there is said so', async () => {
    const { lab, run } = await openSim(shippedTopology('site-to-site-manual'));
    expect((await run('a1', 'setkey -D')).status).toBe(127);
    expect(await run('alice', 'setkey -f /nowhere/setkey.conf')).toMatchObject({
      status: 1,
      stderr: 'setkey: /nowhere/setkey.conf: No such file or directory\n',
    });
    expect((await run('alice', 'ipsecconf -L')).stdout).toContain('tunnel v4_bob0 negotiate tunnel');
    await lab.down();
  });
});
