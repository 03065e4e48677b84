import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tcpServerIn, tcpSocketIn } from '../../../engine/host/namespace-socket.ts';
import { programFile } from '../../../engine/host/program.ts';
import { insideNamespaces } from '../../../engine/host/testing/private-namespaces.ts';
import { NS_PER_MS } from '../../../engine/wire/instant.ts';
import type { CapturedPacket } from '../../capture/packet.ts';
import { loadTopology } from '../../topology/load.ts';
import { UNIMPAIRED } from '../../topology/impairment.ts';
import type { Impairment, Topology } from '../../topology/model.ts';
import { resolveTopologyArgument } from '../../topology/shipped.ts';
import { FORMED, TUNNEL_SLAAC } from '../../topology/testing/tunnel-slaac.ts';
import type { ExecIo, LabEvent, Probe, RunningLab } from '../driver.ts';
import { createNetnsDriver, type NetnsDriverOptions } from './netns-driver.ts';
import { describeInBothPods } from './testing/both-pods.ts';

describeInBothPods('the netns driver', import.meta.filename, 300_000);

/** A capture hears of a packet some time after the packet has arrived. */
const CAPTURED = { timeout: 10_000 };

function shipped(name: string): Topology {
  const found = resolveTopologyArgument(name);
  if (found.kind !== 'file') throw new Error(`no topology ${name}`);
  const { topology } = loadTopology(found.file, readFileSync(found.file, 'utf8'));
  if (topology === null) throw new Error(`${name} does not load`);
  return topology;
}

const packets: CapturedPacket[] = [];
const events: LabEvent[] = [];

function bringUp(topology: Topology, options: NetnsDriverOptions = {}): Promise<RunningLab> {
  packets.length = 0;
  events.length = 0;
  return createNetnsDriver(options).up(topology, {
    runId: 'test-run',
    seed: '',
    onPacket: packet => packets.push(packet),
    onEvent: event => events.push(event),
  });
}

type Target = { readonly from: string; readonly to: string; readonly toNode?: string | null };
const basics = { timeoutMs: 2000, sizeOctets: 100, toNode: null };
const icmp = (target: Target): Probe => ({ ...basics, ...target, with: 'icmp', dontFragment: false });
const socket = (kind: 'udp' | 'tcp', target: Target): Probe => ({ ...basics, ...target, with: kind, port: 7007 });

async function run(lab: RunningLab, node: string, argv: readonly string[], io: Partial<ExecIo> = {}) {
  const said: Buffer[] = [];
  const keep = (octets: Uint8Array) => void said.push(Buffer.from(octets));
  const status = await lab.exec(node, argv, { stdin: null, stdout: keep, stderr: keep, signal: null, ...io });
  return { status, said: Buffer.concat(said).toString() };
}

/** What a link carried of IP, by protocol number, and by EtherType where it was not IPv4. */
function seen(link: string): number[] {
  const kinds = packets
    .filter(packet => packet.link === link)
    .map(({ octets }) => {
      const type = ((octets[12] ?? 0) << 8) | (octets[13] ?? 0);
      return type === 0x0800 ? (octets[23] ?? 0) : type;
    });
  return [...new Set(kinds)].sort((a, b) => a - b);
}

const V4 = { a1: '10.0.0.2', b1: '10.0.1.2', alice: '10.0.0.1' };
const V6 = { a1: '2001:470:24:c66::2', b1: '2001:470:24:c67::2', alice: '2001:470:24:c66::1' };
const ESP = 50;
const ARP = 0x0806;
/** Neighbour discovery: there is no other IPv6 on the wide area of site-to-site. */
const IPV6 = 0x86dd;

describe.runIf(insideNamespaces)('site-to-site, live', () => {
  let lab: RunningLab;
  beforeAll(async () => {
    lab = await bringUp(shipped('site-to-site-manual'));
  });
  afterAll(() => lab.down());

  test.each(Object.keys(V4).slice(0, 2))('real programs on %s reach the other office', async node => {
    for (const to of node === 'a1' ? [V4.b1, V6.b1] : [V4.a1, V6.a1]) {
      expect(await lab.probe(icmp({ from: node, to }))).toMatchObject({ kind: 'answered' });
    }
  });

  test('the wide area sees ESP and what finds neighbours, nothing else', async () => {
    await lab.probe(icmp({ from: 'a1', to: V4.b1 }));
    await expect.poll(() => seen('wan').filter(kind => kind !== ARP && kind !== IPV6), CAPTURED).toEqual([ESP]);
    expect(seen('lan-a')).toContain(1);
    const senders = packets.filter(packet => packet.link === 'wan').map(packet => packet.from);
    expect([...new Set(senders)].sort()).toEqual(['alice:net0', 'internet:alice']);
  });

  test('the way up: a gateway is a host of its own as well', async () => {
    expect(await lab.probe(icmp({ from: 'alice', to: V4.b1 }))).toMatchObject({ kind: 'answered' });
    expect(await lab.probe(icmp({ from: 'alice', to: '10.0.1.1' }))).toMatchObject({ kind: 'answered' });
    expect(await lab.probe(socket('tcp', { from: 'a1', to: V4.alice, toNode: 'alice' }))).toMatchObject({
      kind: 'answered',
    });
    expect(await lab.probe(socket('udp', { from: 'b1', to: V6.alice, toNode: 'alice' }))).toMatchObject({
      kind: 'answered',
    });
    const { said } = await run(lab, 'alice', ['ip', 'route', 'get', V4.b1]);
    expect(said).toMatch(/dev engine0 src 10\.0\.0\.1/);
  });

  test('the kernel behind a gateway sees only what the engine hands up', async () => {
    const from = packets.length;
    // A closed port: a kernel that saw the segment on the NIC as well would answer twice.
    expect(await lab.probe(socket('tcp', { from: 'a1', to: V4.alice }))).toMatchObject({ kind: 'refused' });
    const answers = () => packets.slice(from).filter(({ from, octets }) => from === 'alice:net1' && octets[23] === 6);
    await expect.poll(answers, CAPTURED).not.toHaveLength(0);
    await lab.sleep(50);
    expect(answers()).toHaveLength(1);
    const { said } = await run(lab, 'alice', ['ip', '-br', 'link']);
    expect(said.split('\n').map(line => line.split(/[@\s]/)[0])).toEqual(['lo', 'engine0', '']);
  });

  test.each(['udp', 'tcp'] as const)('%s echoes both ways, in both families', async kind => {
    for (const { a1, b1 } of [V4, V6]) {
      expect(await lab.probe(socket(kind, { from: 'a1', to: b1, toNode: 'b1' }))).toMatchObject({ kind: 'answered' });
      expect(await lab.probe(socket(kind, { from: 'b1', to: a1, toNode: 'a1' }))).toMatchObject({ kind: 'answered' });
    }
  });

  test('refusals say why', async () => {
    expect(await lab.probe(socket('tcp', { from: 'a1', to: V4.b1 }))).toMatchObject({
      kind: 'refused',
      why: 'connection refused',
    });
    expect(await lab.probe(socket('udp', { from: 'a1', to: V4.b1 }))).toMatchObject({
      kind: 'refused',
      why: 'connection refused',
    });
    expect(await lab.probe(icmp({ from: 'a1', to: '2001:db8:99::1' }))).toMatchObject({ kind: 'refused' });
    const large: Probe = { ...basics, from: 'a1', to: V4.b1, with: 'icmp', dontFragment: true, sizeOctets: 1472 };
    expect(await lab.probe(large)).toMatchObject({ kind: 'refused', mtu: 1446 });
    expect(await lab.probe({ ...large, sizeOctets: 1446 - 28 })).toMatchObject({ kind: 'answered' });
  });

  test('exec has the streams and the status of the command', async () => {
    expect(await run(lab, 'a1', ['sh', '-c', 'exit 3'])).toMatchObject({ status: 3 });
    expect(await run(lab, 'a1', ['no-such-program'])).toMatchObject({ status: 127 });
    const input = (async function* () {
      yield Buffer.from('one ');
      await Promise.resolve();
      yield Buffer.from('two');
    })();
    expect(await run(lab, 'a1', ['cat'], { stdin: input })).toEqual({ status: 0, said: 'one two' });
    const stop = new AbortController();
    const sleeping = run(lab, 'a1', ['sleep', '60'], { signal: stop.signal });
    setTimeout(() => stop.abort(), 50);
    expect(await sleeping).toMatchObject({ status: 128 + 15 });
  });

  test('status and explanation come from the nodes', async () => {
    const nodes = await lab.status();
    expect(nodes.map(node => node.name)).toEqual(['alice', 'bob', 'internet', 'a1', 'b1']);
    const [alice, , internet, a1] = nodes;
    expect(alice?.sas).toHaveLength(2);
    expect(alice?.interfaces.every(iface => iface.up)).toBe(true);
    expect(internet?.interfaces.map(iface => iface.name)).toEqual(['alice', 'bob']);
    expect(a1?.interfaces[0]?.addresses).toContain('10.0.0.2/24');
    expect(a1?.interfaces[0]?.counters.sentPackets).toBeGreaterThan(0);
    expect(a1?.routes).toContainEqual({ destination: '0.0.0.0/0', via: '10.0.0.1', interface: 'eth0' });
    const flow = { source: V4.a1, destination: V4.b1, protocol: 6, sourcePort: 4000, destinationPort: 80 };
    expect(await lab.explain('alice', flow)).toMatchObject({ verdict: 'protect' });
    expect(await lab.explain('a1', flow)).toBeNull();
    expect(lab.keys()).toHaveLength(2);
  });

  test.each([
    ['a1', V4],
    ['b1', V6],
  ] as const)('a bulk transfer from %s arrives whole, with superframes on', async (from, { a1, b1 }) => {
    const [to, address] = from === 'a1' ? ['b1', b1] : ['a1', a1];
    const digest = createHash('sha256');
    const received = new Promise<string>(resolve => {
      const server = tcpServerIn(`/run/netns/${to}`, address, 7100, peer => {
        peer.on('data', chunk => digest.update(chunk));
        peer.on('end', () => (server.close(), resolve(digest.digest('hex'))));
      });
    });
    const payload = randomBytes(8 << 20);
    tcpSocketIn(`/run/netns/${from}`, address, 7100).end(payload);
    expect(await received).toBe(createHash('sha256').update(payload).digest('hex'));
    await lab.sleep(50);
    // Superframes enter, packets leave: each one that the wire could carry.
    expect(packets.filter(packet => packet.octets.length > 1514)).toEqual([]);
    const status = await lab.status();
    expect(status.find(node => node.name === 'bob')?.drops.authenticationFailed).toBeUndefined();
  });

  test('an injected frame arrives as if the other end had sent it', async () => {
    const marked = new Uint8Array(60).fill(0x77);
    marked.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 0x88, 0xb5]);
    await lab.inject('lan-a', 'alice', marked);
    await lab.inject('wan', 'internet', marked);
    const found = () =>
      packets
        .filter(({ octets }) => Buffer.from(octets).equals(marked))
        .map(({ link, from }) => `${link} ${from}`)
        .sort();
    await expect.poll(found, CAPTURED).toEqual(['lan-a a1:eth0', 'wan alice:net0']);
  });

  test('links go down and come up again', async () => {
    for (const link of ['wan', 'lan-a']) {
      await lab.fault({ kind: 'linkDown', link });
      expect((await lab.probe({ ...icmp({ from: 'a1', to: V4.b1 }), timeoutMs: 300 })).kind).not.toBe('answered');
      await lab.fault({ kind: 'linkUp', link });
      for (const to of [V4.b1, V6.b1]) await reachable(lab, 'a1', to);
    }
  });

  test('a link can be deaf one way', async () => {
    await lab.fault({ kind: 'partition', link: 'wan', from: 'internet' });
    expect((await lab.probe({ ...icmp({ from: 'a1', to: V4.b1 }), timeoutMs: 300 })).kind).not.toBe('answered');
    await lab.fault({ kind: 'heal', link: 'wan' });
    await reachable(lab, 'a1', V4.b1);
  });

  test('a gateway that crashed is gone, and comes back with new keys', async () => {
    await lab.fault({ kind: 'crash', node: 'alice' });
    expect((await lab.probe({ ...icmp({ from: 'a1', to: V4.b1 }), timeoutMs: 300 })).kind).not.toBe('answered');
    expect((await lab.status())[0]).toMatchObject({ name: 'alice', sas: [] });
    expect(
      await lab.explain('alice', {
        source: V4.a1,
        destination: V4.b1,
        protocol: 1,
        sourcePort: null,
        destinationPort: null,
      }),
    ).toBeNull();
    await lab.fault({ kind: 'restart', node: 'alice' });
    for (const to of [V4.b1, V6.b1]) await reachable(lab, 'a1', to);
    expect(lab.keys()).toHaveLength(4);
    expect(new Set(lab.keys().map(key => key.encryptionKey)).size).toBe(4);
    const [alice, bob] = await lab.status();
    expect(bob?.sas.map(sa => sa.spi).sort()).toEqual(alice?.sas.map(sa => sa.spi).sort());
  });

  test('a clock can run ahead, and a plain node restart', async () => {
    await lab.fault({ kind: 'clockSkew', node: 'bob', byNs: 3000 * NS_PER_MS });
    await reachable(lab, 'a1', V4.b1);
    await lab.fault({ kind: 'crash', node: 'b1' });
    expect((await lab.probe({ ...icmp({ from: 'a1', to: V4.b1 }), timeoutMs: 300 })).kind).not.toBe('answered');
    await lab.fault({ kind: 'restart', node: 'b1' });
    for (const to of [V4.b1, V6.b1]) await reachable(lab, 'a1', to);
    expect(events.filter(event => event.kind === 'died')).toEqual([]);
  });
});

/** Neighbours need a moment to find each other again. */
async function reachable(lab: RunningLab, from: string, to: string): Promise<void> {
  for (let tries = 0; tries < 8; tries++) {
    const { kind } = await lab.probe({ ...icmp({ from, to }), timeoutMs: 1000 });
    if (kind === 'answered') return;
    await lab.sleep(50);
  }
  throw new Error(`${from} does not reach ${to}`);
}

function impaired(link: string, forward: Partial<Impairment>, backward: Partial<Impairment>): Topology {
  const topology = shipped('site-to-site-manual');
  const impairments = [
    { ...UNIMPAIRED, ...forward },
    { ...UNIMPAIRED, ...backward },
  ] as const;
  return { ...topology, links: topology.links.map(each => (each.name === link ? { ...each, impairments } : each)) };
}

describe.runIf(insideNamespaces)('impaired links, live', () => {
  test('the lab before has left nothing', () => {
    expect(readdirSync('/run/netns')).toEqual([]);
  });

  test('delay, rate and scheduled faults, superframes included', async () => {
    const slow = impaired('wan', { delayNs: 15 * NS_PER_MS, jitterNs: NS_PER_MS }, { delayNs: 5 * NS_PER_MS });
    const lab = await bringUp({
      ...slow,
      faults: [{ atNs: 3000 * NS_PER_MS, action: { kind: 'linkDown', link: 'wan' } }],
    });
    try {
      const result = await lab.probe(icmp({ from: 'a1', to: V4.b1 }));
      expect(result).toMatchObject({ kind: 'answered' });
      expect(result.kind === 'answered' && result.rttMs).toBeGreaterThanOrEqual(19);
      expect(
        await lab.probe({ ...socket('tcp', { from: 'a1', to: V4.b1, toNode: 'b1' }), sizeOctets: 200_000 }),
      ).toMatchObject({ kind: 'answered' });
      await lab.fault({ kind: 'partition', link: 'wan', from: 'alice' });
      expect((await lab.probe({ ...icmp({ from: 'a1', to: V4.b1 }), timeoutMs: 300 })).kind).toBe('timeout');
      await lab.fault({ kind: 'heal', link: 'wan' });
      await reachable(lab, 'a1', V4.b1);
      while (!events.some(event => event.kind === 'linkDown')) await lab.sleep(50);
      await lab.sleep(50);
      expect((await lab.probe({ ...icmp({ from: 'a1', to: V4.b1 }), timeoutMs: 300 })).kind).not.toBe('answered');
    } finally {
      await lab.down();
    }
  });

  test('a link more can be impaired later', async () => {
    const lab = await bringUp(impaired('wan', { delayNs: 5 * NS_PER_MS }, {}));
    try {
      const slow = { ...UNIMPAIRED, delayNs: 10 * NS_PER_MS };
      await lab.fault({ kind: 'impair', link: 'lan-a', impairments: [slow, slow] });
      await lab.fault({ kind: 'impair', link: 'lan-b', impairments: [slow, slow] });
      await reachable(lab, 'a1', V4.b1);
      const result = await lab.probe({ ...icmp({ from: 'a1', to: V4.b1 }), timeoutMs: 1000 });
      expect(result.kind === 'answered' && result.rttMs).toBeGreaterThanOrEqual(44);
      expect(events.filter(event => event.kind === 'died')).toEqual([]);
    } finally {
      await lab.down();
    }
  });

  test('what a lossy link loses was still sent', async () => {
    const lab = await bringUp(impaired('wan', { loss: 1 }, {}));
    try {
      expect((await lab.probe({ ...icmp({ from: 'a1', to: V4.b1 }), timeoutMs: 300 })).kind).not.toBe('answered');
      expect(packets.some(packet => packet.from === 'alice:net0')).toBe(true);
      expect(packets.some(packet => packet.from === 'internet:bob' && packet.octets[23] === ESP)).toBe(false);
    } finally {
      await lab.down();
    }
  });
});

describe.runIf(insideNamespaces)('other topologies, live', () => {
  test.each(['site-to-site-v6', 'transport-pair', 'clear'])('%s comes up and down again', async name => {
    const topology = shipped(name);
    const lab = await bringUp(topology);
    try {
      const reach = topology.checks.flatMap(({ spec }) => (spec.kind === 'reach' ? [spec] : []));
      expect(reach.length).toBeGreaterThan(0);
      for (const { from, to } of reach) await reachable(lab, from, to);
      expect(Object.values(lab.captureLosses()).every(losses => losses === 0)).toBe(true);
    } finally {
      await lab.down();
    }
  });

  test('a host forms its address from what the engine advertises', async () => {
    const topology = shipped('site-to-site-manual');
    const nodes = topology.nodes.map(node =>
      node.name === 'a1'
        ? {
            ...node,
            routes: [],
            interfaces: node.interfaces.map(iface => ({ ...iface, addresses: [], autoconfigure: true })),
          }
        : node,
    );
    const lab = await bringUp({ ...topology, nodes });
    try {
      const addresses = async () => (await lab.status()).find(node => node.name === 'a1')?.interfaces[0]?.addresses;
      while ((await addresses())?.some(each => each.startsWith('2001:')) !== true) await lab.sleep(50);
      // fe80::/10 with the MAC's octets, RFC 4862 and RFC 4291 appendix A: its prefix is the one that alice advertises.
      expect(await addresses()).toContainEqual(expect.stringMatching(/^2001:470:24:c66:0?:.*ff:fe00:.*\/64$/));
      await reachable(lab, 'a1', V6.b1);
    } finally {
      await lab.down();
    }
  });

  test('a plain router advertises as well, where it is asked to', async () => {
    const { topology } = loadTopology(
      'advertising.yaml',
      `
name: advertising
title: A router and a host that knows nothing
nodes:
  r: { kind: router, interfaces: { i0: { addresses: ["2001:db8:1::1/64"], advertise: true } } }
  h: { kind: host, interfaces: { eth0: { autoconfigure: true } } }
links:
  l: { endpoints: ["r:i0", "h:eth0"] }
`,
    );
    if (topology === null) throw new Error('does not load');
    const lab = await bringUp(topology);
    try {
      const routes = async () => (await run(lab, 'h', ['ip', '-6', 'route'])).said;
      while (!(await routes()).includes('default via fe80:')) await lab.sleep(50);
      await reachable(lab, 'h', '2001:db8:1::1');
      expect(await routes()).toContain('2001:db8:1::/64 dev eth0');
    } finally {
      await lab.down();
    }
  });

  test('so does an engine host, and the kernel above it', async () => {
    const topology = shipped('site-to-site-manual');
    const nodes = topology.nodes.map(node =>
      node.name === 'a1'
        ? {
            ...node,
            engine: true,
            routes: [],
            interfaces: node.interfaces.map(iface => ({ ...iface, addresses: [], autoconfigure: true })),
          }
        : node,
    );
    const lab = await bringUp({ ...topology, nodes });
    try {
      while (!events.some(event => event.node === 'a1' && event.kind === 'addressConfigured')) await lab.sleep(50);
      await reachable(lab, 'a1', V6.b1);
      const { said } = await run(lab, 'a1', ['ip', '-6', 'route', 'get', V6.b1]);
      expect(said).toMatch(/dev engine0 .*src 2001:470:24:c66:/);
    } finally {
      await lab.down();
    }
  });

  test('and a gateway, from what comes through its tunnel', async () => {
    const { topology } = loadTopology('tunnel-slaac.yaml', TUNNEL_SLAAC);
    if (topology === null) throw new Error('does not load');
    const lab = await bringUp(topology);
    try {
      while (!events.some(event => event.node === 'alice' && event.kind === 'addressConfigured')) await lab.sleep(50);
      await reachable(lab, 'bob', FORMED);
      await reachable(lab, 'alice', '2001:db8:77::1');
      const { said } = await run(lab, 'alice', ['ip', '-6', 'route', 'get', '2001:db8:78::1']);
      expect(said).toContain(`dev engine0 src ${FORMED}`);
      expect(seen('wan')).toEqual([ESP, ARP, IPV6]); // the last: its own neighbour discovery
      expect(events.filter(event => event.kind === 'addressesNotAdopted')).toEqual([]);
    } finally {
      await lab.down();
    }
  });

  test('a subject that is broken on purpose stands where the engine would', async () => {
    const implementation = { file: programFile('lab/subjects/all-subjects'), name: 'skips-encryption' };
    const lab = await bringUp(shipped('site-to-site-manual'), {
      standFor: node => (node === 'alice' ? { implementation } : {}),
    });
    try {
      await lab.probe({ ...socket('udp', { from: 'a1', to: V4.b1, toNode: 'b1' }), timeoutMs: 300, sizeOctets: 16 });
      const secret = Buffer.from(Array.from({ length: 16 }, (_, i) => i * 7));
      const clear = () =>
        packets.filter(({ from, octets }) => from === 'alice:net0' && Buffer.from(octets).includes(secret)).length;
      await expect.poll(clear, CAPTURED).toBeGreaterThan(0);
    } finally {
      await lab.down();
    }
  });

  test('a kernel from a file, or from none, is told apart', async () => {
    const kernel = '/nonexistent/kernel.js';
    await expect(bringUp(shipped('site-to-site-manual'), { standFor: () => ({ kernel }) })).rejects.toThrow(
      /nonexistent/,
    );
    expect(readdirSync('/run/netns')).toEqual([]);
  });

  test('a lab that cannot come up leaves nothing', async () => {
    const topology = shipped('site-to-site-manual');
    const broken = topology.nodes.map(node =>
      node.name === 'b1' ? { ...node, routes: [{ destination: 'nonsense', via: null, interface: null }] } : node,
    );
    await expect(bringUp({ ...topology, nodes: broken })).rejects.toThrow(/nonsense/);
    expect(readdirSync('/run/netns')).toEqual([]);
    const mine = readdirSync('/proc').filter(name => /^[0-9]+$/.test(name));
    const commands = mine.map(pid => commandOf(pid)).filter(command => command.includes('engine/host/main'));
    expect(commands).toEqual([]);
  });
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
