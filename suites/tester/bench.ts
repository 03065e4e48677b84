import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { EtherType, decodeEthernet } from '../../engine/wire/ethernet.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { fragmentIpv4 } from '../../engine/wire/ipv4.ts';
import { fragmentIpv6 } from '../../engine/wire/ipv6-extension.ts';
import { Reassembly } from '../../engine/wire/reassembly.ts';
import type { FieldName } from '../../lab/capture/frame-fields.ts';
import type { CapturedPacket } from '../../lab/capture/packet.ts';
import type { Driver, RunningLab } from '../../lab/drivers/driver.ts';
import type { ArrangedPolicy, ArrangedSa, Arrangement } from '../../lab/subjects/arrangement.ts';
import { arrangeBench } from '../../lab/subjects/arrangement.ts';
import { implementationOf } from '../../lab/subjects/live.ts';
import { ENGINE, type Subject } from '../../lab/subjects/subject.ts';
import type { Topology } from '../../lab/topology/model.ts';
import { openTopology } from '../../lab/topology/shipped.ts';
import type { SuiteSettings } from '../settings.ts';
import { type Citations, citationsOf } from './citations.ts';
import { espTransform } from './crypto/esp-transform.ts';
import { frameBetween } from './frames.ts';
import { integrityTransform } from './crypto/integrity-transform.ts';
import { Unsupported } from './judgement.ts';
import { type HeaderSeen, headerOf, holds, udp } from './ip.ts';
import type { TesterSa } from './sa.ts';

/** The addresses of bench.yaml, by family. */
export const ALICE = { 4: '1.2.3.4', 6: '2001:db8:12::4' } as const;
export const ALICE_INSIDE = { 4: '10.0.0.1', 6: '2001:470:24:c66::1' } as const;
/** The neighbour through which everything outside is reached. */
export const OUTSIDE = { 4: '1.2.3.1', 6: '2001:db8:12::1' } as const;
/** The gateway that the tester plays. */
export const PEER = { 4: '5.6.7.8', 6: '2001:db8:56::8' } as const;
/** A host behind alice, and one behind the peer; the tester plays both. */
export const HOST = { 4: '10.0.0.2', 6: '2001:470:24:c66::2' } as const;
export const FAR = { 4: '10.0.1.2', 6: '2001:470:24:c67::2' } as const;
export const HOST_NET = { 4: '10.0.0.0/24', 6: '2001:470:24:c66::/64' } as const;
export const FAR_NET = { 4: '10.0.1.0/24', 6: '2001:470:24:c67::/64' } as const;

export type Family = 4 | 6;

/** An SA of alice's; the bench makes its keys and, unless it is told, its SPI. */
export type SaPlan = Partial<Omit<ArrangedSa, 'encryptionKey' | 'integrityKey'>> & {
  /** How the clause calls it. */
  readonly label: string;
  readonly direction: 'inbound' | 'outbound';
  /** Of its ends; 4 unless given. */
  readonly family?: Family;
  /** Changes the keying material that alice is given, in hexadecimal. */
  readonly material?: (right: string) => string;
};

/** How a clause wants alice. */
export interface BenchPlan extends Omit<Arrangement, 'sas' | 'policies'> {
  readonly policies: readonly ArrangedPolicy[];
  readonly sas: readonly SaPlan[];
}

/** A whole IP packet that crossed a link: fragments are put together. */
export interface Seen {
  /** The frame; the last of its fragments where it came in pieces. */
  readonly packet: CapturedPacket;
  readonly ip: Uint8Array;
  readonly header: HeaderSeen;
}

export interface Bench extends Pick<Citations, 'evidence' | 'comments'> {
  readonly lab: RunningLab;
  readonly subject: Subject;
  /** Throws for a label that the plan does not have. */
  sa(label: string): TesterSa;
  /** Frames to alice from inside and from outside; then the lab gets time to carry them and their answers. */
  fromInside(packets: readonly Uint8Array[]): Promise<void>;
  fromOutside(packets: readonly Uint8Array[]): Promise<void>;
  /** What alice sent so far, in order, without ARP and Neighbor Discovery. */
  inside(): readonly Seen[];
  outside(): readonly Seen[];
  /** The same as they are, fragments not put together. */
  insidePieces(): readonly Seen[];
  outsidePieces(): readonly Seen[];
  /** Of those to the inside the ones that hold the text. */
  arrivals(text: string): readonly Seen[];
  /** Has alice call the peer: by a packet from the inside, or by a word to a subject that listens to none. */
  wake(): Promise<void>;
  /** Has alice carry out a command, and waits no longer than it takes to begin. */
  command(command: Parameters<RunningLab['ikeCommand']>[1]): Promise<void>;
  /**
   * Live, on a machine that has much to do, alice comes late to what she was sent: she has had her turn when she has answered
   * another question, and what she has to say has left when she answers the next.
   */
  hearsOut(): Promise<void>;
  /** How many packets alice says that she dropped, by reason. */
  drops(): Promise<Readonly<Record<string, number>>>;
  /** The kinds of what alice reported so far, in order. */
  events(): readonly string[];
  /** As `Citations` do; `fields` in the order in which they are looked for. */
  cite(seen: Pick<Seen, 'packet'>, says: string, ...fields: readonly FieldName[]): void;
  /** What a judgement rests on that cited nothing itself: what alice was sent, and what she sent. */
  citeAll(): void;
  packets(): readonly CapturedPacket[];
}

/** Of each direction: a report is to be read. */
const CITED_MAX = 3;

/** A datagram that makes a gateway negotiate. */
const WAKE = udp({ source: HOST[4], destination: FAR[4], payload: new TextEncoder().encode('WAKE ') });

/** How long, in lab time, a packet and its answer get. */
const SETTLE_MS = 300;

export interface BenchOrder {
  readonly subject: Subject;
  readonly plan: BenchPlan;
  readonly settings: SuiteSettings;
}

export async function openBench({ subject, plan, settings }: BenchOrder): Promise<Bench> {
  const runId = randomUUID();
  // What runs in virtual time is reproduced from its seed; live keys are never used twice.
  const secret = settings.driver === 'sim' ? settings.seed : runId;
  const sas = plan.sas.map((sa, index) => arrangedSa(sa, index, secret));
  const topology = benchTopology(subject, plan);
  const frames: CapturedPacket[] = [];
  const events: string[] = [];
  const citations = citationsOf(frames);
  const driver = await driverFor(subject, settings, { ...plan, sas: sas.map(({ config }) => config) });
  const lab = await driver.up(topology, {
    runId,
    seed: settings.seed,
    onPacket: packet => frames.push(packet),
    onEvent: event => void (event.node === 'alice' && events.push(event.kind)),
  });
  // Live, a daemon is a thread of its own that begins when it can: it is there when it says what it has.
  if (plan.ike !== undefined) await lab.ike();
  const send = async (link: string, from: string, towards: string, packets: readonly Uint8Array[]) => {
    for (const packet of packets.flatMap(asItFits)) {
      await lab.inject(link, towards, frameBetween(topology, from, towards, packet));
    }
    await lab.sleep(SETTLE_MS);
  };
  const command: Bench['command'] = async told => {
    const ended = lab.ikeCommand('alice', told);
    if (subject.implementation === undefined) return ended;
    // It answers when all is done, or never: the tester is about to see to that.
    ended.catch(() => undefined);
    await lab.sleep(SETTLE_MS);
  };
  const sent = (port: string) => wholePackets(frames.filter(frame => frame.from === port));
  return {
    lab,
    subject,
    sa: label => {
      const found = sas.find(sa => sa.label === label);
      if (found === undefined) throw new Error(`the bench has no SA ${label}`);
      return found.held;
    },
    wake: async () => {
      if (subject.implementation === undefined) return send('lan', 'inside:eth0', 'alice:net1', [WAKE]);
      const [child] = plan.ike?.connections[0]?.children ?? [];
      if (child === undefined) throw new Unsupported('alice has nothing to call for');
      return command({ kind: 'initiate', child: child.name });
    },
    command,
    hearsOut: async () => {
      if (subject.implementation !== undefined) return;
      for (let question = 0; question < 2; question++) await lab.ike();
      await lab.sleep(SETTLE_MS);
    },
    fromInside: packets => send('lan', 'inside:eth0', 'alice:net1', packets),
    fromOutside: packets => send('wan', 'outside:eth0', 'alice:net0', packets),
    inside: () => sent('alice:net1'),
    outside: () => sent('alice:net0'),
    insidePieces: () => packetsIn(frames.filter(frame => frame.from === 'alice:net1')),
    outsidePieces: () => packetsIn(frames.filter(frame => frame.from === 'alice:net0')),
    arrivals: text => sent('alice:net1').filter(({ ip }) => holds(ip, text)),
    drops: async () => (await lab.status()).find(({ name }) => name === 'alice')?.drops ?? {},
    events: () => events,
    cite: ({ packet }, says, ...fields) => citations.cite(packet, says, ...fields),
    citeAll: () => {
      const inward = packetsIn(frames.filter(frame => frame.from === 'inside:eth0' || frame.from === 'outside:eth0'));
      const outward = packetsIn(frames.filter(frame => frame.from === 'alice:net0' || frame.from === 'alice:net1'));
      for (const { packet } of inward.slice(-CITED_MAX)) citations.cite(packet, 'what alice was sent');
      for (const { packet } of outward.slice(-CITED_MAX)) citations.cite(packet, 'what she sent');
    },
    packets: () => frames,
    evidence: () => citations.evidence(),
    comments: () => citations.comments(),
  };
}

/** In fragments where a link cannot carry it: as a host would send it. */
function asItFits(packet: Uint8Array, index: number): Uint8Array[] {
  if (packet.length <= LINK_MTU) return [packet];
  return headerOf(packet).version === 4 ? fragmentIpv4(packet, LINK_MTU) : fragmentIpv6(packet, LINK_MTU, index + 1);
}

const LINK_MTU = 1500;

let topologyRead: Topology | null = null;

/** With alice as what the subject is. */
function benchTopology({ name, implementation, refuses }: Subject, { ike, sas }: BenchPlan): Topology {
  const topology = benchAsItStands();
  if (implementation === undefined) return topology;
  if (ike === undefined || sas.length > 0) throw new Unsupported(`${name} is given no SAs by hand`);
  const refusal = refuses?.(ike) ?? null;
  if (refusal !== null) throw new Unsupported(refusal);
  const asPeer = (node: Topology['nodes'][number]) =>
    node.name === 'alice' ? { ...node, kind: 'peer' as const, engine: false, implementation } : node;
  return { ...topology, nodes: topology.nodes.map(asPeer) };
}

function benchAsItStands(): Topology {
  if (topologyRead !== null) return topologyRead;
  const { topology, diagnostics } = openTopology(join(import.meta.dirname, 'bench.yaml'));
  if (topology === null) throw new Error(`the bench: ${diagnostics[0]?.message ?? 'cannot be read'}`);
  topologyRead = topology;
  return topology;
}

/** Loads only the driver that is asked for: the live one wants the native addon. */
async function driverFor(subject: Subject, settings: SuiteSettings, arrangement: Arrangement): Promise<Driver> {
  if (subject.implementation !== undefined && settings.driver === 'sim') {
    throw new Unsupported(`${subject.name} runs live only`);
  }
  const arrange = arrangeBench('alice', arrangement);
  const ikeFor = (node: string) => (node === 'alice' ? (arrangement.ike ?? null) : null);
  if (settings.driver === 'netns') {
    const { createNetnsDriver } = await import('../../lab/drivers/netns/netns-driver.ts');
    const implementation = implementationOf(subject);
    return createNetnsDriver({ arrange, ikeFor, standFor: node => (node === 'alice' ? { implementation } : {}) });
  }
  const { createSimDriver } = await import('../../lab/drivers/sim/sim-driver.ts');
  return createSimDriver({
    pace: 'virtual',
    makeNode: (config, context) => (config.name === 'alice' ? subject : ENGINE).make(arrange(config), context),
    ikeFor,
    ...(subject.makeIke === undefined ? {} : { makeIke: subject.makeIke }),
  });
}

interface MadeSa {
  readonly label: string;
  readonly config: ArrangedSa;
  readonly held: TesterSa;
}

function arrangedSa({ label, family = 4, material, ...plan }: SaPlan, index: number, secret: string): MadeSa {
  const { suite = 'aes256gcm16', protocol = 'esp', mode = 'tunnel', direction, esn = false } = plan;
  const out = direction === 'outbound';
  const keys = keysFor(protocol, suite, `${secret} ${label}`);
  const config: ArrangedSa = {
    policy: 'site',
    spi: 0x7e57_0000 + index,
    source: out ? ALICE[family] : PEER[family],
    destination: out ? PEER[family] : ALICE[family],
    windowPackets: 64,
    ...plan,
    protocol,
    mode,
    suite,
    esn,
    ...keys,
    ...(material === undefined ? {} : { encryptionKey: material(keys.encryptionKey) }),
  };
  const { spi, source, destination } = config;
  return { label, config, held: { protocol, mode, suite, esn, spi, source, destination, ...keys } };
}

/** Of the lengths that the algorithms want, as the tester knows them; of a suite that it does not know, those of AES-128 alone. */
function keysFor(
  protocol: 'esp' | 'ah',
  suite: string,
  secret: string,
): Pick<TesterSa, 'encryptionKey' | 'integrityKey'> {
  const octets = (what: string, length: number): string => {
    let hex = '';
    for (let block = 0; hex.length < length * 2; block++) {
      hex += createHash('sha512').update(`${secret}\n${suite}\n${what}\n${block}`).digest('hex');
    }
    return hex.slice(0, length * 2);
  };
  if (protocol === 'ah') {
    return { encryptionKey: '', integrityKey: octets('integrity', integrityTransform(suite)?.keyOctets ?? 0) };
  }
  const known = espTransform(suite);
  if (known === null) return { encryptionKey: octets('encryption', 16), integrityKey: '' };
  const { cipher, integrity } = known;
  return {
    encryptionKey: octets('encryption', cipher.keyOctets + cipher.saltOctets),
    integrityKey: octets('integrity', integrity?.keyOctets ?? 0),
  };
}

function wholePackets(frames: readonly CapturedPacket[]): Seen[] {
  const reassembly = new Reassembly({ maxBuffers: 64, maxOctets: 1 << 20, timeoutNs: 30e9 });
  return packetsIn(frames).flatMap((seen, index): Seen[] => {
    const ip = reassembly.add(seen.ip, index);
    return ip instanceof Uint8Array ? [{ ...seen, ip, header: headerOf(ip) }] : [];
  });
}

function packetsIn(frames: readonly CapturedPacket[]): Seen[] {
  return frames.flatMap((packet): Seen[] => {
    const { etherType, payload } = decodeEthernet(packet.octets);
    if (etherType !== EtherType.IPV4 && etherType !== EtherType.IPV6) return [];
    const header = headerOf(payload);
    const ip = payload.subarray(0, header.headerOctets + header.payload.length);
    return isNeighbourDiscovery(header) ? [] : [{ packet, ip, header }];
  });
}

function isNeighbourDiscovery({ version, protocol, payload }: HeaderSeen): boolean {
  const type = payload[0] ?? 0;
  return version === 6 && protocol === IpProtocol.ICMPV6 && type >= 133 && type <= 137;
}
