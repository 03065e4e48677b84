import { describe, expect, test } from 'vitest';
import { NS_PER_S } from '../wire/instant.ts';
import { createNet, type Net } from './testing/net.ts';
import { ipPacket, ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { nodeConfig, port, route } from './testing/sites.ts';

/** h1 – r1 – r2 – h2, both families. */
function chain(): Net {
  return createNet(
    [
      nodeConfig('h1', {
        interfaces: [port('e', ['10.1.0.2/24', '2001:db8:1::2/64'])],
        routes: [route('0.0.0.0/0', '10.1.0.1'), route('::/0', '2001:db8:1::1')],
      }),
      nodeConfig('r1', {
        forwarding: true,
        interfaces: [
          port('left', ['10.1.0.1/24', '2001:db8:1::1/64']),
          port('right', ['10.2.0.1/24', '2001:db8:2::1/64']),
        ],
        routes: [route('10.3.0.0/24', '10.2.0.2'), route('2001:db8:3::/64', '2001:db8:2::2')],
      }),
      nodeConfig('r2', {
        forwarding: true,
        interfaces: [
          port('left', ['10.2.0.2/24', '2001:db8:2::2/64']),
          port('right', ['10.3.0.1/24', '2001:db8:3::1/64']),
        ],
        routes: [route('10.1.0.0/24', '10.2.0.1'), route('2001:db8:1::/64', '2001:db8:2::1')],
      }),
      nodeConfig('h2', {
        interfaces: [port('e', ['10.3.0.2/24', '2001:db8:3::2/64'])],
        routes: [route('0.0.0.0/0', '10.3.0.1'), route('::/0', '2001:db8:3::1')],
      }),
    ],
    [
      ['h1:e', 'r1:left'],
      ['r1:right', 'r2:left'],
      ['r2:right', 'h2:e'],
    ],
  );
}

const families = [
  {
    family: 'IPv4',
    near: '10.1.0.2',
    far: '10.3.0.2',
    routers: ['10.1.0.1', '10.2.0.2'],
    reply: '0/0',
    expired: '11/0',
  },
  {
    family: 'IPv6',
    near: '2001:db8:1::2',
    far: '2001:db8:3::2',
    routers: ['2001:db8:1::1', '2001:db8:2::2'],
    reply: '129/0',
    expired: '3/0',
  },
];

describe.each(families)('forwarding of $family', ({ near, far, routers, reply, expired }) => {
  test('a ping crosses two routers and comes back', () => {
    const net = chain();
    net.send('h1', ping(near, far));
    expect(net.takeDeliveries('h1').map(line)).toEqual([`${far} > ${near} | icmp ${reply}`]);
    for (const name of ['h1', 'r1', 'r2', 'h2']) expect(net.node(name).status().drops).toEqual({});
  });

  test('each hop takes one from the hop limit, and the checksum stays right on the short way too', () => {
    const net = chain();
    for (let i = 0; i < 3; i++) net.send('h1', ping(near, far));
    const at = far.includes(':') ? 14 + 7 : 14 + 8;
    const limits = (from: string) =>
      net.seen.filter(frame => frame.from === from && frame.octets.length === ping(near, far).length + 14);
    expect(limits('r1:right').map(frame => frame.octets[at])).toEqual([63, 63, 63]);
    expect(limits('r2:right').map(frame => frame.octets[at])).toEqual([62, 62, 62]);
    expect(traffic(net, 'r2:right').join()).not.toContain('BAD');
  });

  test('a frame that is not of IP by its EtherType is not of a known flow, whatever it looks like', () => {
    const net = chain();
    for (let i = 0; i < 2; i++) net.send('h1', ping(near, far));
    const asked = net.seen.findLast(({ from }) => from === 'h1:e');
    if (asked === undefined) throw new Error('nothing was sent');
    net.seen.length = 0;
    net.inject('r1', 'left', asked.octets.with(12, 0x88).with(13, 0xb5));
    expect(net.seen).toEqual([]);
    net.inject('r1', 'left', asked.octets);
    expect(net.seen.map(({ from }) => from)).toContain('r1:right');
  });

  test('raising the hop limit one by one names every router, as traceroute does', () => {
    const net = chain();
    const hops = [1, 2, 3].map(hopLimit => {
      net.send('h1', ping(near, far, 56, { hopLimit }));
      return net.takeDeliveries('h1').map(line);
    });
    expect(hops).toEqual([
      [expect.stringContaining(`${routers[0]} > ${near} | icmp ${expired}`)],
      [expect.stringContaining(`${routers[1]} > ${near} | icmp ${expired}`)],
      [`${far} > ${near} | icmp ${reply}`],
    ]);
  });

  test('without a route the sender hears that the network is unreachable', () => {
    const net = chain();
    const nowhere = far.includes(':') ? '2001:db8:99::1' : '10.99.0.1';
    net.send('h1', udp(near, nowhere, [1, 2]));
    const code = far.includes(':') ? '1/0' : '3/0';
    expect(net.takeDeliveries('h1').map(line)).toEqual([
      expect.stringContaining(`${routers[0]} > ${near} | icmp ${code}`),
    ]);
    expect(net.node('r1').status().drops).toEqual({ noRoute: 1 });
  });

  test('a host passes nothing on', () => {
    const net = chain();
    net.injectPackets('h2', 'e', udp(near, far.replace(/2$/, '77'), [1, 2]));
    expect(net.seen).toEqual([]);
    expect(net.node('h2').status().drops).toEqual({ notForUs: 1 });
  });

  test('ICMP errors to one sender are rationed, and the ration grows again', () => {
    const net = chain();
    const burst = () => {
      for (let i = 0; i < 200; i++) net.send('h1', ping(near, far, 8, { hopLimit: 1 }));
      return net.takeDeliveries('h1').length;
    };
    const first = burst();
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(30);
    net.advance(NS_PER_S);
    expect(burst()).toBe(first);
    expect(net.node('r1').status().drops.hopLimitExceeded).toBe(400);
    // The counter is exact, the texts are rationed as well.
    const texts = net.takeEvents('r1').filter(event => event.kind === 'hopLimitExceeded');
    expect(texts.length).toBeLessThan(5);
  });
});

describe('what no ICMP error may be about', () => {
  test('an ICMP error that expires is dropped in silence', () => {
    const net = chain();
    net.send('h1', ping('10.1.0.2', '10.3.0.2', 8, { hopLimit: 1 }));
    const [error] = net.takeDeliveries('h1');
    if (error === undefined) throw new Error('no error');
    const expiring = error.slice();
    const about = ipPacket('10.1.0.2', '10.3.0.2', 1, expiring.subarray(20), { hopLimit: 1 });
    net.send('h1', about);
    expect(net.takeDeliveries('h1')).toEqual([]);
    expect(net.node('r1').status().drops.hopLimitExceeded).toBe(2);
  });

  test('a later fragment that expires is dropped in silence', () => {
    const net = chain();
    const fragment = udp('10.1.0.2', '10.3.0.2', [1, 2], 64, { hopLimit: 1 });
    fragment.set([0x00, 0x08], 6); // offset 64
    fragment.set([0, 0], 10);
    let sum = 0;
    for (let i = 0; i < 20; i += 2) sum += ((fragment[i] ?? 0) << 8) | (fragment[i + 1] ?? 0);
    const checksum = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
    fragment.set([checksum >> 8, checksum & 255], 10);
    net.send('h1', fragment);
    expect(net.takeDeliveries('h1')).toEqual([]);
    expect(net.node('r1').status().drops).toEqual({ hopLimitExceeded: 1 });
  });
});

describe('addresses that cannot be', () => {
  test.each([
    ['127.0.0.1', '10.3.0.2'],
    ['224.0.0.5', '10.3.0.2'],
    ['255.255.255.255', '10.3.0.2'],
    ['0.0.0.0', '10.3.0.2'],
    ['10.2.0.1', '10.3.0.2'],
    ['10.1.0.2', '127.0.0.1'],
    ['ff02::1', '2001:db8:3::2'],
    ['::1', '2001:db8:3::2'],
    ['2001:db8:2::1', '2001:db8:3::2'],
  ])('%s > %s is not forwarded', (from, to) => {
    const net = chain();
    net.injectPackets('r1', 'left', udp(from, to, [1, 2]));
    expect(net.seen).toEqual([]);
    expect(net.node('r1').status().drops).toEqual({ malformed: 1 });
  });

  test('link-local addresses stay on their link', () => {
    const net = chain();
    net.send('h1', udp('fe80::1', '2001:db8:3::2', [1, 2]));
    expect(traffic(net, 'r1:right')).toEqual([]);
    expect(net.node('r1').status().drops).toEqual({ noRoute: 1 });
  });
});

describe('interfaces', () => {
  test('a link that is down takes its routes with it, and brings them back', () => {
    const net = chain();
    const up = (isUp: boolean) =>
      net.take('r1', net.node('r1').command({ kind: 'link', port: 'right', up: isUp }, net.now()));
    up(false);
    net.send('h1', ping('10.1.0.2', '10.3.0.2'));
    expect(net.takeDeliveries('h1').map(line)).toEqual([expect.stringContaining('10.1.0.1 > 10.1.0.2 | icmp 3/0')]);
    up(true);
    net.send('h1', ping('10.1.0.2', '10.3.0.2'));
    expect(net.takeDeliveries('h1').map(line)).toEqual(['10.3.0.2 > 10.1.0.2 | icmp 0/0']);
    expect(net.takeEvents('r1').map(event => event.kind)).toEqual(
      expect.arrayContaining(['interfaceDown', 'interfaceUp']),
    );
  });

  test('counters count frames, and the source address towards a destination is the exit’s', () => {
    const net = chain();
    const before = net.node('r1').status().interfaces[1]?.counters.sentPackets ?? 0;
    net.send('h1', ping('10.1.0.2', '10.3.0.2'));
    const after = net.node('r1').status().interfaces[1]?.counters.sentPackets ?? 0;
    expect(after - before).toBe(2); // an ARP request and the ping
    expect(net.node('r1').sourceFor('10.3.0.2')).toBe('10.2.0.1');
    expect(net.node('r1').sourceFor('2001:db8:3::2')).toBe('2001:db8:2::1');
    expect(net.node('r1').sourceFor('10.99.0.1')).toBeNull();
  });
});

describe('superframes in the clear', () => {
  const offload = { checksum: null, segments: { kind: 'udp', sizeOctets: 1400 } } as const;

  test('pass untouched where each of their packets fits', () => {
    const net = chain();
    const packet = udp('10.1.0.2', '10.3.0.2', [1, 2], 14_000);
    net.send('h1', { octets: packet, offload });
    expect(net.takeDeliveries('h2')).toHaveLength(1);
    const last = net.seen.findLast(seen => seen.from === 'r2:right');
    expect(last?.octets.length).toBe(14 + packet.length);
    expect(last?.offload).toEqual(offload);
  });

  test('an unfinished checksum moves with the Ethernet header', () => {
    const net = chain();
    const packet = udp('10.1.0.2', '10.3.0.2', [1, 2], 100);
    net.send('h1', { octets: packet, offload: { checksum: { start: 20, offset: 6 }, segments: null } });
    const last = net.seen.findLast(seen => seen.from === 'r1:right');
    expect(last?.offload).toEqual({ checksum: { start: 34, offset: 6 }, segments: null });
  });
});
