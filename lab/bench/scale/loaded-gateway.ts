import { espSuite } from '../../../engine/crypto/esp-suite.ts';
import { createSystemRandom } from '../../../engine/host/system-random.ts';
import { parseFilter } from '../../../engine/filter/parse.ts';
import type { PolicyAction } from '../../../engine/ipsec/spd.ts';
import { protectBy } from '../../../engine/ipsec/spd.ts';
import { createTypescriptKernel } from '../../../engine/ipsec/typescript-kernel.ts';
import type { NodeConfig, PolicyConfig, SaConfig } from '../../../engine/node/config.ts';
import { createNode } from '../../../engine/node/create.ts';
import type { Frame, Node } from '../../../engine/node/node.ts';
import { ArpOperation, encodeArp } from '../../../engine/wire/arp.ts';
import { EtherType, encodeEthernet } from '../../../engine/wire/ethernet.ts';
import { address, lanFrame, mac } from './lan-frame.ts';
import type { Load, LoadedGateway, LoadOrder } from './load-order.ts';
import { settledOctets } from './settled-octets.ts';

/** More than the node keeps decisions for, whatever the number of entries: nearly every packet is looked up anew. */
const FLOWS = 16_384;
const BATCH_FRAMES = 64;
const UDP_OCTETS = 64;
const SUITE = 'aes128gcm16';
const MAC = {
  host: '02:00:00:00:00:a1',
  lan: '02:00:00:00:00:01',
  wan: '02:00:00:00:00:02',
  next: '02:00:00:00:00:03',
};

/**
 * One node in this process, without NICs and without a kernel, fed with batches as the live loop feeds it: flows of small packets from
 * as many hosts, whose destinations are those of the entries in turn. Throws where it does not pass every one of them.
 */
export function measureLoadedGateway({ load, entries, seconds }: LoadOrder): LoadedGateway {
  const frames = Array.from({ length: FLOWS }, (_, flow) => frameOf(flow, entries));
  const random = createSystemRandom();
  const kernel = createTypescriptKernel(random);
  const before = settledOctets();
  const config = configOf(load, entries);
  const began = process.hrtime.bigint();
  const node = createNode(config, { random, kernel });
  const setUpNs = Number(process.hrtime.bigint() - began);
  node.wake(0);
  introduce(node, frames);
  const passed = passAll(node, frames, 3);
  if (passed !== FLOWS) throw new Error(`${passed} of ${FLOWS} packets pass a gateway with ${entries} ${load}`);
  const memoryOctets = settledOctets() - before;
  return { setUpNs, memoryOctets, packetsPerSecond: packetRate(node, frames, seconds) };
}

/** By processor time, of which a machine with other work to do takes nothing. */
function packetRate(node: Node, frames: readonly Frame[], seconds: number): number {
  const began = process.hrtime.bigint();
  const warmUntil = began + BigInt(Math.round(seconds * 0.25e9));
  const end = began + BigInt(Math.round(seconds * 1e9));
  let usedBefore: NodeJS.CpuUsage | null = null;
  let packets = 0;
  let at = 0;
  for (let now = began; now < end || packets === 0; now = process.hrtime.bigint()) {
    if (usedBefore === null && now > warmUntil) [usedBefore, packets] = [process.cpuUsage(), 0];
    node.receive(frames.slice(at, at + BATCH_FRAMES), 1_000_000 + Math.floor(Number(now - began) / 1000));
    at = (at + BATCH_FRAMES) % FLOWS;
    packets += BATCH_FRAMES;
  }
  const { user, system } = process.cpuUsage(usedBefore ?? undefined);
  return packets / ((user + system) / 1e6);
}

function passAll(node: Node, frames: readonly Frame[], nowUs: number): number {
  let passed = 0;
  for (let at = 0; at < frames.length; at += BATCH_FRAMES) {
    const sent = node.receive(frames.slice(at, at + BATCH_FRAMES), nowUs).frames;
    passed += sent.filter(({ port }) => port === 'net0').length;
  }
  return passed;
}

const destinationOf = (entry: number): string => `10.1.${entry >> 8}.${entry & 255}`;

/** Their sources differ, so that flows do, and the destination says which entry they are about. */
function frameOf(flow: number, entries: number): Frame {
  const from = { mac: MAC.host, address: `10.2.${flow >> 8}.${flow & 255}` };
  const order = { from, toMac: MAC.lan, toAddress: destinationOf(flow % entries), udpOctets: UDP_OCTETS };
  return { port: 'net1', octets: lanFrame(order), offload: null };
}

function configOf(load: Load, entries: number): NodeConfig {
  const all = Array.from({ length: entries }, (_, entry) => entry);
  const action: PolicyAction = load === 'sas' ? protectBy('esp', 'tunnel') : { kind: 'bypass' };
  return {
    name: 'gateway',
    forwarding: true,
    interfaces: [
      { name: 'net0', mac: MAC.wan, mtu: 1500, addresses: ['192.0.2.1/24'], autoconfigure: false, advertise: false },
      { name: 'net1', mac: MAC.lan, mtu: 1500, addresses: ['10.2.255.254/16'], autoconfigure: false, advertise: false },
    ],
    tunnels: [],
    routes: [{ destination: '0.0.0.0/0', via: '192.0.2.2', interface: null }],
    policies: load === 'rules' ? [] : all.map(entry => policyOf(entry, action)),
    sas: load === 'sas' ? all.map(saOf) : [],
    filter: load === 'rules' ? filterOf(all) : null,
  };
}

const policyOf = (entry: number, action: PolicyAction): PolicyConfig => ({
  name: `p${entry}`,
  tunnel: null,
  local: 'any',
  remote: `${destinationOf(entry)}/32`,
  protocol: 'any',
  localPort: 'any',
  remotePort: 'any',
  action,
});

function saOf(entry: number): SaConfig {
  const encryption = espSuite(SUITE)?.encryption;
  if (encryption === undefined) throw new Error(`there is no ${SUITE}`);
  return {
    policy: `p${entry}`,
    direction: 'outbound',
    spi: 0x1000 + entry,
    mode: 'tunnel',
    source: '192.0.2.1',
    destination: '192.0.2.2',
    suite: SUITE,
    encryptionKey: entry.toString(16).padStart(2 * (encryption.keyOctets + encryption.saltOctets), '5'),
    integrityKey: '',
    esn: false,
    windowPackets: 64,
  };
}

const passRule = (entry: number): string => `pass in quick on net1 proto udp from any to ${destinationOf(entry)}/32`;

function filterOf(entries: readonly number[]): NonNullable<NodeConfig['filter']> {
  const text = [...entries.map(passRule), 'block in on net1 all', ''].join('\n');
  const { config, diagnostics } = parseFilter('ipf.conf', text);
  if (diagnostics.length > 0) throw new Error(`the filter: ${diagnostics[0]?.message ?? ''}`);
  return config;
}

/** Tells the node who its next hop is, which it asks for at the first packet. */
function introduce(node: Node, frames: readonly Frame[]): void {
  node.receive(frames.slice(0, 1), 1);
  const payload = encodeArp({
    operation: ArpOperation.REPLY,
    senderMac: mac(MAC.next),
    senderAddress: address('192.0.2.2'),
    targetMac: mac(MAC.wan),
    targetAddress: address('192.0.2.1'),
  });
  const octets = encodeEthernet({
    destination: mac(MAC.wan),
    source: mac(MAC.next),
    etherType: EtherType.ARP,
    payload,
  });
  node.receive([{ port: 'net0', octets, offload: null }], 2);
}
