import { describe, expect, test } from 'vitest';
import { protectBy } from '../ipsec/spd.ts';
import { internetChecksum } from '../wire/checksum.ts';
import { NS_PER_S } from '../wire/instant.ts';
import { addressOf } from '../wire/testing/must.ts';
import type { NodeConfig, SaConfig } from './config.ts';
import { createNet, type Net, type SeenFrame } from './testing/net.ts';
import { ipPacket, ping, udp } from './testing/packets.ts';
import { line, traffic as layers } from './testing/read.ts';
import { nodeConfig, policy, port, route, saPair, SITE_WIRES, sites } from './testing/sites.ts';

const NAT = '99.9.9.9';

/** The ends of ESP in UDP as alice has them, behind a NAT, and as bob has them, who has to see where she is. */
function natted(configs: readonly NodeConfig[]): NodeConfig[] {
  return configs.map(config => ({ ...config, sas: config.sas.map(sa => inUdp(sa, config.name === 'bob')) }));
}

function inUdp(sa: SaConfig, followsPeer: boolean): SaConfig {
  return { ...sa, encapsulation: { localPort: 4500, remotePort: 4500, followsPeer } };
}

/** A NAT on the way to bob, in front of alice's address: `outside` is the port that she has there. */
function natBetween(net: Net, alice: string, nat: { address: string; port: number }): void {
  net.alter = ({ from, octets }: SeenFrame) => {
    if (octets[12] !== 8 || octets[23] !== 17) return octets;
    if (from === 'internet:bob' || from === 'alice:eth0') return rewritten(octets, 26, nat.address, 34, nat.port);
    const isBack = String(octets.subarray(30, 34)) === String(addressOf(nat.address));
    if ((from === 'bob:net0' || from === 'bob:eth0') && isBack) return rewritten(octets, 30, alice, 36, 4500);
    return octets;
  };
}

function rewritten(frame: Uint8Array, at: number, address: string, portAt: number, toPort: number): Uint8Array {
  const octets = frame.slice();
  octets.set(addressOf(address), at);
  octets.set([toPort >> 8, toPort & 255], portAt);
  octets.set([0, 0], 24);
  const sum = internetChecksum(octets.subarray(14, 34));
  octets.set([sum >> 8, sum & 255], 24);
  return octets;
}

/** As far as the UDP header. */
const traffic = (net: Net, from: string) => layers(net, from).map(text => text.replace(/( \| udp \S+ > \S+) .*/, '$1'));
const elsewhere = (frame: Uint8Array) => rewritten(frame, 26, '9.9.9.9', 34, 9);

describe('tunnel mode through a NAT', () => {
  test('ESP goes in UDP, and the answer to where it came from', () => {
    const { net } = site();
    net.send('a1', ping('10.0.0.2', '10.0.1.2'));
    expect(net.takeDeliveries('a1').map(line)).toEqual(['10.0.1.2 > 10.0.0.2 | icmp 0/0']);
    expect(traffic(net, 'alice:net0')).toEqual(['1.2.3.4 > 5.6.7.8 | udp 4500 > 4500']);
    expect(traffic(net, 'bob:net0')).toEqual([`5.6.7.8 > ${NAT} | udp 4500 > 61234`]);
    expect(net.takeEvents('bob')).toEqual([
      {
        kind: 'peerMoved',
        detail: `SPI 4096: from 1.2.3.4 port 4500 to ${NAT} port 61234`,
        sa: {
          spi: 4096,
          direction: 'inbound',
          protocol: 'esp',
          source: '1.2.3.4',
          destination: '5.6.7.8',
          policy: 'v4_alice0',
        },
        place: { address: NAT, port: 61234 },
      },
    ]);
  });

  test('when the NAT forgets and gives another port, the next packet leads there', () => {
    const { net, nat } = site();
    net.send('a1', ping('10.0.0.2', '10.0.1.2'));
    nat.port = 50_001;
    net.send('b1', udp('10.0.1.2', '10.0.0.2', [1, 2]));
    net.send('a1', ping('10.0.0.2', '10.0.1.2'));
    expect(traffic(net, 'bob:net0').slice(-1)).toEqual([`5.6.7.8 > ${NAT} | udp 4500 > 50001`]);
    expect(
      net
        .node('bob')
        .status()
        .sas.map(sa => sa.encapsulation),
    ).toEqual(['4500 > 50001', '4500 > 50001']);
  });

  test('nobody else moves the peer: not the forger, not who plays back or holds back', () => {
    const { net } = site();
    net.send('a1', ping('10.0.0.2', '10.0.1.2'));
    const [first] = net.seen.filter(frame => frame.from === 'internet:bob' && frame.octets[23] === 17);
    if (first === undefined) throw new Error('no ESP in UDP');
    const held: Uint8Array[] = [];
    const through = net.alter;
    net.alter = frame => {
      if (frame.from !== 'internet:bob' || frame.octets[23] !== 17) return frame.octets;
      held.push(frame.octets);
      return null;
    };
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
    net.alter = through;
    net.send('a1', ping('10.0.0.2', '10.0.1.2'));
    const [late] = held;
    if (late === undefined) throw new Error('nothing was held back');
    const forged = elsewhere(first.octets);
    forged[60] = (forged[60] ?? 0) ^ 1;
    forged.set([0xff], 49); // a sequence number to come
    net.inject('bob', 'net0', elsewhere(first.octets), forged, elsewhere(late));
    net.seen.length = 0;
    net.send('b1', udp('10.0.1.2', '10.0.0.2', [1, 2]));
    expect(traffic(net, 'bob:net0')).toEqual([`5.6.7.8 > ${NAT} | udp 4500 > 61234`]);
    expect(net.node('bob').status().drops).toEqual({ replayed: 1, authenticationFailed: 1 });
  });

  test('the path MTU counts the UDP header', () => {
    const { net } = site();
    net.send('a1', ping('10.0.0.2', '10.0.1.2', 1472, { dontFragment: true }));
    expect(net.takeDeliveries('a1').map(line)).toEqual([expect.stringContaining('icmp 3/4 mtu 1438')]);
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2], 1438 - 28, { dontFragment: true }));
    const [frame] = net.seen.filter(each => each.from === 'alice:net0').slice(-1);
    expect(frame?.octets.length).toBeLessThanOrEqual(1514);
    expect(net.takeDeliveries('b1')).toHaveLength(1);
  });

  test('keepalives, while nothing else is sent, and nobody hears of them', () => {
    const { net } = site();
    net.seen.length = 0;
    net.advance(60 * NS_PER_S);
    const keepalives = net.seen.filter(frame => frame.from === 'alice:net0' && frame.octets[23] === 17);
    expect(keepalives.map(frame => frame.octets.subarray(42))).toEqual(keepalives.map(() => Uint8Array.of(0xff)));
    expect(keepalives).toHaveLength(3);
    expect(net.node('bob').status().drops).toEqual({});
    net.seen.length = 0;
    for (let i = 0; i < 6; i++) {
      net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
      net.advance(10 * NS_PER_S);
    }
    expect(net.seen.filter(frame => frame.from === 'alice:net0' && frame.octets.length === 43)).toEqual([]);
  });

  test('a router that tells the MTU quotes UDP, SPI and sequence number', () => {
    const net = createNet(natted(sites({ farMtu: 1400 })), SITE_WIRES);
    const first = ping('10.0.0.2', '10.0.1.2', 1400 - 28, { dontFragment: true });
    net.send('a1', first);
    net.send('a1', first);
    expect(net.takeDeliveries('a1').map(line)).toEqual([expect.stringContaining('icmp 3/4 mtu 1338')]);
  });
});

describe('what else comes to the port', () => {
  test('IKE behind its marker goes up, if a policy lets it; ESP of an unknown SPI does not', () => {
    const net = createNet(natted(sites()), SITE_WIRES);
    const message = udp('9.9.9.9', '5.6.7.8', [500, 4500], 32);
    message.fill(0, 28, 32);
    message.set([0, 0], 26);
    const stray = udp('9.9.9.9', '5.6.7.8', [500, 4500], 32);
    stray.set([0, 0], 26);
    net.injectPackets('bob', 'net0', message, stray, udp('9.9.9.9', '5.6.7.8', [500, 500]));
    expect(net.takeDeliveries('bob').map(line)).toEqual([
      expect.stringContaining('udp 500 > 4500'),
      expect.stringContaining('udp 500 > 500'),
    ]);
    expect(net.node('bob').status().drops).toEqual({ unknownSpi: 1 });
  });

  test('where IKE comes without a marker all is for it, whatever SA says to send from there', () => {
    const negotiation = { ports: [500, 4500], encapsulationPorts: [4500] };
    const encapsulation = { localPort: 500, remotePort: 500, followsPeer: false };
    const configs = natted(sites()).map(config => ({
      ...config,
      negotiation,
      sas: config.sas.map(sa => ({ ...sa, encapsulation })),
    }));
    const net = createNet(configs, SITE_WIRES);
    net.injectPackets('bob', 'net0', udp('9.9.9.9', '5.6.7.8', [500, 500]), udp('9.9.9.9', '5.6.7.8', [500, 4500], 32));
    expect(net.takeDeliveries('bob').map(line)).toEqual([expect.stringContaining('udp 500 > 500')]);
    expect(net.node('bob').status().drops).toEqual({ unknownSpi: 1 });
  });

  test('where no SA goes in UDP it is a port like any other', () => {
    const net = createNet(sites(), SITE_WIRES);
    net.injectPackets('bob', 'net0', udp('9.9.9.9', '5.6.7.8', [500, 4500]));
    expect(net.takeDeliveries('bob')).toHaveLength(1);
  });
});

describe('transport mode through a NAT', () => {
  test.each(['udp', 'tcp'])('checksums of %s are right for the addresses that arrive', what => {
    const [out, into] = saPair(4096, '5.6.7.4', '5.6.7.8', ['p', 'p'], { mode: 'transport' });
    const net = createNet(
      [oneHost('alice', '5.6.7.4', out), oneHost('bob', '5.6.7.8', into)],
      [['alice:eth0', 'bob:eth0']],
    );
    natBetween(net, '5.6.7.4', { address: NAT, port: 777 });
    const tcp = ipPacket('5.6.7.4', '5.6.7.8', 6, tcpSegment());
    net.send('alice', what === 'udp' ? udp('5.6.7.4', '5.6.7.8', [1, 2]) : tcp);
    expect(net.takeDeliveries('bob').map(line)).toEqual([`${NAT} > 5.6.7.8 | ${what} 1 > 2`]);
  });
});

/** A SYN, checksum and all, from 5.6.7.4 to 5.6.7.8. */
function tcpSegment(): Uint8Array {
  const segment = new Uint8Array(20);
  segment.set([0, 1, 0, 2, 0, 0, 0, 9], 0);
  segment.set([0x50, 2, 1, 0], 12);
  const pseudo = Uint8Array.of(5, 6, 7, 4, 5, 6, 7, 8, 0, 6, 0, 20, ...segment);
  const sum = internetChecksum(pseudo);
  segment.set([sum >> 8, sum & 255], 16);
  return segment;
}

function oneHost(name: string, address: string, sa: SaConfig): NodeConfig {
  return nodeConfig(name, {
    interfaces: [port('eth0', [`${address}/24`])],
    policies: [policy('p', protectBy('esp', 'transport'))],
    routes: [route('0.0.0.0/0', '5.6.7.1')],
    sas: [inUdp(sa, name === 'bob')],
  });
}

function site(): { net: Net; nat: { address: string; port: number } } {
  const net = createNet(natted(sites()), SITE_WIRES);
  const nat = { address: NAT, port: 61_234 };
  natBetween(net, '1.2.3.4', nat);
  return { net, nat };
}
