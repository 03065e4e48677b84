import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { input, openSim, type SimScene, shippedTopology, withImpairment } from '../testing/sim-scene.ts';
import { programNames } from './programs.ts';

let scene: SimScene;
beforeAll(async () => {
  scene = await openSim(withImpairment(shippedTopology('site-to-site-manual'), 'wan', { delayNs: 20e6 }), 'programs');
  await scene.lab.sleep(2000);
  await scene.run('a1', 'ping -c 1 10.0.1.2');
  await scene.run('a1', 'ping -c 1 2001:470:24:c67::2');
});
afterAll(() => scene.lab.down());

/** A program that ends with 0 and complains of nothing. */
async function output(node: string, command: string): Promise<string> {
  const { status, stdout, stderr } = await scene.run(node, command);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) {
    await Promise.resolve();
    yield new Uint8Array(1000);
  }
}

const tracerouteLines = (target: string, alice: string, bob: string, octets: number) =>
  [
    `traceroute to ${target} (${target}), 30 hops max, ${octets} byte packets`,
    ` 1  ${alice}  0.002 ms  0.002 ms  0.002 ms`,
    ` 2  ${bob}  40.004 ms  40.004 ms  40.004 ms`,
    ` 3  ${target}  40.006 ms  40.006 ms  40.006 ms`,
    '',
  ].join('\n');

describe('ping', () => {
  test('prints what iputils prints', async () => {
    expect(await output('a1', 'ping -c 2 10.0.1.2')).toBe(
      [
        'PING 10.0.1.2 (10.0.1.2) 56(84) bytes of data.',
        '64 bytes from 10.0.1.2: icmp_seq=1 ttl=62 time=40.0 ms',
        '64 bytes from 10.0.1.2: icmp_seq=2 ttl=62 time=40.0 ms',
        '',
        '--- 10.0.1.2 ping statistics ---',
        '2 packets transmitted, 2 received, 0% packet loss, time 1000ms',
        'rtt min/avg/max/mdev = 40.006/40.006/40.006/0.000 ms',
        '',
      ].join('\n'),
    );
    expect(await output('a1', 'ping -6 -q -c 1 -s 8 2001:470:24:c67::2')).toBe(
      [
        'PING 2001:470:24:c67::2(2001:470:24:c67::2) 8 data bytes',
        '',
        '--- 2001:470:24:c67::2 ping statistics ---',
        '1 packets transmitted, 1 received, 0% packet loss, time 0ms',
        'rtt min/avg/max/mdev = 40.006/40.006/40.006/0.000 ms',
        '',
      ].join('\n'),
    );
  });

  test.each([
    ['ping', 1, 'ping: usage error: Destination address required\n'],
    ['ping -c 0 10.0.1.2', 1, "ping: invalid argument: '0': out of range: 1 <= value <= 9007199254740991\n"],
    ['ping -c x 10.0.1.2', 1, "ping: invalid argument: 'x'\n"],
    ['ping -t 300 10.0.1.2', 1, "ping: invalid argument: '300': out of range: 0 <= value <= 255\n"],
    ['ping -6 10.0.1.2', 2, 'ping: 10.0.1.2: Address family for hostname not supported\n'],
    ['ping b1', 2, 'ping: b1: Name or service not known\n'],
    ['ping -I eth9 10.0.1.2', 2, 'ping: SO_BINDTODEVICE eth9: No such device\n'],
    ['ping -I 10.0.0.99 10.0.1.2', 2, 'ping: bind: Cannot assign requested address\n'],
  ])('%s: status %i', async (command, status, stderr) => {
    expect(await scene.run('a1', command)).toEqual({ status, stdout: '', stderr });
  });

  test('without a route cannot start', async () => {
    expect(await scene.run('internet', 'ping 10.0.1.2')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'ping: connect: Network is unreachable\n',
    });
  });

  test('shows the errors of routers and its own', async () => {
    const neighbour = await scene.run('a1', 'ping -c 1 -W 5 10.0.0.99');
    expect(neighbour).toMatchObject({ status: 1 });
    expect(neighbour.stdout).toContain('From 10.0.0.2 icmp_seq=1 Destination Host Unreachable\n');
    expect(neighbour.stdout).toContain('1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms\n\n');
    expect((await scene.run('a1', 'ping -c 1 -t 1 10.0.1.2')).stdout).toContain(
      'From 10.0.0.1 icmp_seq=1 Time to live exceeded\n',
    );
    const hops = await scene.run('a1', 'ping -c 1 -t 1 2001:470:24:c67::2');
    expect(hops.stdout).toContain('From 2001:470:24:c66::1 icmp_seq=1 Time exceeded: Hop limit\n');
  });

  test('learns the path MTU, and says so', async () => {
    const first = await scene.run('a1', 'ping -c 2 -i 0.5 -M do -s 1450 10.0.1.2');
    expect(first.stdout).toContain('From 10.0.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1446)\n');
    expect(first).toMatchObject({ status: 1, stderr: 'ping: local error: message too long, mtu=1446\n' });
    expect(await scene.run('a1', 'ping -c 1 -M do -s 1418 10.0.1.2')).toMatchObject({ status: 0 });
    expect((await scene.run('a1', 'ping -c 1 -M do -s 1419 10.0.1.2')).stdout).toContain('+1 errors');
    expect(await scene.run('a1', 'ping -c 3 -s 3000 10.0.1.2')).toMatchObject({ status: 0 });
    const cut = await scene.run('a1', 'ping -c 4 -W 1 -i 0.5 -s 3000 2001:470:24:c67::2');
    expect(cut.stdout).toContain('3008 bytes from 2001:470:24:c67::2: icmp_seq=4');
  });

  test('ends by its deadline, and then with 1 when answers are missing', async () => {
    const before = scene.lab.now();
    const { status, stdout } = await scene.run('a1', 'ping -w 3 -c 10 10.0.1.2');
    expect(scene.lab.now() - before).toBe(3_000_000_000n);
    expect(status).toBe(1);
    expect(stdout).toContain('3 packets transmitted, 3 received');
  });

  test('sums up when it is interrupted', async () => {
    const stop = new AbortController();
    const ended = scene.run('a1', 'ping 10.0.1.2', null, stop.signal);
    await scene.lab.sleep(2500);
    stop.abort();
    expect(await ended).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('3 packets transmitted, 3 received'),
    });
  });

  test('from a chosen address or device says so', async () => {
    expect(await output('a1', 'ping -c 1 -I eth0 10.0.1.2')).toContain(
      'PING 10.0.1.2 (10.0.1.2) from 10.0.0.2 eth0: 56(84) bytes of data.\n',
    );
    expect(await output('alice', 'ping -c 1 -I 10.0.0.1 10.0.1.2')).toContain('(10.0.1.2) from 10.0.0.1 : 56(84)');
  });

  test('reaches the host itself', async () => {
    for (const address of ['127.0.0.1', '::1', '10.0.0.2']) {
      expect(await output('a1', `ping -c 1 ${address}`)).toContain('time=0.002 ms');
    }
  });
});

describe('traceroute', () => {
  test('shows the hops, with UDP and with echo', async () => {
    expect(await output('a1', 'traceroute -n 10.0.1.2')).toBe(tracerouteLines('10.0.1.2', '10.0.0.1', '10.0.1.1', 60));
    expect(await output('a1', 'traceroute -n -I 2001:470:24:c67::2')).toBe(
      tracerouteLines('2001:470:24:c67::2', '2001:470:24:c66::1', '2001:470:24:c67::1', 80),
    );
  });

  test('shows silence and refusals', async () => {
    expect(await output('a1', 'traceroute -q 2 -m 2 -w 1 10.0.0.99')).toContain('\n 1  * *\n 2  * *\n');
    expect(await output('a1', 'traceroute -q 1 -w 5 10.0.0.98')).toMatch(/\n 1 {2}10\.0\.0\.2 {2}\d+\.\d+ ms !H\n$/);
    expect(await scene.run('a1', 'traceroute nobody')).toMatchObject({ status: 2 });
    expect(await scene.run('internet', 'traceroute 10.0.1.2')).toMatchObject({
      status: 1,
      stderr: 'connect: Network is unreachable\n',
    });
  });
});

describe('nc', () => {
  test('carries both ways at once and ends when both have ended', async () => {
    const [server, client] = await Promise.all([
      scene.run('b1', 'nc -v -l 7000', input('from the server')),
      scene.run('a1', 'nc -N -v 10.0.1.2 7000', input('from the client')),
    ]);
    expect(server).toMatchObject({ status: 0, stdout: 'from the client' });
    expect(server.stderr).toMatch(/^Listening on 0\.0\.0\.0 7000\nConnection received on 10\.0\.0\.2 \d+\n$/);
    expect(client).toEqual({
      status: 0,
      stdout: 'from the server',
      stderr: 'Connection to 10.0.1.2 7000 port [tcp/*] succeeded!\n',
    });
  });

  test('-k serves one after the other', async () => {
    const stop = new AbortController();
    const server = scene.run('b1', 'nc -k -l 7001', null, stop.signal);
    for (const text of ['one', 'two']) await scene.run('a1', 'nc -N 10.0.1.2 7001', input(text));
    stop.abort();
    expect(await server).toMatchObject({ status: 130, stdout: 'onetwo' });
  });

  test('-u carries datagrams there and back, over both families', async () => {
    for (const address of ['10.0.1.2', '2001:470:24:c67::2']) {
      const [server, client] = await Promise.all([
        scene.run('b1', 'nc -u -w 1 -l 7002', input('pong')),
        scene.run('a1', `nc -u -w 1 ${address} 7002`, input('ping')),
      ]);
      expect([server, client]).toMatchObject([
        { status: 0, stdout: 'ping' },
        { status: 0, stdout: 'pong' },
      ]);
    }
  });

  test('scans ports', async () => {
    const server = scene.run('b1', 'nc -l 7003');
    const { status, stderr } = await scene.run('a1', 'nc -v -z 10.0.1.2 7002-7004');
    await server;
    expect(status).toBe(0);
    expect(stderr.trimEnd().split('\n')).toEqual([
      'nc: connect to 10.0.1.2 port 7002 (tcp) failed: Connection refused',
      'Connection to 10.0.1.2 7003 port [tcp/*] succeeded!',
      'nc: connect to 10.0.1.2 port 7004 (tcp) failed: Connection refused',
    ]);
    expect(await scene.run('a1', 'nc -u -z 10.0.1.2 7004')).toMatchObject({ status: 1 });
  });

  test.each([
    ['nc', 1, /^usage: nc /],
    ['nc -l', 1, /^nc: missing port number$/],
    ['nc 10.0.1.2', 1, /^nc: missing port number$/],
    ['nc 10.0.1.2 http', 1, /^nc: port number invalid: http$/],
    ['nc b1 80', 1, /^nc: getaddrinfo for host "b1" port 80: Name or service not known$/],
    ['nc -w x 10.0.1.2 80', 1, /^nc: timeout invalid: x$/],
    ['nc -Z 10.0.1.2 80', 1, /^nc: invalid option -- 'Z'$/],
    ['nc -v 10.0.0.99 80', 1, /^nc: connect to 10\.0\.0\.99 port 80 \(tcp\) failed: No route to host$/],
    [
      'nc -v -w 1 10.0.1.99 80',
      1,
      /^nc: connect to 10\.0\.1\.99 port 80 \(tcp\) timed out: Operation now in progress$/,
    ],
  ])('%s: status %i', async (command, status, stderr) => {
    const ended = await scene.run('a1', command);
    expect(ended).toMatchObject({ status, stdout: '' });
    expect(ended.stderr.split('\n')[0]).toMatch(stderr);
  });

  test('says that a port is taken', async () => {
    const first = scene.run('b1', 'nc -l 7005');
    await scene.lab.sleep(1);
    expect(await scene.run('b1', 'nc -l 7005')).toMatchObject({ status: 1, stderr: 'nc: Address already in use\n' });
    await scene.run('a1', 'nc -N 10.0.1.2 7005');
    await first;
  });

  test('an end that crashed is found out, and nc fails', async () => {
    const { lab, run } = await openSim(
      withImpairment(shippedTopology('site-to-site-manual'), 'wan', { rateBitsPerSecond: 1e6 }),
      'crash',
    );
    const server = run('b1', 'nc -l 7000');
    const client = run('a1', 'nc 10.0.1.2 7000', endless());
    await lab.sleep(500);
    await lab.fault({ kind: 'crash', node: 'b1' });
    expect(await server).toMatchObject({ status: 137 });
    await lab.fault({ kind: 'restart', node: 'b1' });
    expect(await client).toMatchObject({ status: 1, stderr: 'nc: Connection reset by peer\n' });
    await lab.down();
  });
});

describe('send and sink', () => {
  test('agree on what they moved', async () => {
    const [sink, send] = await Promise.all([output('b1', 'sink 9000'), output('a1', 'send 10.0.1.2 9000 3000000')]);
    const hash = /sha256 ([0-9a-f]{64})\n$/.exec(sink)?.[1];
    expect(hash).toBeDefined();
    expect(sink).toMatch(/^received 3000000 octets in \d\.\d{3} s/);
    expect(send).toBe(send.replace(/sha256 .*/, `sha256 ${hash}`));
  });

  test('keep to a rate', async () => {
    const before = scene.lab.now();
    await Promise.all([output('b1', 'sink 9000'), output('a1', 'send -r 10000 10.0.1.2 9000 45000')]);
    const seconds = Number(scene.lab.now() - before) / 1e9;
    expect(seconds).toBeGreaterThanOrEqual(4);
    expect(seconds).toBeLessThan(5);
  });

  test.each([
    ['send 10.0.1.2 9000', 2],
    ['send 10.0.1.2 70000 1', 2],
    ['send -r 0 10.0.1.2 9000 1', 2],
    ['sink', 2],
    ['sink x', 2],
    ['send 10.0.1.2 9 1', 1],
  ])('%s: status %i', async (command, status) => {
    const ended = await scene.run('a1', command);
    expect(ended).toMatchObject({ status, stdout: '' });
    expect(ended.stderr).not.toBe('');
  });
});

describe('the small ones', () => {
  test('do what their names say', async () => {
    expect(await scene.run('a1', 'true')).toMatchObject({ status: 0, stdout: '' });
    expect(await scene.run('a1', 'false')).toMatchObject({ status: 1, stdout: '' });
    expect(await output('a1', 'echo one two')).toBe('one two\n');
    expect(await output('bob', 'hostname')).toBe('bob\n');
    expect(await scene.run('a1', 'cat', input('abc', 'def'))).toMatchObject({ stdout: 'abcdef' });
    expect(await scene.run('a1', 'sha256sum', input('abc'))).toMatchObject({
      stdout: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  -\n', // FIPS 180-4, example
    });
    const before = scene.lab.now();
    expect(await output('a1', '/bin/sleep 1.5')).toBe('');
    expect(scene.lab.now() - before).toBe(1_500_000_000n);
    expect(await scene.run('a1', 'sleep soon')).toMatchObject({ status: 1 });
  });

  test('ip shows addresses and routes', async () => {
    expect(await output('a1', 'ip -4 addr show')).toBe(
      '1: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP\n    inet 10.0.0.2/24 scope global\n',
    );
    expect(await output('a1', 'ip r')).toBe('10.0.0.0/24 dev eth0\ndefault via 10.0.0.1 dev eth0\n');
    expect(await output('alice', 'ip -6 route')).toContain('2001:470:24:c67::/64 dev v4_bob0\n');
    expect(await scene.run('a1', 'ip route add default')).toMatchObject({ status: 1 });
  });

  test('an unknown command is answered with what there is', async () => {
    const { status, stderr } = await scene.run('a1', 'iperf3 -c 10.0.1.2');
    expect(status).toBe(127);
    expect(stderr).toBe(`iperf3: command not found: simulated nodes know ${programNames().join(', ')}\n`);
  });
});
