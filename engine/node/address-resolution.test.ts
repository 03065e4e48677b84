import { describe, expect, test } from 'vitest';
import { parseMac } from '../wire/address.ts';
import { encodeArp } from '../wire/arp.ts';
import { encodeEthernet, EtherType } from '../wire/ethernet.ts';
import { NS_PER_S } from '../wire/instant.ts';
import { addressOf } from '../wire/testing/must.ts';
import { createNet, type Net } from './testing/net.ts';
import { ping, udp } from './testing/packets.ts';
import { line, resolution, traffic } from './testing/read.ts';
import { nodeConfig, port, route } from './testing/sites.ts';

const A = { interfaces: [port('e', ['10.0.0.1/24', '2001:db8::1/64'])] };
const B = { interfaces: [port('e', ['10.0.0.2/24', '2001:db8::2/64'])] };

function pair(): Net {
  return createNet([nodeConfig('a', A), nodeConfig('b', B)], [['a:e', 'b:e']]);
}

function macOf(parts: typeof A): Uint8Array {
  return parseMac(parts.interfaces[0]?.mac ?? '') ?? new Uint8Array();
}

describe.each([
  { family: 'ARP', a: '10.0.0.1', b: '10.0.0.2', absent: '10.0.0.9', unreachable: '3/1' },
  { family: 'ND', a: '2001:db8::1', b: '2001:db8::2', absent: '2001:db8::9', unreachable: '1/3' },
])('$family', ({ family, a, b, absent, unreachable }) => {
  test('one question, one answer, then packets', () => {
    const net = pair();
    net.send('a', ping(a, b), ping(a, b), ping(a, b));
    expect(net.takeDeliveries('a')).toHaveLength(3);
    expect(resolution(net, 'a:e')).toHaveLength(1);
    expect(resolution(net, 'b:e')).toHaveLength(1);
    expect(traffic(net, 'a:e')).toHaveLength(3);
  });

  test('nobody answers: three questions a second apart, then the host above hears of it', () => {
    const net = pair();
    net.send('a', ping(a, absent), ping(a, absent));
    expect(resolution(net, 'a:e')).toHaveLength(1);
    net.advance(2.5 * NS_PER_S);
    expect(resolution(net, 'a:e')).toHaveLength(3);
    expect(net.takeDeliveries('a')).toEqual([]);
    net.advance(NS_PER_S);
    expect(resolution(net, 'a:e')).toHaveLength(3);
    expect(net.takeDeliveries('a').map(line)).toEqual([
      expect.stringContaining(`icmp ${unreachable}`),
      expect.stringContaining(`icmp ${unreachable}`),
    ]);
    expect(net.node('a').status().drops).toEqual({ neighbourUnreachable: 2 });
    expect(net.node('a').wakeAt()).toBeNull();
  });

  test('frames that wait are bounded, the newest are kept', () => {
    const net = pair();
    for (let i = 0; i < 200; i++) net.send('a', udp(a, absent, [i, 9]));
    expect(net.node('a').status().drops).toEqual({ queueFull: 200 - 64 });
  });

  test('a neighbour that falls silent is asked directly, and forgotten', () => {
    const net = pair();
    net.send('a', ping(a, b));
    net.advance(100 * NS_PER_S);
    net.seen.length = 0;
    net.alter = ({ from, octets }) => (from === 'b:e' ? null : octets);
    net.send('a', ping(a, b));
    expect(traffic(net, 'a:e')).toHaveLength(1); // still sent to where it was last
    net.advance(10 * NS_PER_S);
    expect(resolution(net, 'a:e')).toHaveLength(3);
    const asked = net.seen.filter(frame => frame.from === 'a:e').map(frame => frame.octets[0]);
    expect(asked.every(octet => octet === 2)).toBe(true); // unicast
    net.send('a', ping(a, b));
    expect(net.seen.findLast(frame => frame.from === 'a:e')?.octets[0]).toBe(family === 'ARP' ? 0xff : 0x33);
  });

  test('a neighbour that answers stays known', () => {
    const net = pair();
    net.send('a', ping(a, b));
    net.advance(100 * NS_PER_S);
    net.seen.length = 0;
    net.send('a', ping(a, b));
    expect(resolution(net, 'a:e').length).toBeGreaterThan(0);
    net.advance(5 * NS_PER_S);
    net.seen.length = 0;
    net.send('a', ping(a, b));
    expect(resolution(net, 'a:e')).toEqual([]);
  });

  test('a router tells the sender of a packet that its neighbour is not there', () => {
    const lan = family === 'ARP' ? ['10.9.0.1/24', '10.9.0.2'] : ['2001:db8:9::1/64', '2001:db8:9::2'];
    const net = createNet(
      [
        nodeConfig('a', { ...A, routes: [route('0.0.0.0/0', '10.0.0.2'), route('::/0', '2001:db8::2')] }),
        nodeConfig('b', { forwarding: true, interfaces: [...B.interfaces, port('lan', [lan[0] ?? ''])] }),
      ],
      [['a:e', 'b:e']],
    );
    net.send('a', ping(a, lan[1] ?? ''));
    net.advance(5 * NS_PER_S);
    expect(net.takeDeliveries('a').map(line)).toEqual([expect.stringContaining(`${b} > ${a} | icmp ${unreachable}`)]);
  });
});

describe('gratuitous ARP', () => {
  const other = Uint8Array.of(2, 0xee, 0, 0, 0, 1);
  const announcement = (address: string) =>
    encodeEthernet({
      destination: Uint8Array.of(255, 255, 255, 255, 255, 255),
      source: other,
      etherType: EtherType.ARP,
      payload: encodeArp({
        operation: 1,
        senderMac: other,
        senderAddress: addressOf(address),
        targetMac: new Uint8Array(6),
        targetAddress: addressOf(address),
      }),
    });

  test('corrects a known neighbour', () => {
    const net = pair();
    net.send('a', ping('10.0.0.1', '10.0.0.2'));
    net.inject('a', 'e', announcement('10.0.0.2'));
    net.send('a', ping('10.0.0.1', '10.0.0.2'));
    expect(net.seen.at(-1)?.octets.subarray(0, 6)).toEqual(other);
  });

  test('makes no entry for a stranger', () => {
    const net = pair();
    net.inject('a', 'e', announcement('10.0.0.77'));
    net.send('a', ping('10.0.0.1', '10.0.0.77'));
    expect(resolution(net, 'a:e')).toEqual(['arp 1 10.0.0.1 > 10.0.0.77']);
  });

  test('of our own address is a conflict, which is reported and not believed', () => {
    const net = pair();
    net.inject('a', 'e', announcement('10.0.0.1'));
    expect(net.takeEvents('a')).toEqual([
      { kind: 'addressDuplicate', detail: '10.0.0.1 on e: 02:ee:00:00:00:01 has it too' },
    ]);
    net.send('b', ping('10.0.0.2', '10.0.0.1'));
    expect(net.takeDeliveries('b')).toHaveLength(1);
  });
});

describe('duplicate address detection', () => {
  test('an IPv6 address that another node defends is not used', () => {
    const twin = { interfaces: [port('e', ['2001:db8::1/64'])] };
    const net = createNet([nodeConfig('a', A), nodeConfig('twin', { interfaces: [] })], []);
    expect(net.node('a').status().interfaces[0]?.addresses).toContain('2001:db8::1/64');
    // The twin comes up later, on the same wire.
    const late = createNet([nodeConfig('a', A), nodeConfig('twin', twin)], [['a:e', 'twin:e']]);
    const addresses = (name: string) => late.node(name).status().interfaces[0]?.addresses;
    // Both came up at once, and neither may have it.
    expect(addresses('a')).not.toContain('2001:db8::1/64');
    expect(addresses('twin')).not.toContain('2001:db8::1/64');
  });

  test('later claims are reported, and nothing is given up', () => {
    const net = pair();
    const own = net.node('a').status().interfaces[0]?.addresses;
    net.seen.length = 0;
    // b claims a's address: an advertisement as b would send for one of its own.
    const claim = ndAdvertisement(macOf(B));
    net.inject('a', 'e', claim);
    expect(net.node('a').status().interfaces[0]?.addresses).toEqual(own);
    expect(net.takeEvents('a').map(event => event.kind)).toEqual(['addressDuplicate']);
  });
});

/** Neighbor Advertisement for 2001:db8::1 to all nodes, from `mac`; made by hand. */
function ndAdvertisement(mac: Uint8Array): Uint8Array {
  const target = addressOf('2001:db8::1');
  const all = addressOf('ff02::1');
  const icmp = Uint8Array.of(136, 0, 0, 0, 0x20, 0, 0, 0, ...target, 2, 1, ...mac);
  const pseudo = Uint8Array.of(...target, ...all, 0, 0, 0, icmp.length, 0, 0, 0, 58, ...icmp);
  let sum = 0;
  for (let i = 0; i < pseudo.length; i += 2) sum += ((pseudo[i] ?? 0) << 8) | (pseudo[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  icmp.set([(~sum >> 8) & 255, ~sum & 255], 2);
  const ip = Uint8Array.of(0x60, 0, 0, 0, 0, icmp.length, 58, 255, ...target, ...all, ...icmp);
  return Uint8Array.of(0x33, 0x33, 0, 0, 0, 1, ...mac, 0x86, 0xdd, ...ip);
}
