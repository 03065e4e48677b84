import { describe, expect, test } from 'vitest';
import { createNet, type Net } from './testing/net.ts';
import { ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { aroundRouter } from './testing/scenes.ts';
import { SITE_WIRES, sites } from './testing/sites.ts';

/** Where the far link carries less. */
const narrow = (farMtu: number): Net => aroundRouter({}, farMtu);

describe('in the clear', () => {
  test('IPv4 with DF: the router tells the MTU of the next link', () => {
    const net = narrow(1400);
    net.send('h1', ping('10.1.0.2', '10.2.0.2', 1400, { dontFragment: true }));
    expect(net.takeDeliveries('h1').map(line)).toEqual([
      expect.stringContaining('10.1.0.1 > 10.1.0.2 | icmp 3/4 mtu 1400'),
    ]);
    expect(net.node('r').status().drops).toEqual({ packetTooBig: 1 });
  });

  test('IPv6: the router tells the MTU, and never fragments', () => {
    const net = narrow(1400);
    net.send('h1', ping('2001:db8:1::2', '2001:db8:2::2', 1400));
    expect(net.takeDeliveries('h1').map(line)).toEqual([
      expect.stringContaining('2001:db8:1::1 > 2001:db8:1::2 | icmp 2/0 mtu 1400'),
    ]);
  });

  test('IPv4 without DF is fragmented, and the far node puts it together', () => {
    const net = narrow(600);
    net.send('h1', ping('10.1.0.2', '10.2.0.2', 1400));
    expect(traffic(net, 'r:right')).toHaveLength(3);
    expect(traffic(net, 'r:right')[0]).toContain('fragment 0+');
    // The echo reply is as long: h2 fragments it by itself, and h1 puts it together.
    expect(traffic(net, 'h2:e')).toHaveLength(3);
    expect(net.takeDeliveries('h1').map(octets => [octets.length, line(octets)])).toEqual([
      [1428, '10.2.0.2 > 10.1.0.2 | icmp 0/0'],
    ]);
  });

  test('what a router has told is used for the node’s own packets afterwards', () => {
    const net = narrow(1400);
    net.send('h1', ping('10.1.0.2', '10.2.0.2', 1400, { dontFragment: true }));
    net.takeDeliveries('h1');
    net.seen.length = 0;
    net.send('h1', ping('10.1.0.2', '10.2.0.2', 1400, { dontFragment: true }));
    expect(net.takeDeliveries('h1').map(line)).toEqual([expect.stringContaining('icmp 3/4 mtu 1400')]);
    expect(traffic(net, 'h1:e')).toEqual([]);
    net.send('h1', udp('10.1.0.2', '10.2.0.2', [1, 2], 1450));
    expect(traffic(net, 'h1:e')).toHaveLength(2); // without DF: fragments of its own
    expect(net.takeDeliveries('h2')).toHaveLength(1);
  });

  test('a superframe whose packets are too long is told once, about its first packet', () => {
    const net = narrow(1000);
    const packet = udp('10.1.0.2', '10.2.0.2', [1, 2], 14_000, { dontFragment: true });
    net.send('h1', { octets: packet, offload: { checksum: null, segments: { kind: 'udp', sizeOctets: 1400 } } });
    expect(net.takeDeliveries('h1').map(line)).toEqual([expect.stringContaining('icmp 3/4 mtu 1000')]);
  });

  test('and without DF it is cut, and each packet fragmented', () => {
    const net = narrow(1000);
    const packet = udp('10.1.0.2', '10.2.0.2', [1, 2], 14_000);
    net.send('h1', { octets: packet, offload: { checksum: null, segments: { kind: 'udp', sizeOctets: 1400 } } });
    expect(net.takeDeliveries('h2').map(line)).toEqual(
      Array.from({ length: 10 }, () => '10.1.0.2 > 10.2.0.2 | udp 1 > 2'),
    );
  });
});

/** Octets around an inner packet: IPv4, SPI and sequence, IV, trailer with padding to 4, ICV. */
const GCM_MTU = 1446;

describe('through a tunnel', () => {
  test('IPv4 with DF: the sender behind the gateway hears what is left of the outer MTU', () => {
    const net = createNet(sites(), SITE_WIRES);
    net.send('a1', ping('10.0.0.2', '10.0.1.2', 1472, { dontFragment: true }));
    expect(net.takeDeliveries('a1').map(line)).toEqual([
      expect.stringContaining(`10.0.0.1 > 10.0.0.2 | icmp 3/4 mtu ${GCM_MTU}`),
    ]);
    net.send('a1', ping('10.0.0.2', '10.0.1.2', GCM_MTU - 28, { dontFragment: true }));
    expect(net.takeDeliveries('a1').map(line)).toEqual(['10.0.1.2 > 10.0.0.2 | icmp 0/0']);
    expect(
      net
        .node('alice')
        .status()
        .interfaces.find(each => each.name === 'v4_bob0')?.mtu,
    ).toBe(GCM_MTU);
  });

  test('IPv6 likewise', () => {
    const net = createNet(sites(), SITE_WIRES);
    const [from, to] = ['2001:470:24:c66::2', '2001:470:24:c67::2'];
    net.send('a1', ping(from, to, 1452));
    expect(net.takeDeliveries('a1').map(line)).toEqual([
      expect.stringContaining(`2001:470:24:c66::1 > ${from} | icmp 2/0 mtu ${GCM_MTU}`),
    ]);
    net.send('a1', ping(from, to, GCM_MTU - 48));
    expect(net.takeDeliveries('a1').map(line)).toEqual([`${to} > ${from} | icmp 129/0`]);
  });

  test('without DF the inner packet is fragmented, so that nobody reassembles ESP', () => {
    const net = createNet(sites(), SITE_WIRES);
    net.send('a1', ping('10.0.0.2', '10.0.1.2', 1472));
    const esp = traffic(net, 'alice:net0');
    expect(esp).toHaveLength(2);
    expect(esp.join()).not.toContain('fragment');
    expect(net.takeDeliveries('a1').map(octets => octets.length)).toEqual([1500]);
  });

  test.each([4, 6] as const)('a narrow link on the outer path (IPv%i) is learnt from ICMP and told inside', outer => {
    const net = createNet(sites({ outer, farMtu: 1400 }), SITE_WIRES);
    const first = ping('10.0.0.2', '10.0.1.2', 1400 - 28, { dontFragment: true });
    net.send('a1', first);
    expect(net.takeDeliveries('a1')).toEqual([]); // lost at the narrow link; alice has heard of it
    expect(traffic(net, 'internet:alice')).toEqual([
      expect.stringContaining(outer === 4 ? 'icmp 3/4 mtu 1400' : 'icmp 2/0 mtu 1400'),
    ]);
    net.send('a1', first);
    const told = outer === 4 ? 1346 : 1326;
    expect(net.takeDeliveries('a1').map(line)).toEqual([expect.stringContaining(`icmp 3/4 mtu ${told}`)]);
    net.send('a1', ping('10.0.0.2', '10.0.1.2', told - 28, { dontFragment: true }));
    expect(net.takeDeliveries('a1').map(line)).toEqual(['10.0.1.2 > 10.0.0.2 | icmp 0/0']);
    expect(
      net
        .node('alice')
        .status()
        .interfaces.find(each => each.name === 'v4_bob0')?.mtu,
    ).toBe(told);
  });

  test('a forged "too big" about an SPI that we do not use changes nothing', () => {
    const net = createNet(sites({ farMtu: 1400 }), SITE_WIRES);
    net.alter = ({ from, octets }) => {
      if (from !== 'internet:alice' || octets.length < 60 || octets[34] !== 3) return octets;
      const forged = octets.slice();
      const spi = 14 + 20 + 8 + 20;
      forged[spi] = 0x77;
      const at = 14 + 20;
      forged.set([0, 0], at + 2);
      let sum = 0;
      for (let i = at; i < forged.length; i += 2) sum += ((forged[i] ?? 0) << 8) | (forged[i + 1] ?? 0);
      while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
      forged.set([(~sum >> 8) & 255, ~sum & 255], at + 2);
      return forged;
    };
    net.send('a1', ping('10.0.0.2', '10.0.1.2', 1372, { dontFragment: true }));
    expect(net.node('alice').status().drops).toEqual({ unknownSpi: 1 });
    expect(
      net
        .node('alice')
        .status()
        .interfaces.find(each => each.name === 'v4_bob0')?.mtu,
    ).toBe(GCM_MTU);
  });

  test('1280 octets of IPv6 get through any outer path, in outer fragments if need be', () => {
    const net = createNet(sites({ wanMtu: 1280 }), SITE_WIRES);
    const [from, to] = ['2001:470:24:c66::2', '2001:470:24:c67::2'];
    net.send('a1', ping(from, to, 1280 - 48));
    expect(net.takeDeliveries('a1').map(line)).toEqual([`${to} > ${from} | icmp 129/0`]);
    expect(traffic(net, 'alice:net0').join()).toContain('fragment 0+');
    net.send('a1', ping(from, to, 1280 - 47));
    expect(net.takeDeliveries('a1').map(line)).toEqual([expect.stringContaining('icmp 2/0 mtu 1280')]);
  });
});
