import { describe, expect, test } from 'vitest';
import { input, openSim, shippedTopology } from './testing/sim-scene.ts';

/** A machine of the mesh as its administrator has it: files, racoon, racoonctl. Where they are not ours, the words are racoon's. */
async function openMesh() {
  const scene = await openSim(shippedTopology('racoon-mesh'));
  const says = async (line: string, node = 'consul') => (await scene.run(node, line)).stdout;
  const reach = async () => (await scene.run('consul', 'ping -c 1 -W 5 10.244.0.13')).status;
  return { ...scene, says, reach };
}

describe('a machine with racoon', () => {
  test('has its certificate, its key and its authority in files', async () => {
    const { lab, run, says } = await openMesh();
    expect(await says('ls /etc/racoon/certs')).toBe('cluster.pem\nconsul.key\nconsul.pem\n');
    expect(await run('consul', 'racoon -C')).toMatchObject({ status: 0, stderr: '' });
    await lab.down();
  });

  test('shows its SAs as racoonctl does', async () => {
    const { lab, says, reach } = await openMesh();
    expect(await says('racoonctl show-sa isakmp')).toBe(`${'Destination'.padEnd(23)}${'Cookies'.padEnd(34)}Created\n`);
    expect(await reach()).toBe(0);
    expect(await says('racoonctl show-sa isakmp')).toMatch(
      /\n10\.244\.0\.13\.500 {8}[0-9a-f]{16}:[0-9a-f]{16} 2026-01-01 00:00:0\d\n$/,
    );
    expect(await says('racoonctl -l show-sa isakmp')).toMatch(
      /^Destination {12}Cookies {27}ST S {2}V E Created {13}Phase2\n10\.244\.0\.13\.500 +\S+ {2}9 I 10 M 2026-01-01 \S+ {6}1\n$/,
    );
    expect(await says('racoonctl ss -ll isakmp')).toMatch(/^Source +Destination +Cookies.*\n10\.244\.0\.11\.500 +10\./);
    expect(await says('racoonctl show-sa ipsec')).toBe(await says('setkey -D'));
    expect(await says('racoonctl show-sa ah')).toBe('No SAD entries.\n');
    await lab.down();
  });

  test('begins, ends and flushes SAs as it is asked to', async () => {
    const { lab, run, says } = await openMesh();
    const peers = async () =>
      [...(await says('racoonctl show-sa isakmp')).matchAll(/^(\S+)\.500 /gm)].map(([, to]) => to);
    await run('consul', 'racoonctl vpn-connect 10.244.0.15');
    await run('consul', 'racoonctl establish-sa esp inet 10.244.0.11/32/0 10.244.0.17/32/0 any');
    await lab.sleep(1000);
    expect(await peers()).toEqual(['10.244.0.15', '10.244.0.17']);
    await run('consul', 'racoonctl vpn-disconnect 10.244.0.15');
    await lab.sleep(1000);
    expect(await peers()).toEqual(['10.244.0.17']);
    await run('consul', 'racoonctl delete-sa isakmp inet 10.244.0.11 10.244.0.17');
    await lab.sleep(1000);
    expect(await peers()).toEqual([]);
    await run('consul', 'racoonctl vc 10.244.0.19');
    await lab.sleep(1000);
    await run('consul', 'racoonctl flush-sa ipsec');
    await run('consul', 'racoonctl flush-sa isakmp');
    await lab.sleep(1000);
    expect([await peers(), await says('setkey -D')]).toEqual([[], 'No SAD entries.\n']);
    await lab.down();
  });

  test('negotiates what setkey asks for, wherever the statements come from', async () => {
    const { lab, run, reach } = await openMesh();
    expect(await run('consul', 'setkey -c', input('spdflush;'))).toMatchObject({ status: 0 });
    expect(await reach()).toBe(1);
    // Whole networks: racoon negotiates with each machine in them.
    for (const [node, own] of [
      ['consul', 11],
      ['nats', 13],
    ] as const) {
      const spd = `spdflush; spdadd 10.244.0.${own} 10.244.0.0/24 any -P out ipsec esp/transport//require;
        spdadd 10.244.0.0/24 10.244.0.${own} any -P in ipsec esp/transport//require;`;
      await run(node, 'tee /etc/racoon/setkey.conf', input(spd));
      expect(await run(node, '/etc/init.d/setkey restart')).toMatchObject({ status: 0 });
    }
    expect(await reach()).toBe(0);
    await run('consul', 'reboot');
    await lab.sleep(10_000);
    expect((await run('consul', 'setkey -DP')).stdout).toContain('10.244.0.11[any] 10.244.0.0/24[any] 255');
    expect(await reach()).toBe(0);
    await lab.down();
  });

  test('stops, starts, and comes up again with the machine or not', async () => {
    const { lab, run, says, reach } = await openMesh();
    expect(await says('service racoon status')).toBe('racoon is running.\n');
    await run('consul', 'systemctl stop racoon');
    expect(await run('consul', 'racoonctl show-sa isakmp')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/racoon does not run\n {2}fix: service racoon start/),
    });
    expect(await reach()).toBe(1);
    await run('consul', '/etc/init.d/racoon start');
    expect(await reach()).toBe(0);
    // To stop it is for now; what begins with the machine is said apart.
    await run('consul', 'service racoon stop');
    await run('consul', 'reboot');
    await lab.sleep(10_000);
    expect(await run('consul', 'systemctl is-active racoon')).toMatchObject({ status: 0, stdout: 'active\n' });
    await run('consul', 'systemctl disable racoon');
    await run('consul', 'reboot');
    await lab.sleep(10_000);
    expect(await run('consul', 'service racoon status')).toMatchObject({ status: 3 });
    expect(await reach()).toBe(1);
    await lab.down();
  });

  test('says what is wrong with its files, and goes on by those that it has read', async () => {
    const { lab, run, says, reach } = await openMesh();
    await run('consul', 'cp /etc/racoon/racoon.conf /tmp/racoon.conf');
    await run('consul', 'tee -a /tmp/racoon.conf', input('remot anonymous { }\n'));
    expect(await run('consul', 'racoon -C -f /tmp/racoon.conf')).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^\/tmp\/racoon\.conf:\d+:1: .*\n {2}fix: did you mean "remote"\?\nracoon: fatal parse failure/,
      ),
    });
    await run('consul', 'cp /tmp/racoon.conf /etc/racoon/racoon.conf');
    expect(await run('consul', 'racoonctl reload-config')).toMatchObject({ status: 1 });
    expect(await reach()).toBe(0);
    expect(await says('svcs -x')).toMatch(
      /svc:\/network\/racoon:default.*\n State: maintenance[^]*did you mean "remote"/,
    );
    await lab.down();
  });

  test('what is typed wrong is refused, with what to do', async () => {
    const { lab, run } = await openMesh();
    for (const [line, message] of WRONG) {
      const { status, stderr } = await run('consul', line);
      const expected = { line, isRefused: true, stderr: expect.stringMatching(message) };
      expect({ line, isRefused: status > 0, stderr }).toEqual(expected);
    }
    await lab.down();
  });
});

const WRONG = [
  ['racoonctl shw-sa isakmp', /Invalid command \[shw-sa\]\n {2}fix: did you mean "show-sa"/],
  ['racoonctl show-sa', /insufficient arguments/],
  ['racoonctl show-sa ike', /unknown protocol ike/],
  ['racoonctl delete-sa isakmp inet6 10.244.0.11 10.244.0.13', /10\.244\.0\.11 is no inet6 address/],
  ['racoonctl delete-sa isakmp inet 10.244.0.11 10.244.0.13', /no ISAKMP SA is between/],
  ['racoonctl vpn-connect 192.0.2.1', /no policy wants SAs with 192\.0\.2\.1/],
  ['racoonctl show-event', /fix: lab ike/],
  ['racoon', /it runs already\n {2}fix: racoonctl reload-config/],
  ['racoon -p 5000', /IKE has port 500/],
  ['racoon -x', /unrecognized option '-x'/],
  ['raccoonctl show-sa isakmp', /did you mean: racoonctl show-sa isakmp/],
  ['service racoon begin', /Usage: service racoon/],
] as const;

test('the end of the SmartOS guide is by its files: services begin again with them, and so does the node', async () => {
  const { lab, run } = await openSim(shippedTopology('smartos-guide-done'));
  const reach = async () => (await run('a1', 'ping -c 1 -W 10 10.0.1.2')).status;
  expect(await reach()).toBe(0);
  for (const service of ['ipsec/ike', 'ipsec/policy', 'network/ipfilter']) {
    expect(await run('alice', `svcadm restart ${service}`)).toMatchObject({ status: 0, stderr: '' });
    await lab.sleep(1000);
    expect(await reach()).toBe(0);
  }
  await run('alice', 'reboot');
  await lab.sleep(10_000);
  expect(await reach()).toBe(0);
  expect((await run('alice', 'ikeadm dump rule')).stdout).toContain("GLOBL: Label 'v4_bob0'");
  await lab.down();
});
