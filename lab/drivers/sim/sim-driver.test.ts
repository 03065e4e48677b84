import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createTypescriptKernel } from '../../../engine/ipsec/typescript-kernel.ts';
import { createNode } from '../../../engine/node/create.ts';
import type { Probe } from '../driver.ts';
import { input, openSim, shippedTopology, traceOf, withFaults, withImpairment } from './testing/sim-scene.ts';

const siteToSite = shippedTopology('site-to-site-manual');
const MS = 1e6;
const EPOCH_NS = BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n;
const PING: Probe = {
  from: 'a1',
  to: '10.0.1.2',
  toNode: 'b1',
  timeoutMs: 1000,
  sizeOctets: 56,
  with: 'icmp',
  dontFragment: false,
};
const BAD_WAN = { delayNs: 20 * MS, jitterNs: 3 * MS, loss: 0.05, duplicate: 0.02, reorder: 0.02, corrupt: 0.02 };

/** Traffic of every kind, some of it at the same time, over a bad link. */
async function traffic(seed: string, feed = input) {
  const scene = await openSim(withImpairment(siteToSite, 'wan', BAD_WAN), seed);
  await scene.run('a1', 'ping -c 5 -i 0.2 10.0.1.2');
  const results = await Promise.all([
    scene.run('b1', 'sink 9000'),
    scene.run('a1', 'send 2001:470:24:c67::2 9000 100000'),
    scene.run('b1', 'nc -l 7000'),
    scene.run('a1', 'nc -N 10.0.1.2 7000', feed('one ', 'two ', 'three')),
    scene.run('a1', 'ping -c 3 2001:470:24:c67::2'),
  ]);
  await scene.lab.fault({ kind: 'restart', node: 'bob' });
  await scene.lab.sleep(100);
  await scene.lab.probe(PING);
  await scene.lab.down();
  return { results, trace: traceOf(scene.packets), keys: scene.lab.keys() };
}

/** The same input, each time only after a while of the real clock. */
async function* slowly(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for await (const chunk of input(...chunks)) {
    await new Promise(resolve => setTimeout(resolve, 15));
    yield chunk;
  }
}

describe('a simulated run', () => {
  test('is the same to the octet for the same seed, and another for another', async () => {
    const first = await traffic('7');
    const second = await traffic('7');
    expect(second.trace === first.trace).toBe(true);
    expect(second).toEqual(first);
    expect(first.trace.length).toBeGreaterThan(100_000);
    expect(first.results.map(result => result.status).slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(first.results[2]).toMatchObject({ stdout: 'one two three' });
    const other = await traffic('8');
    expect(other.trace === first.trace).toBe(false);
    expect(other.keys.map(key => key.encryptionKey)).not.toEqual(first.keys.map(key => key.encryptionKey));
  });

  test('does not depend on how long its input takes to come', async () => {
    expect((await traffic('9', slowly)).trace === (await traffic('9')).trace).toBe(true);
  });

  test('starts in 2026, and time passes only while somebody waits', async () => {
    const { lab, packets } = await openSim(siteToSite);
    expect(lab.now()).toBe(EPOCH_NS);
    expect(packets.length).toBeGreaterThan(0);
    expect(packets.every(packet => packet.at === EPOCH_NS)).toBe(true);
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(lab.now()).toBe(EPOCH_NS);
    await lab.sleep(1234.5);
    expect(lab.now()).toBe(EPOCH_NS + 1_234_500_000n);
    await lab.down();
  });

  test('of an hour with 5 % loss, a ping a second and a stream of TCP is over in seconds', async () => {
    const { lab, run } = await openSim(
      withImpairment(siteToSite, 'wan', { delayNs: 20 * MS, jitterNs: 2 * MS, loss: 0.05 }),
    );
    const [ping, sink, send] = await Promise.all([
      run('a1', 'ping -q -c 3600 10.0.1.2'),
      run('b1', 'sink 9000'),
      run('a1', 'send -r 1000 10.0.1.2 9000 3600000'),
    ]);
    expect(lab.now() - EPOCH_NS).toBeGreaterThanOrEqual(3599n * 1_000_000_000n);
    const lost = Number(/([\d.]+)% packet loss/.exec(ping.stdout)?.[1]);
    expect(lost).toBeGreaterThan(8); // 1 - 0.95², both ways
    expect(lost).toBeLessThan(12);
    expect(sink.stdout).toContain('received 3600000 octets');
    expect(/sha256 (\w+)/.exec(sink.stdout)?.[1]).toBe(/sha256 (\w+)/.exec(send.stdout)?.[1]);
    await lab.down();
  });

  test.each([
    ['loss', { loss: 0.05 }],
    ['reordering', { reorder: 0.2, jitterNs: 2 * MS }],
    ['duplication', { duplicate: 0.2 }],
    ['corruption', { corrupt: 0.05 }],
    ['a narrow link with a short queue', { rateBitsPerSecond: 2_000_000, queueFrames: 8 }],
  ])('moves octets whole over a tunnel with %s', async (_, impairment) => {
    for (let seed = 0; seed < 6; seed++) {
      const bad = withImpairment(siteToSite, seed % 2 === 0 ? 'wan' : 'lan-b', { delayNs: 5 * MS, ...impairment });
      const { lab, run } = await openSim(bad, `seed ${seed}`);
      const [sink, send] = await Promise.all([run('b1', 'sink 9000'), run('a1', 'send 10.0.1.2 9000 150000')]);
      expect([sink.status, send.status, sink.stderr + send.stderr]).toEqual([0, 0, '']);
      expect(/sha256 (\w+)/.exec(sink.stdout)?.[1]).toBe(/sha256 (\w+)/.exec(send.stdout)?.[1]);
      await lab.down();
    }
  });
});

describe('faults', () => {
  test('of the topology happen at their time', async () => {
    const topology = withFaults(
      siteToSite,
      [1000, { kind: 'linkDown', link: 'wan' }],
      [2000, { kind: 'linkUp', link: 'wan' }],
    );
    const { lab, run, events } = await openSim(topology);
    const { stdout } = await run('a1', 'ping -c 30 -i 0.1 -W 1 10.0.1.2');
    const answered = [...stdout.matchAll(/icmp_seq=(\d+) ttl/g)].map(match => Number(match[1]));
    // Requests 11 to 20 fall into the second without the link; the one of its last instant comes back with it.
    expect(answered).toEqual([...range(1, 10), ...range(21, 30)]);
    const faults = events.filter(event => event.kind === 'linkDown' || event.kind === 'linkUp');
    expect(faults.map(({ at, kind, detail }) => [at - EPOCH_NS, kind, detail])).toEqual([
      [1_000_000_000n, 'linkDown', 'wan'],
      [2_000_000_000n, 'linkUp', 'wan'],
    ]);
    expect(events.filter(event => event.kind === 'interfaceDown').map(event => event.node)).toEqual([
      'alice',
      'internet',
    ]);
    await lab.down();
  });

  test('a cut loses what is under way; a frame sent while the link is down is never seen on it', async () => {
    const { lab, packets } = await openSim(withImpairment(siteToSite, 'wan', { delayNs: 100 * MS }));
    await lab.probe(PING);
    const echo = lab.probe(PING);
    await lab.sleep(50);
    await lab.fault({ kind: 'linkDown', link: 'wan' });
    await lab.fault({ kind: 'linkUp', link: 'wan' });
    expect(await echo).toEqual({ kind: 'timeout' });
    await lab.fault({ kind: 'linkDown', link: 'wan' });
    const before = packets.length;
    expect(await lab.probe(PING)).not.toMatchObject({ kind: 'answered' });
    expect(packets.slice(before).filter(packet => packet.link === 'wan')).toEqual([]);
    await lab.down();
  });

  test('what a partition swallows was sent, and is seen', async () => {
    const { lab, packets } = await openSim(siteToSite);
    await lab.probe(PING);
    await lab.fault({ kind: 'partition', link: 'wan', from: 'alice' });
    const before = packets.length;
    expect(await lab.probe(PING)).toEqual({ kind: 'timeout' });
    const seen = packets.slice(before).map(packet => packet.link);
    expect(seen).toContain('wan');
    expect(seen).not.toContain('wan-bob');
    await lab.down();
  });

  test('a crash ends programs with 137 and leaves a node that answers nobody; a restart gives it a fresh start', async () => {
    const { lab, run } = await openSim(siteToSite);
    const ping = run('a1', 'ping 10.0.1.2');
    await lab.sleep(1500);
    await lab.fault({ kind: 'crash', node: 'a1' });
    expect(await ping).toMatchObject({ status: 137 });
    expect(await run('a1', 'true')).toEqual({ status: 255, stdout: '', stderr: 'a1 is down\n' });
    expect(await lab.probe(PING)).toMatchObject({ kind: 'refused' });
    expect(
      await lab.explain('a1', {
        source: '10.0.0.2',
        destination: '10.0.1.2',
        protocol: 1,
        sourcePort: null,
        destinationPort: null,
      }),
    ).toBeNull();
    const status = (await lab.status()).find(node => node.name === 'a1');
    expect(status).toMatchObject({ interfaces: [{ name: 'eth0', up: false }], sas: [] });
    await lab.fault({ kind: 'restart', node: 'a1' });
    expect(await lab.probe(PING)).toMatchObject({ kind: 'answered' });
    await lab.down();
  });

  test('no key or SPI is used again after a restart, and both ends agree on the new ones', async () => {
    const { lab } = await openSim(siteToSite);
    for (const node of ['alice', 'bob', 'alice', 'a1']) {
      await lab.fault({ kind: 'restart', node });
      expect(await lab.probe(PING)).toMatchObject({ kind: 'answered' });
    }
    expect(lab.keys()).toHaveLength(8);
    expect(new Set(lab.keys().map(key => key.encryptionKey)).size).toBe(8);
    expect(new Set(lab.keys().map(key => `${key.destination} ${key.spi}`)).size).toBe(8);
    await lab.down();
  });

  test('a node that is down while its peer restarts comes back with the keys of the day', async () => {
    const { lab } = await openSim(siteToSite);
    await lab.fault({ kind: 'crash', node: 'alice' });
    await lab.fault({ kind: 'restart', node: 'bob' });
    await lab.fault({ kind: 'restart', node: 'alice' });
    expect(await lab.probe(PING)).toMatchObject({ kind: 'answered' });
    await lab.down();
  });

  test('a node that boots beside an unplugged cable knows it', async () => {
    const { lab } = await openSim(siteToSite);
    await lab.fault({ kind: 'linkDown', link: 'wan' });
    await lab.fault({ kind: 'restart', node: 'alice' });
    const net0 = async () =>
      (await lab.status()).find(node => node.name === 'alice')?.interfaces.find(entry => entry.name === 'net0')?.up;
    expect(await net0()).toBe(false);
    await lab.fault({ kind: 'linkUp', link: 'wan' });
    expect(await net0()).toBe(true);
    expect(await lab.probe(PING)).toMatchObject({ kind: 'answered' });
    await lab.down();
  });

  test('a skewed clock is what the node sees, and nobody else', async () => {
    const seen: number[] = [];
    const { lab, run } = await openSim(siteToSite, 'skew', {
      makeNode: (config, context) => {
        const node = createNode(config, context);
        if (config.name !== 'alice') return node;
        return { ...node, receive: (frames, now) => (seen.push(now), node.receive(frames, now)) };
      },
    });
    await lab.sleep(10_000);
    for (const [byNs, least, most] of [
      [3e9, 13e9, 14e9],
      [-5e9, 5e9, 7e9],
    ] as const) {
      seen.length = 0;
      await lab.fault({ kind: 'clockSkew', node: 'alice', byNs });
      expect(await lab.probe(PING)).toMatchObject({ kind: 'answered' });
      expect(await run('alice', 'ping -c 1 10.0.1.1')).toMatchObject({ status: 0 });
      expect(seen.length).toBeGreaterThan(0);
      expect(seen.every(now => now >= least && now < most)).toBe(true);
    }
    expect(lab.now() - EPOCH_NS).toBeLessThan(11_000_000_000n);
    await lab.down();
  });
});

describe('what can be put into a simulated lab', () => {
  test('an ESP kernel for each node, with a random stream of its own', async () => {
    const asked: string[] = [];
    const sealed: string[] = [];
    const { lab } = await openSim(siteToSite, 'kernel', {
      kernelFor: (node, random) => {
        asked.push(node);
        const kernel = createTypescriptKernel(random);
        return { ...kernel, seal: jobs => (sealed.push(node), kernel.seal(jobs)) };
      },
    });
    expect(await lab.probe(PING)).toMatchObject({ kind: 'answered' });
    expect(asked).toEqual(siteToSite.nodes.map(node => node.name));
    expect(new Set(sealed)).toEqual(new Set(['alice', 'bob']));
    await lab.down();
  });

  test('a node that throws ends the run with its error, and the lab with it', async () => {
    const { lab } = await openSim(siteToSite, 'bug', {
      makeNode: (config, context) => {
        const node = createNode(config, context);
        return config.name === 'bob' ? { ...node, receive: failOfBob } : node;
      },
    });
    await expect(lab.probe(PING)).rejects.toThrow('a bug of bob');
    await expect(lab.sleep(1)).rejects.toThrow('a bug of bob');
    await lab.down();
  });
});

describe('real time', () => {
  test('shows the delays of its links exactly, however late the timers are', async () => {
    // 3 ms each way, and a microsecond for each of the other cables.
    const topology = withImpairment(siteToSite, 'wan', { delayNs: 3 * MS });
    const { lab, run } = await openSim(topology, 'real', { pace: 'real-time' });
    await lab.probe(PING);
    const { stdout } = await run('a1', 'ping -c 3 -i 0.01 10.0.1.2');
    expect([...stdout.matchAll(/time=([\d.]+) ms/g)].map(match => match[1])).toEqual(['6.01', '6.01', '6.01']);
    await lab.down();
  });

  test('lets a program wait for input while others go on', async () => {
    const { lab, run } = await openSim(siteToSite, 'real', { pace: 'real-time' });
    const gate = new PassThrough();
    const cat = run('a1', 'cat', gate);
    expect(await run('a1', 'ping -c 2 -i 0.01 10.0.1.2')).toMatchObject({ status: 0 });
    gate.end('at last');
    expect(await cat).toEqual({ status: 0, stdout: 'at last', stderr: '' });
    await lab.down();
  });
});

function failOfBob(): never {
  throw new Error('a bug of bob');
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
