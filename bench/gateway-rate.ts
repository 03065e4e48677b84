import { protectBy } from '../engine/ipsec/spd.ts';
import { encodeArp, ArpOperation } from '../engine/wire/arp.ts';
import { EtherType, encodeEthernet } from '../engine/wire/ethernet.ts';
import { espSuite } from '../engine/crypto/esp-suite.ts';
import { createSystemRandom } from '../engine/host/system-random.ts';
import { createTypescriptKernel } from '../engine/ipsec/typescript-kernel.ts';
import { createNode } from '../engine/node/create.ts';
import type { NodeConfig } from '../engine/node/config.ts';
import type { Frame, Node } from '../engine/node/node.ts';
import { address, lanFrame, mac } from '../lab/bench/scale/lan-frame.ts';

/** How many packets alice takes from her LAN a second, and what she does with them. */
export interface GatewayRate {
  readonly name: string;
  readonly frameOctets: number;
  readonly framesPerSecond: number;
}

const BATCH_FRAMES = 64;
const MAC = {
  a1: '02:00:00:00:00:a1',
  lan: '02:00:00:00:00:01',
  wan: '02:00:00:00:00:02',
  internet: '02:00:00:00:00:03',
} as const;

/** One node in this process, fed with batches of UDP frames, as the simulator and the live loop feed it. */
export function measureGateway(name: string, config: NodeConfig, udpOctets: number, seconds: number): GatewayRate {
  const random = createSystemRandom();
  const node = createNode(config, { random, kernel: createTypescriptKernel(random) });
  node.wake(0);
  introduceInternet(node);
  const frame = a1Frame(udpOctets);
  const batch: Frame[] = Array.from({ length: BATCH_FRAMES }, () => ({ port: 'net1', octets: frame, offload: null }));
  const started = process.hrtime.bigint();
  const deadline = started + BigInt(Math.round(seconds * 1e9));
  const warmUntil = started + BigInt(Math.round(seconds * 0.25e9));
  let measuredFrom = started;
  let forwarded = 0;
  for (let now = started; now < deadline; now = process.hrtime.bigint()) {
    if (measuredFrom === started && now > warmUntil) [measuredFrom, forwarded] = [now, 0];
    const { frames } = node.receive(batch, 1_000_000 + Math.floor(Number(now - started) / 1000));
    forwarded += frames.filter(sent => sent.port === 'net0').length;
  }
  const elapsed = Number(process.hrtime.bigint() - measuredFrom) / 1e9;
  return { name, frameOctets: frame.length, framesPerSecond: forwarded / elapsed };
}

/** Alice as in topologies/site-to-site.yaml, with or without ESP on what goes to the other office. */
export function aliceConfig(suite: string | null): NodeConfig {
  const policy = {
    name: 'tunnel',
    tunnel: 'v4_bob0',
    local: 'any',
    remote: 'any',
    protocol: 'any',
    localPort: 'any',
    remotePort: 'any',
    action: protectBy('esp', 'tunnel'),
  } as const;
  const sa = {
    policy: 'tunnel',
    direction: 'outbound',
    spi: 0x1001,
    mode: 'tunnel',
    source: '1.2.3.4',
    destination: '5.6.7.8',
    suite: suite ?? '',
    encryptionKey: '5a'.repeat(keyOctets(suite)),
    integrityKey: '',
    esn: false,
    windowPackets: 64,
  } as const;
  return {
    name: 'alice',
    forwarding: true,
    interfaces: [
      { name: 'net0', mac: MAC.wan, mtu: 1500, addresses: ['1.2.3.4/24'], autoconfigure: false, advertise: false },
      { name: 'net1', mac: MAC.lan, mtu: 1500, addresses: ['10.0.0.1/24'], autoconfigure: false, advertise: false },
    ],
    tunnels: suite === null ? [] : [{ name: 'v4_bob0', local: '1.2.3.4', remote: '5.6.7.8', mtu: null, addresses: [] }],
    routes: [
      { destination: '0.0.0.0/0', via: '1.2.3.1', interface: null },
      ...(suite === null ? [] : [{ destination: '10.0.1.0/24', via: null, interface: 'v4_bob0' }]),
    ],
    policies: suite === null ? [] : [policy],
    sas: suite === null ? [] : [sa],
  };
}

function keyOctets(name: string | null): number {
  if (name === null) return 0;
  const suite = espSuite(name);
  if (suite === null || suite.integrity !== null) throw new Error(`${name} is no AEAD that this measures`);
  return suite.encryption.keyOctets + suite.encryption.saltOctets;
}

/** Tells the node who its next hop is: it asks at the first packet, and again when the entry has aged. */
function introduceInternet(node: Node): void {
  const reply = encodeArp({
    operation: ArpOperation.REPLY,
    senderMac: mac(MAC.internet),
    senderAddress: address('1.2.3.1'),
    targetMac: mac(MAC.wan),
    targetAddress: address('1.2.3.4'),
  });
  node.receive([{ port: 'net1', octets: a1Frame(64), offload: null }], 1);
  const octets = encodeEthernet({
    destination: mac(MAC.wan),
    source: mac(MAC.internet),
    etherType: EtherType.ARP,
    payload: reply,
  });
  const { frames } = node.receive([{ port: 'net0', octets, offload: null }], 2);
  if (frames.length === 0) throw new Error('the gateway does not forward: there is nothing to measure');
}

const a1Frame = (udpOctets: number): Uint8Array =>
  lanFrame({ from: { mac: MAC.a1, address: '10.0.0.2' }, toMac: MAC.lan, toAddress: '10.0.1.2', udpOctets });
