import { protectBy } from '../ipsec/spd.ts';
import { describe, expect, test } from 'vitest';
import { createNet, type Net } from './testing/net.ts';
import { ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { nodeConfig, policy, port, saPair } from './testing/sites.ts';

interface PairOptions {
  readonly mtu?: number;
  /** Without: a policy there is, but bob has none. */
  readonly bobIsPlain?: boolean;
}

/** Two hosts on one wire, with transport mode between their addresses of both families. */
function hosts({ mtu = 1500, bobIsPlain = false }: PairOptions = {}): Net {
  const ends = { alice: ['192.0.2.1', '2001:db8::1'], bob: ['192.0.2.2', '2001:db8::2'] } as const;
  const [toBob4, fromAlice4] = saPair(4096, ends.alice[0], ends.bob[0], ['v4', 'v4'], { mode: 'transport' });
  const [toAlice4, fromBob4] = saPair(4097, ends.bob[0], ends.alice[0], ['v4', 'v4'], { mode: 'transport' });
  const [toBob6, fromAlice6] = saPair(4098, ends.alice[1], ends.bob[1], ['v6', 'v6'], { mode: 'transport', esn: true });
  const [toAlice6, fromBob6] = saPair(4099, ends.bob[1], ends.alice[1], ['v6', 'v6'], { mode: 'transport', esn: true });
  const host = (name: 'alice' | 'bob', sas: Parameters<typeof nodeConfig>[1]['sas'] = []) => {
    const [own, other] = name === 'alice' ? [ends.alice, ends.bob] : [ends.bob, ends.alice];
    const protect = protectBy('esp', 'transport');
    return nodeConfig(name, {
      interfaces: [port('eth0', [`${own[0]}/24`, `${own[1]}/64`], { mtu })],
      policies:
        name === 'bob' && bobIsPlain
          ? []
          : [
              policy('v4', protect, { local: own[0], remote: other[0] }),
              policy('v6', protect, { local: own[1], remote: other[1] }),
            ],
      sas: name === 'bob' && bobIsPlain ? [] : sas,
    });
  };
  const alice = host('alice', [toBob4, fromBob4, toBob6, fromBob6]);
  const bob = host('bob', [toAlice4, fromAlice4, toAlice6, fromAlice6]);
  return createNet([alice, bob], [['alice:eth0', 'bob:eth0']]);
}

describe.each([
  { family: 'IPv4', alice: '192.0.2.1', bob: '192.0.2.2', spis: [4096, 4097], reply: '0/0', tooBig: '3/4' },
  { family: 'IPv6', alice: '2001:db8::1', bob: '2001:db8::2', spis: [4098, 4099], reply: '129/0', tooBig: '2/0' },
])('transport mode over $family', ({ family, alice, bob, spis, reply, tooBig }) => {
  test('a ping is ESP between the hosts’ own addresses', () => {
    const net = hosts();
    net.send('alice', ping(alice, bob));
    expect(net.takeDeliveries('alice').map(line)).toEqual([`${bob} > ${alice} | icmp ${reply}`]);
    expect(traffic(net, 'alice:eth0')).toEqual([`${alice} > ${bob} | esp ${spis[0]} 1`]);
    expect(traffic(net, 'bob:eth0')).toEqual([`${bob} > ${alice} | esp ${spis[1]} 1`]);
  });

  test('the packet arrives as it was sent', () => {
    const net = hosts();
    const packet = udp(alice, bob, [1, 2], 200, { dscpEcn: 0x28, hopLimit: 17 });
    net.send('alice', packet);
    expect(net.takeDeliveries('bob')).toEqual([packet]);
  });

  test('the host above is told what is left of the MTU', () => {
    const net = hosts();
    net.send('alice', udp(alice, bob, [1, 2], 1450, { dontFragment: true }));
    expect(traffic(net, 'alice:eth0')).toEqual([]);
    const [told] = net.takeDeliveries('alice').map(line);
    expect(told).toContain(`icmp ${tooBig} mtu `);
    const mtu = Number(/mtu ([0-9]+)/.exec(told ?? '')?.[1]);
    const header = family === 'IPv4' ? 28 : 48;
    net.send('alice', udp(alice, bob, [1, 2], mtu - header, { dontFragment: true }));
    expect(net.takeDeliveries('bob').map(packet => packet.length)).toEqual([mtu]);
    expect(traffic(net, 'alice:eth0').join()).not.toContain('fragment');
  });

  test('a superframe is cut before it is protected', () => {
    const net = hosts();
    const packet = udp(alice, bob, [1, 2], 20_000);
    net.send('alice', { octets: packet, offload: { checksum: null, segments: { kind: 'udp', sizeOctets: 1300 } } });
    expect(traffic(net, 'alice:eth0')).toHaveLength(16);
    expect(net.takeDeliveries('bob')).toHaveLength(16);
  });

  test('what comes in the clear is discarded', () => {
    const net = hosts();
    net.injectPackets('bob', 'eth0', udp(alice, bob, [1, 2]), ping(alice, bob));
    expect(net.takeDeliveries('bob')).toEqual([]);
    expect(traffic(net, 'bob:eth0')).toEqual([]);
    expect(net.node('bob').status().drops).toEqual({ policyDiscard: 2 });
  });

  test('towards a host that does not take part, nothing leaves in the clear', () => {
    const net = hosts({ bobIsPlain: true });
    net.send('alice', ping(alice, bob));
    expect(net.takeDeliveries('alice')).toEqual([]);
    expect(traffic(net, 'alice:eth0')).toEqual([`${alice} > ${bob} | esp ${spis[0]} 1`]);
    expect(net.node('bob').status().drops).toEqual({ unknownSpi: 1 });
  });
});

test('fragments from above are put together, protected whole, and the ESP fragmented', () => {
  const net = hosts();
  const whole = udp('192.0.2.1', '192.0.2.2', [1, 2], 3000);
  const pieces = [0, 1480, 2960].map(at => fragmentOf(whole, at));
  net.send('alice', ...pieces);
  expect(traffic(net, 'alice:eth0')).toEqual([
    '192.0.2.1 > 192.0.2.2 fragment 0+ | esp 4096 1',
    expect.stringContaining('fragment 1480+'),
    expect.stringContaining('fragment 2960'),
  ]);
  expect(net.takeDeliveries('bob').map(line)).toEqual(['192.0.2.1 > 192.0.2.2 | udp 1 > 2']);
});

test('with a policy for some, what none names is discarded both ways', () => {
  const net = hosts();
  net.send('alice', udp('192.0.2.1', '192.0.2.77', [1, 2]));
  net.injectPackets('alice', 'eth0', udp('192.0.2.77', '192.0.2.1', [1, 2]));
  expect(net.seen).toEqual([]);
  expect(net.takeDeliveries('alice')).toEqual([]);
  expect(net.node('alice').status().drops).toEqual({ policyDiscard: 2 });
});

function fragmentOf(packet: Uint8Array, at: number): Uint8Array {
  const data = packet.subarray(20 + at, 20 + Math.min(at + 1480, packet.length - 20));
  const piece = new Uint8Array(20 + data.length);
  piece.set(packet.subarray(0, 20));
  piece.set(data, 20);
  const flags = (at + data.length < packet.length - 20 ? 0x2000 : 0) | (at / 8);
  piece.set([piece.length >> 8, piece.length & 255], 2);
  piece.set([flags >> 8, flags & 255, 64, 17, 0, 0], 6);
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += ((piece[i] ?? 0) << 8) | (piece[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  piece.set([(~sum >> 8) & 255, ~sum & 255], 10);
  return piece;
}
