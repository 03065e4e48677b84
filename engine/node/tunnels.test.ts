import { protectBy } from '../ipsec/spd.ts';
import { describe, expect, test } from 'vitest';
import { createNet } from './testing/net.ts';
import { ipPacket, ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { nodeConfig, policy, port, route, SITE_WIRES, sites, tunnel } from './testing/sites.ts';

const INNER = {
  4: { from: '10.0.0.2', to: '10.0.1.2', reply: '0/0' },
  6: { from: '2001:470:24:c66::2', to: '2001:470:24:c67::2', reply: '129/0' },
} as const;
const OUTER = { 4: ['1.2.3.4', '5.6.7.8'], 6: ['2001:db8:a::4', '2001:db8:b::8'] } as const;
const combinations = [4, 6].flatMap(outer => [4, 6].map(inner => ({ outer, inner }))) as {
  outer: 4 | 6;
  inner: 4 | 6;
}[];

describe.each(combinations)('IPv$inner in IPv$outer', ({ outer, inner }) => {
  const { from, to, reply } = INNER[inner];
  const [alice, bob] = OUTER[outer];

  test('a tunnel without policies carries it in the clear', () => {
    const net = createNet(sites({ outer, protect: null }), SITE_WIRES);
    net.send('a1', ping(from, to));
    expect(net.takeDeliveries('a1').map(line)).toEqual([`${to} > ${from} | icmp ${reply}`]);
    expect(traffic(net, 'alice:net0')).toEqual([
      `${alice} > ${bob} | ${from} > ${to} | icmp ${inner === 4 ? '8/0' : '128/0'}`,
    ]);
  });

  test.each(['tunnel', 'transport'] as const)('a policy of %s mode on the tunnel: ESP and nothing else', protect => {
    const net = createNet(sites({ outer, protect }), SITE_WIRES);
    net.send('a1', ping(from, to));
    net.send('a1', ping(from, to));
    expect(net.takeDeliveries('a1').map(line)).toEqual([
      `${to} > ${from} | icmp ${reply}`,
      `${to} > ${from} | icmp ${reply}`,
    ]);
    expect(traffic(net, 'alice:net0')).toEqual([1, 2].map(n => `${alice} > ${bob} | esp 4096 ${n}`));
    expect(traffic(net, 'internet:alice')).toEqual([1, 2].map(n => `${bob} > ${alice} | esp 4097 ${n}`));
    for (const name of net.nodes.keys()) expect(net.node(name).status().drops).toEqual({});
  });
});

test('DSCP is copied out, and congestion on the way is copied in (RFC 6040)', () => {
  const net = createNet(sites(), SITE_WIRES);
  net.alter = ({ from, octets }) => {
    if (from !== 'internet:bob' || octets[23] !== 50) return octets;
    const marked = octets.slice();
    expect(marked[15]).toBe(0xb8 | 2);
    marked[15] = 0xb8 | 3;
    const checksum = (((marked[24] ?? 0) << 8) | (marked[25] ?? 0)) - 1;
    marked.set([checksum >> 8, checksum & 255], 24);
    return marked;
  };
  net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2], 32, { dscpEcn: 0xb8 | 2 }));
  expect(net.takeDeliveries('b1').map(packet => [packet[1], line(packet)])).toEqual([
    [0xb8 | 3, '10.0.0.2 > 10.0.1.2 | udp 1 > 2'],
  ]);
});

test('IP-in-IP that is of no tunnel is dropped', () => {
  const net = createNet(sites({ protect: null }), SITE_WIRES);
  const inner = udp('10.0.1.2', '10.0.0.2', [1, 2]);
  net.injectPackets('alice', 'net0', ipPacket('9.9.9.9', '1.2.3.4', 4, inner));
  expect(net.node('alice').status().drops).toEqual({ tunnelMismatch: 1 });
  expect(traffic(net, 'alice:net1')).toEqual([]);
});

test('a packet wrapped again and again in its own tunnel ends somewhere', () => {
  const net = createNet(sites({ protect: null }), SITE_WIRES);
  let packet = udp('5.6.7.8', '1.2.3.4', [1, 2]);
  for (let i = 0; i < 12; i++) packet = ipPacket('5.6.7.8', '1.2.3.4', 4, packet);
  net.injectPackets('alice', 'net0', packet);
  expect(net.node('alice').status().drops).toEqual({ tunnelMismatch: 1 });
});

test('a tunnel whose outer packets would go through itself sends nothing', () => {
  const loop = nodeConfig('loop', {
    forwarding: true,
    interfaces: [port('e', ['10.0.0.1/24'])],
    tunnels: [tunnel('t0', '10.0.0.1', '10.9.9.9', '10.0.0.1/32')],
    routes: [route('0.0.0.0/0', null, 't0')],
  });
  const net = createNet([loop], []);
  net.send('loop', udp('10.0.0.1', '8.8.8.8', [1, 2]));
  expect(net.seen).toEqual([]);
  expect(net.node('loop').status().drops).toEqual({ noRoute: 1 });
});

test('a tunnel in a tunnel: both headers, and the inner MTU is what both leave', () => {
  const net = createNet(
    [
      nodeConfig('a', {
        interfaces: [port('e', ['10.0.0.1/24'])],
        ...inside('172.16.0.1', '172.16.0.2', '10.0.0.1', '10.0.0.2'),
      }),
      nodeConfig('b', {
        interfaces: [port('e', ['10.0.0.2/24'])],
        ...inside('172.16.0.2', '172.16.0.1', '10.0.0.2', '10.0.0.1'),
      }),
    ],
    [['a:e', 'b:e']],
  );
  net.send('a', ping('192.168.0.1', '192.168.0.2'));
  expect(net.takeDeliveries('a').map(line)).toEqual(['192.168.0.2 > 192.168.0.1 | icmp 0/0']);
  expect(traffic(net, 'a:e')).toEqual([
    '10.0.0.1 > 10.0.0.2 | 172.16.0.1 > 172.16.0.2 | 192.168.0.1 > 192.168.0.2 | icmp 8/0',
  ]);
  expect(
    net
      .node('a')
      .status()
      .interfaces.map(each => each.mtu),
  ).toEqual([1500, 1460, 1480]);
});

test('a tunnel with its own SPD: what no policy names is discarded', () => {
  const options = {
    policies: (side: 'alice' | 'bob') => [
      policy(side === 'alice' ? 'v4_bob0' : 'v4_alice0', protectBy('esp', 'tunnel'), {
        tunnel: side === 'alice' ? 'v4_bob0' : 'v4_alice0',
        protocol: 1,
      }),
    ],
  } as const;
  const net = createNet(sites(options), SITE_WIRES);
  net.send('a1', ping('10.0.0.2', '10.0.1.2'), udp('10.0.0.2', '10.0.1.2', [1, 2]));
  expect(net.takeDeliveries('a1')).toHaveLength(1);
  expect(traffic(net, 'alice:net0')).toHaveLength(1);
  expect(net.node('alice').status().drops).toEqual({ policyDiscard: 1 });
});

function inside(mine: string, other: string, outerMine: string, outerOther: string) {
  return {
    tunnels: [
      tunnel('in0', mine, other, mine.replace('172.16', '192.168') + '/32'),
      tunnel('out0', outerMine, outerOther, `${mine}/32`),
    ],
    routes: [route(`${other}/32`, null, 'out0'), route(`${other.replace('172.16', '192.168')}/32`, null, 'in0')],
  };
}
