import { protectBy } from '../ipsec/spd.ts';
import { describe, expect, test } from 'vitest';
import { encodeEthernet, EtherType } from '../wire/ethernet.ts';
import { encodeIcmpv6 } from '../wire/icmpv6.ts';
import { NS_PER_S } from '../wire/instant.ts';
import { fragmentIpv4 } from '../wire/ipv4.ts';
import { fragmentIpv6 } from '../wire/ipv6-extension.ts';
import { encodeNd } from '../wire/nd.ts';
import { addressOf } from '../wire/testing/must.ts';
import type { NodeConfig, PolicyConfig } from './config.ts';
import { createNet, type Net } from './testing/net.ts';
import { ipPacket, ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { policy, route, saPair, SITE_WIRES, sites, TO_ALICE, TO_BOB } from './testing/sites.ts';

const drops = (net: Net, name: string) => net.node(name).status().drops;
const protect = protectBy('esp', 'tunnel');

describe('a link that goes down', () => {
  test.each([
    ['IPv4', '10.0.1.2', '10.0.0.2'],
    ['IPv6', '2001:470:24:c67::2', '2001:470:24:c66::2'],
  ])('what came out of the tunnel does not take the default route instead (%s)', (_, from, to) => {
    const net = createNet(sites(), SITE_WIRES);
    net.take('alice', net.node('alice').command({ kind: 'link', port: 'net1', up: false }, net.now()));
    net.seen.length = 0;
    net.send('b1', udp(from, to, [1, 2]));
    net.advance(10 * NS_PER_S);
    expect(traffic(net, 'alice:net0').filter(text => !text.includes('| esp'))).toEqual([]);
    expect(drops(net, 'alice')).toEqual({ noRoute: 1 });
    expect(net.takeDeliveries('b1').map(line)).toEqual([expect.stringMatching(/icmp (3|1)\/0/)]);
  });
});

describe('what a router on the link advertises', () => {
  test.each(['2001:470:24:c67::/64', '2001:470:24:c67::/65', '2001:470:24:c67::2/128'])(
    'an on-link prefix %s does not take traffic out of the tunnel',
    prefix => {
      const net = createNet(listening(sites()), SITE_WIRES);
      net.inject('alice', 'net0', advertisement(prefix));
      net.send('a1', ping('2001:470:24:c66::2', '2001:470:24:c67::2'));
      net.advance(5 * NS_PER_S);
      expect(net.takeDeliveries('a1').map(line)).toEqual(['2001:470:24:c67::2 > 2001:470:24:c66::2 | icmp 129/0']);
      expect(traffic(net, 'alice:net0')).toEqual(['1.2.3.4 > 5.6.7.8 | esp 4096 1']);
    },
  );

  test('nor does it when everything goes into the tunnel', () => {
    const configs = listening(sites()).map(config =>
      config.name === 'alice'
        ? { ...config, routes: [route('0.0.0.0/0', '1.2.3.1'), route('::/0', null, 'v4_bob0')] }
        : config,
    );
    const net = createNet(configs, SITE_WIRES);
    net.inject('alice', 'net0', advertisement('2001:db8:77::/64'));
    net.send('a1', udp('2001:470:24:c66::2', '2001:db8:77::9', [1, 2]));
    net.advance(5 * NS_PER_S);
    expect(traffic(net, 'alice:net0')).toEqual(['1.2.3.4 > 5.6.7.8 | esp 4096 1']);
  });
});

describe('fragments, where a policy looks at what only the first one shows', () => {
  const flows = [
    {
      family: 'IPv4',
      whole: udp('10.0.0.2', '10.0.1.2', [1, 2], 3000),
      cut: (octets: Uint8Array) => fragmentIpv4(octets, 1500),
    },
    {
      family: 'IPv6',
      whole: udp('2001:470:24:c66::2', '2001:470:24:c67::2', [1, 2], 3000),
      cut: (octets: Uint8Array) => fragmentIpv6(octets, 1400, 7),
    },
    {
      family: 'IPv6 with Destination Options',
      whole: withDestinationOptions(udp('2001:470:24:c66::2', '2001:470:24:c67::2', [1, 2], 3000)),
      cut: (octets: Uint8Array) => fragmentIpv6(octets, 1400, 8),
    },
  ];

  test.each(flows)('none of them leaves in the clear ($family)', ({ whole, cut }) => {
    const net = createNet(sites({ policies: ports }), SITE_WIRES);
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
    net.send('a1', ...cut(whole));
    const sent = traffic(net, 'alice:net0');
    expect(sent.length).toBeGreaterThan(2);
    expect(sent.filter(text => text.includes('udp') || text.includes('10.0.') || text.includes('c67'))).toEqual([]);
    expect(net.takeDeliveries('b1').map(packet => packet.length)).toEqual([60, whole.length]);
  });

  test.each(flows)('none is accepted in the clear ($family)', ({ whole, cut }) => {
    const net = createNet(sites({ policies: ports }), SITE_WIRES);
    net.injectPackets('bob', 'net0', ...cut(whole));
    const inIp = cut(whole).map(piece => ipPacket('1.2.3.4', '5.6.7.8', piece[0] === 0x45 ? 4 : 41, piece));
    net.injectPackets('bob', 'net0', ...inIp);
    expect(traffic(net, 'bob:net1')).toEqual([]);
  });

  test.each(flows)('those of a flow that may pass do pass, put together ($family)', ({ whole, cut }) => {
    const net = createNet(sites({ policies: ports }), SITE_WIRES);
    const other = whole.slice();
    const at = other.length - 3000 - 8;
    other[at + 1] = 9; // another source port, and the checksum with it
    const sum = ((other[at + 6] ?? 0) << 8) | (other[at + 7] ?? 0);
    other.set([(sum - 8) >> 8, (sum - 8) & 255], at + 6);
    net.send('a1', ...cut(other));
    other.set([62], whole[0] === 0x45 ? 8 : 7); // two gateways, and the checksum of IPv4
    if (whole[0] === 0x45) other[10] = (other[10] ?? 0) + 2;
    expect(net.takeDeliveries('b1')).toEqual([other]);
  });
});

describe('errors about what an SA brought', () => {
  test('go back by an SA, from an address that its policy names', () => {
    const net = gateways();
    net.send('b1', udp('10.0.1.2', '10.0.0.2', [1, 2], 32, { hopLimit: 2 }));
    expect(traffic(net, 'alice:net0')).toEqual(['1.2.3.4 > 5.6.7.8 | esp 4096 1']);
    expect(net.takeDeliveries('b1').map(line)).toEqual(['10.0.0.1 > 10.0.1.2 | icmp 11/0']);
  });

  test('and so does the news that a neighbour does not answer', () => {
    const net = gateways();
    net.send('b1', udp('10.0.1.2', '10.0.0.77', [1, 2]));
    net.advance(10 * NS_PER_S);
    expect(traffic(net, 'alice:net0')).toEqual(['1.2.3.4 > 5.6.7.8 | esp 4096 1']);
    expect(net.takeDeliveries('b1').map(line)).toEqual(['10.0.0.1 > 10.0.1.2 | icmp 3/1']);
  });

  test('a source that no SA leads to hears nothing, neither of errors nor an echo', () => {
    const net = createNet(sites(), SITE_WIRES);
    net.send('bob', udp('9.9.9.9', '10.0.0.2', [1, 2], 32, { hopLimit: 1 }), ping('9.9.9.9', '10.0.0.1'));
    expect(traffic(net, 'bob:net0')).toHaveLength(2);
    expect(traffic(net, 'alice:net0')).toEqual([]);
  });
});

/** UDP from port 1 to port 2 is protected; all else leaves the tunnel as plain IP-in-IP. */
function ports(side: 'alice' | 'bob'): PolicyConfig[] {
  const tunnel = side === 'alice' ? 'v4_bob0' : 'v4_alice0';
  const own = side === 'alice' ? { localPort: 1, remotePort: 2 } : { localPort: 2, remotePort: 1 };
  return [policy(tunnel, protect, { tunnel, protocol: 17, ...own }), policy('rest', { kind: 'bypass' }, { tunnel })];
}

/** Two gateways without tunnel interfaces that let ICMP pass outside of their policy. */
function gateways(): Net {
  const [toBob, fromAlice] = saPair(TO_BOB, '1.2.3.4', '5.6.7.8', ['net', 'net']);
  const [toAlice, fromBob] = saPair(TO_ALICE, '5.6.7.8', '1.2.3.4', ['net', 'net']);
  const lans = { alice: '10.0.0.0/24', bob: '10.0.1.0/24' } as const;
  return createNet(
    sites({ protect: null }).map(config => {
      if (config.name !== 'alice' && config.name !== 'bob') return config;
      const [local, remote] = config.name === 'alice' ? [lans.alice, lans.bob] : [lans.bob, lans.alice];
      return {
        ...config,
        tunnels: [],
        routes: config.routes.filter(({ via }) => via !== null),
        policies: [policy('net', protect, { local, remote }), policy('icmp', { kind: 'bypass' }, { protocol: 1 })],
        sas: config.name === 'alice' ? [toBob, fromBob] : [toAlice, fromAlice],
      };
    }),
    SITE_WIRES,
  );
}

/** Alice, asking the routers of net0 for addresses. */
function listening(configs: readonly NodeConfig[]): NodeConfig[] {
  return configs.map(config => {
    if (config.name !== 'alice') return config;
    const interfaces = config.interfaces.map(each => (each.name === 'net0' ? { ...each, autoconfigure: true } : each));
    return { ...config, interfaces };
  });
}

function advertisement(prefix: string): Uint8Array {
  const [address = '', length = ''] = prefix.split('/');
  const message = encodeNd({
    type: 'routerAdvertisement',
    hopLimit: 64,
    managed: false,
    otherConfiguration: false,
    routerLifetimeS: 1800,
    reachableTimeMs: 0,
    retransTimerMs: 0,
    options: [
      { type: 'sourceLinkLayerAddress', mac: Uint8Array.of(2, 0xbb, 0, 0, 0, 1) },
      {
        type: 'prefixInformation',
        prefixLength: Number(length),
        onLink: true,
        autonomous: true,
        validLifetimeS: 86_400,
        preferredLifetimeS: 3600,
        prefix: addressOf(address),
      },
    ],
  });
  const [from, to] = [addressOf('fe80::bad'), addressOf('ff02::1')];
  const payload = ipPacket('fe80::bad', 'ff02::1', 58, encodeIcmpv6(message, from, to), { hopLimit: 255 });
  return encodeEthernet({
    destination: Uint8Array.of(0x33, 0x33, 0, 0, 0, 1),
    source: Uint8Array.of(2, 0xbb, 0, 0, 0, 1),
    etherType: EtherType.IPV6,
    payload,
  });
}

/** Eight octets of padding options behind the IPv6 header. */
function withDestinationOptions(packet: Uint8Array): Uint8Array {
  const longer = new Uint8Array(packet.length + 8);
  longer.set(packet.subarray(0, 40));
  longer.set([packet[6] ?? 0, 0, 1, 4, 0, 0, 0, 0], 40);
  longer.set(packet.subarray(40), 48);
  longer[6] = 60;
  longer.set([(longer.length - 40) >> 8, (longer.length - 40) & 255], 4);
  return longer;
}
