import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAddress, parseMac } from '../../engine/wire/address.ts';
import { ArpOperation, decodeArp, encodeArp } from '../../engine/wire/arp.ts';
import { dissect } from '../../engine/wire/dissect.ts';
import { ping } from '../../engine/node/testing/packets.ts';
import { decodeEthernet, encodeEthernet, EtherType } from '../../engine/wire/ethernet.ts';
import type { CapturedPacket } from '../capture/packet.ts';
import { UNIMPAIRED } from '../topology/impairment.ts';
import type { Topology } from '../topology/model.ts';
import type { Driver, LabEvent, Probe, ProbeResult, RunningLab } from './driver.ts';

/**
 * What every driver is held to. `site-to-site` is the shipped topology of that name, or one with the same nodes, links and
 * addresses: hosts a1 and b1, gateways alice and bob, links lan-a, wan, wan-bob, lan-b, IPv4 and IPv6 in both offices.
 * `natT` and `filterGateway` are the shipped ones.
 */
export interface ContractTopologies {
  readonly siteToSite: Topology;
  readonly natT: Topology;
  readonly filterGateway: Topology;
}

interface Scene {
  readonly lab: RunningLab;
  readonly packets: CapturedPacket[];
  readonly events: LabEvent[];
  close(): Promise<void>;
}

const A1 = { 4: '10.0.0.2', 6: '2001:470:24:c66::2' } as const;
const B1 = { 4: '10.0.1.2', 6: '2001:470:24:c67::2' } as const;
const ECHO_PORT = 7;
const PORT = 17_000;
const FLOW = { source: A1[4], destination: B1[4], protocol: 6, sourcePort: 40_000, destinationPort: 443 };

/** Registers the tests of a driver. `createDriver` is called once a lab. */
export function driverContract(name: string, createDriver: () => Driver, topologies: ContractTopologies): void {
  const { siteToSite, natT, filterGateway } = topologies;

  describe(`${name}: a lab that is up`, () => {
    let scene: Scene;
    beforeAll(async () => {
      scene = await open(createDriver(), siteToSite);
    });
    afterAll(() => scene.close());

    for (const version of [4, 6] as const) {
      for (const protocol of ['icmp', 'udp', 'tcp'] as const) {
        test(`reaches over IPv${version} with ${protocol}`, async () => {
          expect(await reach(scene.lab, probeOf(version, protocol))).toMatchObject({ kind: 'answered' });
        });
      }
    }

    test('says how large a packet may be that must not be cut', async () => {
      const large = { ...probeOf(4, 'icmp'), with: 'icmp', dontFragment: true, sizeOctets: 1500 - 28 } as const;
      const refused = await eventually(
        () => scene.lab.probe(large),
        result => result.kind === 'refused',
      );
      expect(refused).toMatchObject({ kind: 'refused' });
      const mtu = refused.kind === 'refused' ? (refused.mtu ?? 0) : 0;
      expect(mtu).toBeGreaterThan(1300);
      expect(await reach(scene.lab, { ...large, sizeOctets: mtu - 28 })).toMatchObject({ kind: 'answered' });
    });

    test('refuses a TCP port where nobody listens', async () => {
      const probe: Probe = { ...probeOf(4, 'tcp'), with: 'tcp', port: 4, toNode: null };
      const result = await eventually(
        () => scene.lab.probe(probe),
        candidate => candidate.kind === 'refused',
      );
      expect(result).toMatchObject({ kind: 'refused' });
    });

    test('captures every link from before the first packet, in order, and names the sender', () => {
      const ends = new Map(
        siteToSite.links.map(link => [link.name, link.endpoints.map(end => `${end.node}:${end.interface}`)]),
      );
      for (const link of siteToSite.links) {
        const seen = scene.packets.filter(packet => packet.link === link.name);
        expect(seen.length).toBeGreaterThan(0);
        expect(seen.every(packet => ends.get(link.name)?.includes(packet.from))).toBe(true);
        expect(seen.every((packet, index) => index === 0 || packet.at >= (seen[index - 1]?.at ?? 0n))).toBe(true);
        // Nobody can talk before somebody was asked for an address.
        const first = layersOf(seen[0]);
        expect(first.some(kind => kind === 'arp' || kind === 'icmpv6')).toBe(true);
      }
    });

    test('shows on each link what passes there: echo in the office, ESP in between', async () => {
      const mark = scene.packets.length;
      expect(await reach(scene.lab, probeOf(4, 'icmp'))).toMatchObject({ kind: 'answered' });
      await scene.lab.sleep(50);
      const seen = (link: string) => scene.packets.slice(mark).filter(packet => packet.link === link);
      expect(seen('lan-a').some(packet => layersOf(packet).includes('icmpv4'))).toBe(true);
      expect(seen('lan-b').some(packet => layersOf(packet).includes('icmpv4'))).toBe(true);
      for (const link of ['wan', 'wan-bob']) {
        expect(seen(link).some(packet => layersOf(packet).includes('esp'))).toBe(true);
        expect(seen(link).some(packet => layersOf(packet).includes('icmpv4'))).toBe(false);
      }
    });

    test('carries an injected frame to the end that it is for', async () => {
      const alice = interfaceOf(siteToSite, 'alice', 'net1');
      const a1 = interfaceOf(siteToSite, 'a1', 'eth0');
      const request = encodeArp({
        operation: ArpOperation.REQUEST,
        senderMac: mac(a1.mac),
        senderAddress: address('10.0.0.77'),
        targetMac: new Uint8Array(6),
        targetAddress: address('10.0.0.1'),
      });
      const frame = encodeEthernet({
        destination: new Uint8Array(6).fill(255),
        source: mac(a1.mac),
        etherType: EtherType.ARP,
        payload: request,
      });
      const mark = scene.packets.length;
      await scene.lab.inject('lan-a', 'alice', frame);
      const answer = await eventually(
        async () => {
          await scene.lab.sleep(50);
          return scene.packets
            .slice(mark)
            .find(packet => packet.from === 'alice:net1' && isArpReplyTo(packet, '10.0.0.77'));
        },
        found => found !== undefined,
      );
      expect(answer).toBeDefined();
      expect([...decodeArp(decodeEthernet(answer?.octets ?? frame).payload).senderMac]).toEqual([...mac(alice.mac)]);
      const injected = scene.packets.slice(mark).find(packet => Buffer.compare(packet.octets, frame) === 0);
      expect(injected).toMatchObject({ link: 'lan-a', from: 'a1:eth0' });
    });

    test('runs ping: 0 when answered, 1 when not, 2 when it cannot start', async () => {
      const answered = await execute(scene.lab, 'a1', ['ping', '-n', '-c', '2', '-i', '0.2', B1[4]]);
      expect(answered).toMatchObject({ status: 0, stderr: '' });
      expect(answered.stdout).toMatch(/64 bytes from 10\.0\.1\.2: icmp_seq=2 ttl=6\d time=[\d.]+ ms/);
      expect(answered.stdout).toMatch(/2 packets transmitted, 2 received, 0% packet loss/);
      const ipv6 = await execute(scene.lab, 'a1', ['ping', '-n', '-c', '1', B1[6]]);
      expect(ipv6).toMatchObject({ status: 0 });
      const silent = await execute(scene.lab, 'a1', ['ping', '-n', '-c', '1', '-W', '1', '10.0.1.99']);
      expect(silent).toMatchObject({ status: 1 });
      const unknown = await execute(scene.lab, 'a1', ['ping', '-c', '1', 'not an address']);
      expect(unknown).toMatchObject({ status: 2, stdout: '' });
      expect(unknown.stderr).not.toBe('');
    });

    test('runs ping on a gateway', async () => {
      const { status } = await execute(scene.lab, 'alice', ['ping', '-n', '-c', '1', '10.0.1.1']);
      expect(status).toBe(0);
    });

    test('gives 127 for a command that does not exist', async () => {
      const { status, stderr } = await execute(scene.lab, 'a1', ['no-such-command']);
      expect(status).toBe(127);
      expect(stderr).toContain('no-such-command');
    });

    test('carries standard input through nc to standard output, octet by octet', async () => {
      const octets = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff);
      const server = execute(scene.lab, 'b1', ['nc', '-l', String(PORT)]);
      await scene.lab.sleep(300);
      const client = await execute(scene.lab, 'a1', ['nc', '-N', B1[4], String(PORT)], [octets]);
      const { status, octets: received } = await server;
      expect([client.status, status]).toEqual([0, 0]);
      expect(Buffer.compare(received, octets)).toBe(0);
    });

    test('nc says with its exit status whether a port is open', async () => {
      expect(await execute(scene.lab, 'a1', ['nc', '-z', B1[4], '4'])).toMatchObject({ status: 1 });
    });

    test('ends a command whose caller does not want it any more', async () => {
      const stop = new AbortController();
      const ended = execute(scene.lab, 'a1', ['ping', '-n', '-i', '0.2', B1[4]], null, stop.signal);
      await scene.lab.sleep(500);
      stop.abort();
      const { status, stdout } = await ended;
      expect(typeof status).toBe('number');
      expect(stdout).toContain('icmp_seq=1 ');
    });

    test('has a clock that moves while it sleeps', async () => {
      const before = scene.lab.now();
      await scene.lab.sleep(120);
      expect(scene.lab.now() - before).toBeGreaterThanOrEqual(119_000_000n);
    });

    test('reports every node, and the SAs of the gateways with their counters', async () => {
      const status = await scene.lab.status();
      expect(status.map(node => node.name).sort()).toEqual(siteToSite.nodes.map(node => node.name).sort());
      const alice = status.find(node => node.name === 'alice');
      expect(alice?.interfaces.map(entry => entry.name)).toEqual(expect.arrayContaining(['net0', 'net1', 'v4_bob0']));
      const directions = alice?.sas.filter(sa => sa.packets > 0).map(sa => sa.direction);
      expect([...(directions ?? [])].sort()).toEqual(['inbound', 'outbound']);
    });

    test("answers administrators' tools on a gateway", async () => {
      const sad = await execute(scene.lab, 'alice', ['setkey', '-D']);
      expect(sad).toMatchObject({ status: 0, stderr: '' });
      expect(sad.stdout).toMatch(/^\tesp mode=tunnel spi=\d+\(0x[0-9a-f]{8}\) reqid=/m);
      const statements = [new TextEncoder().encode('dump ah; spd'), new TextEncoder().encode('dump;')];
      const read = await execute(scene.lab, 'alice', ['setkey', '-c'], statements);
      expect(read.stdout).toMatch(/^No SAD entries\.\n\S+ \S+ 255\n {4}in prio def ipsec\n {4}esp\/tunnel\//);
      const policies = await execute(scene.lab, 'bob', ['ipsecconf', '-L']);
      expect(policies.stdout).toContain('{ tunnel v4_alice0 negotiate tunnel ');
      expect(await execute(scene.lab, 'alice', ['setkey', '-Z'])).toMatchObject({ status: 1, stdout: '' });
    });

    test('lets nobody feed a tool without end', async () => {
      const comment = new TextEncoder().encode(`#${' '.repeat(1 << 20)}\n`);
      const endless = Array.from({ length: 20 }, () => comment);
      expect(await execute(scene.lab, 'alice', ['setkey', '-c'], endless)).toMatchObject({
        status: 1,
        stderr: 'setkey: stdin: File too large\n',
      });
    });

    test('explains what a gateway would do, and does not do it', async () => {
      const mark = scene.packets.length;
      const explanation = await scene.lab.explain('alice', FLOW);
      expect(explanation).toMatchObject({
        verdict: 'protect',
        interface: expect.any(String),
        policy: expect.any(String),
      });
      expect(
        scene.packets.slice(mark).filter(packet => packet.link === 'wan' && layersOf(packet).includes('tcp')),
      ).toEqual([]);
    });

    test('hands out the keys of its SAs, and has lost nothing of the capture', () => {
      expect(
        scene.lab
          .keys()
          .map(key => key.source)
          .sort(),
      ).toEqual(['1.2.3.4', '5.6.7.8']);
      expect(Object.values(scene.lab.captureLosses()).every(lost => lost === 0)).toBe(true);
    });

    test('rejects what is done to nodes and links that it does not have', async () => {
      await expect(execute(scene.lab, 'nobody', ['true'])).rejects.toThrow(/nobody/);
      await expect(scene.lab.inject('nowhere', 'alice', new Uint8Array(60))).rejects.toThrow(/nowhere/);
    });
  });

  describe(`${name}: faults`, () => {
    let scene: Scene;
    beforeAll(async () => {
      scene = await open(createDriver(), siteToSite);
      expect(await reach(scene.lab, probeOf(4, 'icmp'))).toMatchObject({ kind: 'answered' });
    });
    afterAll(() => scene.close());

    test('a link that is down carries nothing, and works again when it is up', async () => {
      await scene.lab.fault({ kind: 'linkDown', link: 'wan' });
      expect((await scene.lab.probe(probeOf(4, 'icmp'))).kind).not.toBe('answered');
      await scene.lab.fault({ kind: 'linkUp', link: 'wan' });
      expect(await reach(scene.lab, probeOf(4, 'icmp'))).toMatchObject({ kind: 'answered' });
    });

    test('a partition is deaf one way: the request gets through, the answer does not', async () => {
      await scene.lab.fault({ kind: 'partition', link: 'lan-b', from: 'b1' });
      const mark = scene.packets.length;
      expect((await scene.lab.probe(probeOf(4, 'icmp'))).kind).not.toBe('answered');
      expect(scene.packets.slice(mark).some(packet => packet.from === 'bob:net1')).toBe(true);
      await scene.lab.fault({ kind: 'heal', link: 'lan-b' });
      expect(await reach(scene.lab, probeOf(4, 'icmp'))).toMatchObject({ kind: 'answered' });
    });

    test('a link that loses everything from now on does so, its capture goes on, and it can be made whole again', async () => {
      const link = siteToSite.links.find(({ name }) => name === 'wan');
      const all = { ...UNIMPAIRED, loss: 1 };
      await scene.lab.fault({ kind: 'impair', link: 'wan', impairments: [all, UNIMPAIRED] });
      expect(scene.lab.condition().links['wan']?.impairments[0].loss).toBe(1);
      const mark = scene.packets.length;
      expect((await scene.lab.probe(probeOf(4, 'icmp'))).kind).not.toBe('answered');
      expect(scene.packets.slice(mark).some(packet => packet.link === 'wan')).toBe(true);
      await scene.lab.fault({
        kind: 'impair',
        link: 'wan',
        impairments: link?.impairments ?? [UNIMPAIRED, UNIMPAIRED],
      });
      expect(await reach(scene.lab, probeOf(4, 'icmp'))).toMatchObject({ kind: 'answered' });
    });

    test('a gateway that is paused passes nothing and forgets nothing', async () => {
      await scene.lab.fault({ kind: 'pause', node: 'bob' });
      expect(scene.lab.condition().nodes['bob']).toBe('paused');
      expect((await scene.lab.status()).map(({ name }) => name)).toContain('bob');
      expect((await scene.lab.probe(probeOf(4, 'icmp'))).kind).not.toBe('answered');
      await scene.lab.fault({ kind: 'resume', node: 'bob' });
      expect(await reach(scene.lab, probeOf(4, 'icmp'))).toMatchObject({ kind: 'answered' });
      expect(scene.lab.condition().nodes['bob']).toBe('up');
      expect(scene.lab.keys()).toHaveLength(2);
    });

    test('a gateway that crashed passes nothing; restarted it has new SAs, and passes packets again', async () => {
      const spis = async () =>
        (await scene.lab.status()).find(node => node.name === 'bob')?.sas.map(sa => sa.spi) ?? [];
      const before = await spis();
      await scene.lab.fault({ kind: 'crash', node: 'alice' });
      expect((await scene.lab.probe(probeOf(4, 'icmp'))).kind).not.toBe('answered');
      await scene.lab.fault({ kind: 'restart', node: 'alice' });
      expect(await reach(scene.lab, probeOf(4, 'icmp'))).toMatchObject({ kind: 'answered' });
      const after = await spis();
      expect(after).toHaveLength(before.length);
      expect(after.filter(spi => before.includes(spi))).toEqual([]);
      expect(scene.lab.keys()).toHaveLength(4);
    });
  });

  describe(`${name}: behind a NAT`, () => {
    let scene: Scene;
    beforeAll(async () => {
      scene = await open(createDriver(), { ...natT, faults: [] });
      expect(await reach(scene.lab, probeOf(4, 'icmp'))).toMatchObject({ kind: 'answered' });
    });
    afterAll(() => scene.close());

    test('ESP goes in UDP, and bob knows its port outside', async () => {
      const bob = (await scene.lab.status()).find(node => node.name === 'bob');
      const ports = bob?.sas.find(sa => sa.direction === 'outbound')?.encapsulation;
      expect(ports).toMatch(/^4500 > \d+$/);
      const onWan = scene.packets.filter(packet => packet.link === 'wan' && layersOf(packet).includes('udp'));
      expect(onWan.length).toBeGreaterThan(0);
      expect(await reach(scene.lab, backFrom(probeOf(4, 'icmp')))).toMatchObject({ kind: 'answered' });
    });

    test('a NAT that forgets gives alice another port, and bob follows her next packet', async () => {
      const portOf = async () =>
        (await scene.lab.status()).find(node => node.name === 'bob')?.sas.map(sa => sa.encapsulation);
      const before = await portOf();
      await scene.lab.fault({ kind: 'rebind', node: 'home' });
      expect((await scene.lab.probe(backFrom(probeOf(4, 'icmp')))).kind).not.toBe('answered');
      expect(await reach(scene.lab, probeOf(4, 'icmp'))).toMatchObject({ kind: 'answered' });
      expect(await reach(scene.lab, backFrom(probeOf(4, 'icmp')))).toMatchObject({ kind: 'answered' });
      expect(await portOf()).not.toEqual(before);
      expect(scene.events.filter(event => event.node === 'bob').map(event => event.kind)).toContain('peerMoved');
    });
  });

  describe(`${name}: with a filter`, () => {
    let scene: Scene;
    beforeAll(async () => {
      scene = await open(createDriver(), filterGateway);
    });
    afterAll(() => scene.close());

    test('only the tunnel carries packets between the offices: in the clear they are refused on every interface', async () => {
      for (const version of [4, 6] as const) {
        expect(await reach(scene.lab, probeOf(version, 'icmp'))).toMatchObject({ kind: 'answered' });
        const mark = scene.packets.length;
        await scene.lab.inject('wan', 'alice:net0', clearFrame(filterGateway, version));
        await scene.lab.sleep(100);
        const since = scene.packets.slice(mark);
        expect(since.filter(packet => packet.link === 'lan-a' && hasIpSource(packet, B1[version]))).toEqual([]);
      }
      const alice = (await scene.lab.status()).find(node => node.name === 'alice');
      expect(alice?.drops.filtered).toBeGreaterThanOrEqual(2);
      const hits = alice?.filter?.rules.filter(rule => rule.text.startsWith('block in from')).map(rule => rule.packets);
      expect(hits?.every(packets => packets > 0)).toBe(true);
    });
  });

  describe(`${name}: going down`, () => {
    test('may be repeated, ends what runs, and leaves nothing to use', async () => {
      const scene = await open(createDriver(), siteToSite);
      expect(await reach(scene.lab, probeOf(4, 'icmp'))).toMatchObject({ kind: 'answered' });
      const running = execute(scene.lab, 'a1', ['ping', '-n', B1[4]]);
      await scene.lab.sleep(100);
      await scene.lab.down();
      expect((await running).status).not.toBe(0);
      await scene.lab.down();
      await expect(scene.lab.probe(probeOf(4, 'icmp'))).rejects.toThrow(Error);
      await scene.close();
    });
  });
}

async function open(driver: Driver, topology: Topology): Promise<Scene> {
  const packets: CapturedPacket[] = [];
  const events: LabEvent[] = [];
  const lab = await driver.up(topology, {
    runId: `contract-${Math.random().toString(36).slice(2, 10)}`,
    seed: 'contract',
    onPacket: packet => packets.push(packet),
    onEvent: event => events.push(event),
  });
  return { lab, packets, events, close: () => lab.down() };
}

function probeOf(version: 4 | 6, protocol: 'icmp' | 'udp' | 'tcp'): Probe {
  const common = { from: 'a1', to: B1[version], toNode: 'b1', timeoutMs: 1000, sizeOctets: 56 };
  if (protocol === 'icmp') return { ...common, with: 'icmp', dontFragment: false };
  return { ...common, with: protocol, port: ECHO_PORT };
}

/** The same the other way round. */
const backFrom = (probe: Probe): Probe => ({ ...probe, from: 'b1', to: A1[4], toNode: 'a1' });

/** An echo request from b1 to a1 as somebody between the gateways would forge it, for alice's side of the wan. */
function clearFrame(topology: Topology, version: 4 | 6): Uint8Array {
  return encodeEthernet({
    destination: mac(interfaceOf(topology, 'alice', 'net0').mac),
    source: mac(interfaceOf(topology, 'internet', 'alice').mac),
    etherType: version === 4 ? EtherType.IPV4 : EtherType.IPV6,
    payload: ping(B1[version], A1[version], 64),
  });
}

function hasIpSource({ octets }: CapturedPacket, source: string): boolean {
  const { etherType, payload } = decodeEthernet(octets);
  if (etherType !== EtherType.IPV4 && etherType !== EtherType.IPV6) return false;
  const own = etherType === EtherType.IPV4 ? payload.subarray(12, 16) : payload.subarray(8, 24);
  return Buffer.compare(own, address(source)) === 0;
}

/** A network that has just come up may lose the first packets: duplicate addresses are looked for, neighbours asked. */
async function eventually<T>(attempt: () => Promise<T>, isGood: (result: T) => boolean): Promise<T> {
  let result = await attempt();
  for (let tries = 1; tries < 8 && !isGood(result); tries++) result = await attempt();
  return result;
}

function reach(lab: RunningLab, probe: Probe): Promise<ProbeResult> {
  const attempt = async () => {
    const result = await lab.probe(probe);
    if (result.kind !== 'answered') await lab.sleep(250);
    return result;
  };
  return eventually(attempt, result => result.kind === 'answered');
}

async function execute(
  lab: RunningLab,
  node: string,
  argv: readonly string[],
  input: readonly Uint8Array[] | null = null,
  signal: AbortSignal | null = null,
) {
  const stdout: Uint8Array[] = [];
  const stderr: Uint8Array[] = [];
  const status = await lab.exec(node, argv, {
    stdin: input === null ? null : chunksOf(input),
    stdout: octets => stdout.push(new Uint8Array(octets)),
    stderr: octets => stderr.push(new Uint8Array(octets)),
    signal,
  });
  const octets = Buffer.concat(stdout);
  return { status, octets, stdout: octets.toString(), stderr: Buffer.concat(stderr).toString() };
}

// oxlint-disable-next-line typescript/require-await -- the input is there already
async function* chunksOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** Kinds of the layers, from the outside. */
function layersOf(packet: CapturedPacket | undefined): string[] {
  if (packet === undefined) return [];
  const { layers } = dissect(packet.octets);
  return layers.map(layer => layer.kind);
}

function isArpReplyTo(packet: CapturedPacket, target: string): boolean {
  if (!layersOf(packet).includes('arp')) return false;
  const arp = decodeArp(decodeEthernet(packet.octets).payload);
  return arp.operation === ArpOperation.REPLY && Buffer.compare(arp.targetAddress, address(target)) === 0;
}

function interfaceOf(topology: Topology, node: string, name: string) {
  const found = topology.nodes.find(entry => entry.name === node)?.interfaces.find(entry => entry.name === name);
  if (found === undefined) throw new Error(`the topology has no ${node}:${name}`);
  return found;
}

function address(text: string): Uint8Array {
  const parsed = parseAddress(text);
  if (parsed === null) throw new Error(`${text} is not an address`);
  return parsed;
}

function mac(text: string): Uint8Array {
  const parsed = parseMac(text);
  if (parsed === null) throw new Error(`${text} is not a MAC address`);
  return parsed;
}
