import { dissect } from '../../engine/wire/dissect.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { NS_PER_MS, NS_PER_S } from '../../engine/wire/instant.ts';
import type { Effects, Frame } from '../../engine/node/node.ts';
import { type Net, testRandom } from '../../engine/node/testing/net.ts';
import { heapOctets, mebi } from './heap.ts';
import { createSiege, type Siege } from './hostile-siege.ts';
import { hostileFrame } from './hostile-frame.ts';
import type { Table } from './report.ts';

const BATCH = 64;
/** The counters of SAs are looked at this often; the frames that leave always are. */
const LOOK_EVERY = 50_000;
const GROWTH_MAX_OCTETS = 8 * 2 ** 20;

/**
 * `packets` hostile ESP, AH, UDP and IP packets against a gateway with live SAs of every kind: changed, forged, replayed, cut,
 * spliced. None may be accepted, nothing but errors and address resolution may leave, memory may not grow, and the genuine
 * packets that were held back must pass afterwards.
 */
export function soakHostile(packets: number, seed: string, onProgress: (text: string) => void): Table {
  const began = performance.now();
  const siege = createSiege();
  const random = testRandom(`hostile/${seed}`);
  const below = (limit: number): number => random.next() % limit;
  const before = windowsOf(siege.net);
  const findings: string[] = [];
  let early = 0;
  let now = siege.net.now();
  const bob = siege.net.node('bob');
  for (let done = 0; done < packets && findings.length === 0; done += BATCH) {
    const count = Math.min(BATCH, packets - done);
    const batch = Array.from({ length: count }, () => hostileFrame(siege, below));
    now += below(2 * NS_PER_MS);
    for (const effects of [bob.receive(batch, now), bob.wake(now)]) findings.push(...accepted(effects, siege));
    if (early === 0 && done >= packets / 4) early = heapOctets();
    if (Math.floor(done / LOOK_EVERY) !== Math.floor((done + count) / LOOK_EVERY)) {
      if (windowsOf(siege.net) !== before) findings.push('an SA has accepted a packet');
      onProgress(`${done + count} hostile packets`);
    }
    if (findings.length > 0) findings.push(`seed ${seed}, batch from packet ${done}: ${batch.map(hex).join(' ')}`);
  }
  const late = heapOctets();
  if (windowsOf(siege.net) !== before) findings.push('an SA has accepted a packet');
  if (late - early > GROWTH_MAX_OCTETS) findings.push(`memory grew by ${mebi(late - early)}`);
  siege.net.advance(now - siege.net.now() + 120 * NS_PER_S);
  const passed = heldBackThatPass(siege);
  if (passed < siege.heldBack.length) {
    findings.push(
      `of ${siege.heldBack.length} genuine packets ${siege.heldBack.length - passed} are refused afterwards`,
    );
  }
  const seconds = (performance.now() - began) / 1000;
  const drops = Object.values(bob.status().drops).reduce((sum, each) => sum + each, 0);
  return {
    title: 'hostile packets against a gateway with live SAs',
    headings: [
      'SAs',
      'packets',
      'dropped and counted',
      'memory at 1/4',
      'at the end',
      'genuine ones pass then',
      'time',
    ],
    rows: [
      [
        String(bob.status().sas.length),
        String(packets),
        String(drops),
        mebi(early),
        mebi(late),
        `${passed} of ${siege.heldBack.length}`,
        `${seconds.toFixed(0)} s`,
      ],
    ],
    findings,
  };
}

/** What an effect shows that must not be there. */
function accepted({ frames, deliveries }: Effects, siege: Siege): string[] {
  const found: string[] = [];
  for (const frame of frames) {
    const layers = dissect(frame.octets).layers;
    const ip = layers.find(layer => layer.kind === 'ipv4' || layer.kind === 'ipv6');
    if (ip === undefined) continue; // address resolution
    if (frame.port === 'net0' && layers.some(layer => layer.kind === 'keepalive')) continue; // RFC 3948 §4
    const isMessage = ip.protocol === IpProtocol.ICMP || ip.protocol === IpProtocol.ICMPV6;
    const isOwn = siege.ownAddresses.has(ip.source);
    if (frame.port === 'net1' ? !(isMessage && isOwn) : !isMessage) {
      found.push(`left by ${frame.port}: ${hex(frame)}`);
    }
  }
  for (const { octets } of deliveries) {
    const layers = dissect(octets).layers;
    const port = layers.find(layer => layer.kind === 'udp')?.destinationPort;
    if (port !== 4500) found.push(`delivered: ${Buffer.from(octets).toString('hex')}`);
  }
  return found;
}

/** Everything that acceptance would move. */
function windowsOf(net: Net): string {
  return net
    .node('bob')
    .status()
    .sas.map(({ spi, direction, sequence, packets }) => `${direction} ${spi} ${sequence} ${packets}`)
    .join('\n');
}

/** The genuine packets that the gateway has not seen yet, one after the other: how many come out on the LAN side. */
function heldBackThatPass({ net, heldBack }: Siege): number {
  const bob = net.node('bob');
  let now = net.now();
  let passed = 0;
  for (const frame of heldBack) {
    now += NS_PER_S;
    const { frames } = bob.receive([{ ...frame, octets: frame.octets.slice() }], now);
    if (frames.some(({ port, octets }) => port === 'net1' && isPing(octets))) passed++;
  }
  return passed;
}

function isPing(frame: Uint8Array): boolean {
  const { layers } = dissect(frame);
  return layers.some(
    layer => (layer.kind === 'icmpv4' && layer.type === 8) || (layer.kind === 'icmpv6' && layer.type === 128),
  );
}

const hex = ({ octets }: Pick<Frame, 'octets'>): string => Buffer.from(octets).toString('hex');
