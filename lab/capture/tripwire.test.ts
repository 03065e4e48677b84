import { describe, expect, test } from 'vitest';
import { encodeEthernet } from '../../engine/wire/ethernet.ts';
import { encodeIcmpv4 } from '../../engine/wire/icmpv4.ts';
import { encodeIcmpv6 } from '../../engine/wire/icmpv6.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { fragmentIpv4 } from '../../engine/wire/ipv4.ts';
import { fragmentIpv6 } from '../../engine/wire/ipv6-extension.ts';
import { decodeIpv6, encodeIpv6 } from '../../engine/wire/ipv6.ts';
import { encodeNd } from '../../engine/wire/nd.ts';
import { addressOf } from '../../engine/wire/testing/must.ts';
import { encodeUdp } from '../../engine/wire/udp.ts';
import type { ProtectedFlow } from '../topology/model.ts';
import {
  ahKeys,
  authenticated,
  captured,
  echo,
  frame,
  ip,
  saFor,
  seal,
  sealedTunnel,
  CLOSED_SUITES,
  OPEN_SUITES,
  tunnelled,
} from './testing/seal.ts';
import { createTripwire, type TripwireReport } from './tripwire.ts';

const flow = (a: string, b: string, links = ['wan']): ProtectedFlow => ({ a, b, links, because: 'test' });
const V4 = flow('10.0.0.0/24', '10.0.1.0/24');
const V6 = flow('2001:470:24:c66::/64', '2001:470:24:c67::/64');
const PING = echo('10.0.0.2', '10.0.1.2');
const PING6 = echo('2001:470:24:c66::2', '2001:470:24:c67::2');
const GW = ['1.2.3.4', '5.6.7.8'] as const;

function watch(flows: readonly ProtectedFlow[], frames: readonly Uint8Array[], link = 'wan'): TripwireReport {
  const tripwire = createTripwire(flows);
  for (const octets of frames) tripwire.see(captured(octets, { link }));
  return tripwire.report();
}

const hows = (packets: readonly Uint8Array[], flows = [V4, V6]) =>
  watch(flows, packets.map(frame)).flows.flatMap(f => f.offences.map(o => o.how));

const udp = (port: number, payload: Uint8Array) =>
  ip(
    '192.0.2.1',
    '192.0.2.2',
    IpProtocol.UDP,
    encodeUdp({ sourcePort: port, destinationPort: port, payload }, addressOf('192.0.2.1'), addressOf('192.0.2.2')),
  );

describe('a protected packet in the clear trips it', () => {
  test.each([
    ['as it is', PING],
    ['IPv6', PING6],
    ['the answer', echo('10.0.1.2', '10.0.0.2', 'echoReply')],
    ['cut after its header', PING.subarray(0, 20)],
  ])('%s', (_what, packet) => {
    expect(hows([packet])).toEqual(['bare']);
  });

  test.each([
    ['IP-in-IP', tunnelled(...GW, PING)],
    ['IPv6 in IPv4', tunnelled(...GW, PING6)],
    ['IPv4 in IPv6', tunnelled('2001:db8::1', '2001:db8::2', PING)],
    ['five deep', [1, 2, 3, 4, 5].reduce(inner => tunnelled(...GW, inner), PING)],
    ['GRE with key', ip(...GW, 47, new Uint8Array([0x20, 0, 0x08, 0, 0, 0, 0, 9, ...PING]))],
    [
      'behind IPv6 options',
      ip('2001:db8::1', '2001:db8::2', IpProtocol.DSTOPTS, new Uint8Array([4, 0, 1, 4, 0, 0, 0, 0, ...PING])),
    ],
    [
      'behind AH',
      ip(...GW, IpProtocol.AH, new Uint8Array([4, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, ...new Uint8Array(12), ...PING])),
    ],
  ])('tunnelled: %s', (_what, packet) => {
    expect(hows([packet])).toEqual(['tunnelled']);
  });

  test('in the quote of an ICMP error of either family', () => {
    const error4 = encodeIcmpv4({ type: 'timeExceeded', code: 0, invoking: PING.subarray(0, 28) });
    const ends = [addressOf('2001:db8::9'), addressOf('2001:db8::1')] as const;
    const error6 = encodeIcmpv6({ type: 'packetTooBig', mtu: 1280, invoking: PING6 }, ...ends);
    const packets = [
      ip('9.9.9.9', GW[0], IpProtocol.ICMP, error4),
      ip('2001:db8::9', '2001:db8::1', IpProtocol.ICMPV6, error6),
    ];
    expect(hows(packets)).toEqual(['quoted by an ICMP error', 'quoted by an ICMP error']);
  });

  test('behind VLAN tags', () => {
    const payload = new Uint8Array([0, 5, 0x81, 0, 0, 6, 0x08, 0, ...PING]);
    const tagged = encodeEthernet({
      destination: new Uint8Array(6),
      source: new Uint8Array(6),
      etherType: 0x88a8,
      payload,
    });
    expect(watch([V4], [tagged])).toMatchObject({ tripped: true });
  });

  test('each fragment of it, whatever the order', () => {
    const large = echo('10.0.0.2', '10.0.1.2', 'echoRequest', new Uint8Array(2000));
    const fragments = fragmentIpv4(large, 600);
    expect(hows([...fragments].reverse())).toEqual(fragments.map(() => 'bare'));
  });

  test('once, in the first fragment of an IP-in-IP packet', () => {
    const fragments = fragmentIpv4(
      tunnelled(...GW, echo('10.0.0.2', '10.0.1.2', 'echoRequest', new Uint8Array(2000))),
      600,
    );
    expect(hows(fragments)).toEqual(['tunnelled']);
    expect(hows(fragments.slice(0, 1))).toEqual(['tunnelled']);
  });

  test('when only all fragments together show it', () => {
    const fragments = fragmentIpv4(tunnelled(...GW, PING), 28);
    expect(fragments.length).toBeGreaterThan(5);
    expect(hows([...fragments].reverse())).toEqual(['tunnelled, in fragments']);
    expect(hows(fragments.slice(0, -1))).toEqual([]);
    const outer6 = tunnelled('2001:db8::1', '2001:db8::2', tunnelled(...GW, tunnelled(...GW, PING6)));
    expect(hows(fragmentIpv6(outer6, 40 + 8 + 64, 77))).toEqual(['tunnelled, in fragments']);
  });

  test.each([0, 8, 16])('inside ESP that does not encrypt, after %i octets of IV', ivOctets => {
    for (const inner of [PING, PING6]) {
      const esp = new Uint8Array([
        0,
        0,
        0x10,
        0,
        0,
        0,
        0,
        1,
        ...new Uint8Array(ivOctets).fill(0x45),
        ...inner,
        1,
        2,
        2,
        4,
        ...new Uint8Array(16),
      ]);
      expect(hows([ip(...GW, IpProtocol.ESP, esp)])).toEqual(['inside ESP, not encrypted']);
    }
  });

  test('on the links that were named, and no other', () => {
    expect(watch([V4], [frame(PING)], 'lan-a').tripped).toBe(false);
    expect(watch([flow(V4.a, V4.b, ['lan-a', 'wan'])], [frame(PING)], 'lan-a').flows).toMatchObject([
      { link: 'lan-a', clearPackets: 1 },
      { link: 'wan', clearPackets: 0 },
    ]);
  });

  test('every packet counts, the first ones are kept', () => {
    const [sighting] = watch(
      [V4],
      Array.from({ length: 100 }, () => frame(PING)),
    ).flows;
    expect(sighting).toMatchObject({ clearPackets: 100, flow: V4 });
    expect(sighting?.offences).toHaveLength(16);
    expect(sighting?.offences[0]).toEqual({ packet: captured(frame(PING)), how: 'bare' });
  });
});

const flipped = (octets: Uint8Array, bit: number): Uint8Array => {
  const copy = octets.slice();
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
  return copy;
};
const sealed = (source: string, destination: string, sequence: bigint): Uint8Array => {
  const sa = saFor('aes256-sha256', { source, destination });
  return frame(ip(source, destination, IpProtocol.ESP, seal(sa, sequence, IpProtocol.ICMP, PING.subarray(20))));
};

/** The same in UDP, and behind AH. */
const inUdp = (source: string, destination: string, sequence: bigint): Uint8Array => {
  const sa = saFor('aes256-sha256', { source, destination });
  const payload = seal(sa, sequence, IpProtocol.ICMP, PING.subarray(20));
  const ports = { sourcePort: 4500, destinationPort: 61234 };
  const datagram = encodeUdp({ ...ports, payload }, addressOf(source), addressOf(destination));
  if (!source.includes(':')) datagram.fill(0, 6, 8);
  return frame(ip(source, destination, IpProtocol.UDP, datagram));
};

const behindAh = (source: string, destination: string, sequence: bigint): Uint8Array =>
  frame(
    authenticated(
      ahKeys('sha512', { source, destination }),
      sequence,
      sealed(source, destination, sequence).subarray(14),
    ),
  );

const ENDS6 = [addressOf('2001:db8::1'), addressOf('2001:db8::2')] as const;
const SOLICITATION = encodeIpv6({
  ...decodeIpv6(
    ip(
      '2001:db8::1',
      '2001:db8::2',
      IpProtocol.ICMPV6,
      encodeIcmpv6(encodeNd({ type: 'neighborSolicitation', target: ENDS6[1], options: [] }), ...ENDS6),
    ),
  ),
  hopLimit: 255,
});

describe('what is no offence', () => {
  test.each(CLOSED_SUITES)('%s in a tunnel', suite => {
    const sa = saFor(suite);
    const frames = Array.from({ length: 50 }, (_, i) => frame(sealedTunnel(sa, BigInt(i + 1), i % 2 ? PING : PING6)));
    expect(watch([V4, V6, flow('0.0.0.0/0', '0.0.0.0/0')].slice(0, 2), frames)).toMatchObject({
      tripped: false,
      links: [{ link: 'wan', packets: 50, espPackets: 50 }],
    });
  });

  test.each(OPEN_SUITES)('%s is ESP in name only', suite => {
    const report = watch([V4, V6], [frame(sealedTunnel(saFor(suite), 1n, PING))]);
    expect(report).toMatchObject({ tripped: true, flows: [{ offences: [{ how: 'inside ESP, not encrypted' }] }, {}] });
  });

  test('random octets in ESP never look like a packet of the flow', () => {
    const tripwire = createTripwire([V4, V6, flow('10.0.0.0/8', '0.0.0.0/0'), flow('::/0', '2000::/3')]);
    let state = 1;
    const random = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 24;
    for (let i = 0; i < 20_000; i++)
      tripwire.see(captured(frame(ip(...GW, IpProtocol.ESP, Uint8Array.from({ length: 80 }, random)))));
    expect(tripwire.report().tripped).toBe(false);
  });

  const TRANSPORT = [flow('192.0.2.1/32', '192.0.2.2/32'), flow('2001:db8::1/128', '2001:db8::2/128')];

  test('ESP between the flow itself, fragmented or in UDP, is counted as seen', () => {
    const sa = saFor('aes256-sha256', { source: '192.0.2.1', destination: '192.0.2.2' });
    const esp = seal(sa, 1n, IpProtocol.ICMP, PING.subarray(20));
    const inUdp = encodeUdp(
      { sourcePort: 4500, destinationPort: 4500, payload: esp },
      addressOf(sa.source),
      addressOf(sa.destination),
    );
    const plain = ip(sa.source, sa.destination, IpProtocol.ESP, esp);
    const packets = [plain, ...fragmentIpv4(plain, 68), ip(sa.source, sa.destination, IpProtocol.UDP, inUdp)];
    expect(watch(TRANSPORT, packets.map(frame))).toMatchObject({
      tripped: false,
      flows: [{ espPackets: packets.length, clearPackets: 0 }, { espPackets: 0 }],
    });
  });

  test('ESP behind IPv6 extension headers and behind AH', () => {
    const sa = saFor('aes128gcm16', { source: '2001:db8::1', destination: '2001:db8::2' });
    const esp = seal(sa, 1n, IpProtocol.ICMPV6, PING6.subarray(40));
    const optioned = ip(
      sa.source,
      sa.destination,
      IpProtocol.DSTOPTS,
      new Uint8Array([50, 0, 1, 4, 0, 0, 0, 0, ...esp]),
    );
    const authenticated = ip(
      sa.source,
      sa.destination,
      IpProtocol.AH,
      new Uint8Array([50, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, ...new Uint8Array(12), ...esp]),
    );
    expect(hows([optioned, authenticated, ...fragmentIpv6(optioned, 136, 5)], TRANSPORT)).toEqual([]);
  });

  test('later fragments of ESP in UDP and behind AH, but not of user data', () => {
    const [source, destination] = ['192.0.2.1', '192.0.2.2'] as const;
    expect(hows(fragmentIpv4(inUdp(source, destination, 1n).subarray(14), 68), TRANSPORT)).toEqual([]);
    expect(hows(fragmentIpv4(behindAh(source, destination, 1n).subarray(14), 68), TRANSPORT)).toEqual([]);
    const clear = fragmentIpv4(udp(5000, new Uint8Array(200)), 68);
    expect(new Set(hows(clear, TRANSPORT))).toEqual(new Set(['bare']));
    const hidden = fragmentIpv4(
      authenticated(ahKeys('sha256', { source, destination }), 1n, udp(5000, new Uint8Array(200))),
      68,
    );
    expect(hows(hidden, TRANSPORT)).not.toEqual([]);
  });

  test('AH hides nothing', () => {
    const [source, destination] = ['192.0.2.1', '192.0.2.2'] as const;
    expect(
      hows([authenticated(ahKeys('sha256', { source, destination }), 1n, echo(source, destination))], TRANSPORT),
    ).toEqual(['bare']);
    expect(hows([authenticated(ahKeys('sha256'), 1n, tunnelled(...GW, PING))])).toEqual(['tunnelled']);
  });

  test('neighbour discovery on the link, but not an imitation from afar', () => {
    const far = encodeIpv6({ ...decodeIpv6(SOLICITATION), hopLimit: 64 });
    expect(hows([SOLICITATION], TRANSPORT)).toEqual([]);
    expect(hows([far], TRANSPORT)).toEqual(['bare']);
  });

  test('IKE between the hosts, but not user data on its port', () => {
    const ike = new Uint8Array([...new Uint8Array(16).fill(1), 33, 0x20, 34, 8, 0, 0, 0, 0, 0, 0, 0, 32, 1, 2, 3, 4]);
    expect(
      hows([udp(500, ike), udp(4500, new Uint8Array([0, 0, 0, 0, ...ike])), udp(4500, Uint8Array.of(0xff))], TRANSPORT),
    ).toEqual([]);
    expect(hows([udp(500, new Uint8Array(40)), udp(4500, new Uint8Array(40))], TRANSPORT)).toEqual(['bare', 'bare']);
    const inner = encodeUdp(
      { sourcePort: 500, destinationPort: 500, payload: ike },
      addressOf('10.0.0.2'),
      addressOf('10.0.1.2'),
    );
    expect(hows([ip('10.0.0.2', '10.0.1.2', IpProtocol.UDP, inner)])).toEqual(['bare']);
  });

  test('IKE in fragments, but not user data in fragments on its port', () => {
    const ike = new Uint8Array(1500).fill(1);
    ike.set([33, 0x20, 34, 8, 0, 0, 0, 0, 0, 0, 1500 >> 8, 1500 & 255], 16);
    const [first, ...later] = [udp(500, ike)].flatMap(packet => fragmentIpv4(packet, 600));
    if (first === undefined) throw new Error('not fragmented');
    expect(later).toHaveLength(2);
    expect(hows([first, ...later], TRANSPORT)).toEqual([]);
    // Out of order where IKE has been seen before.
    expect(hows([udp(500, ike), ...later.toReversed(), first], TRANSPORT)).toEqual([]);
    expect(hows(later, TRANSPORT)).toEqual(['bare', 'bare']);
    const clear = fragmentIpv4(udp(500, ike.with(17, 0x40)), 600);
    expect(hows(clear, TRANSPORT).length).toBeGreaterThan(0);
    expect(hows([udp(500, ike), ...clear.toReversed()], TRANSPORT)).toEqual(['bare']);
  });

  test('an ICMP error about ESP, which does not count as ESP seen', () => {
    const esp = sealedTunnel(saFor('aes128gcm16'), 1n, PING);
    const error = encodeIcmpv4({ type: 'destinationUnreachable', code: 4, mtu: 1400, invoking: esp });
    expect(watch([V4], [frame(ip('9.9.9.9', GW[0], IpProtocol.ICMP, error))])).toMatchObject({
      tripped: false,
      links: [{ espPackets: 0 }],
    });
  });

  test.each([
    ['ESP over IPv4', sealed('192.0.2.1', '192.0.2.2', 1n), sealed('192.0.2.1', '192.0.2.2', 2n)],
    ['ESP over IPv6', sealed('2001:db8::1', '2001:db8::2', 1n), sealed('2001:db8::1', '2001:db8::2', 2n)],
    ['ESP in UDP over IPv4', inUdp('192.0.2.1', '192.0.2.2', 1n), inUdp('192.0.2.1', '192.0.2.2', 2n)],
    ['ESP in UDP over IPv6', inUdp('2001:db8::1', '2001:db8::2', 1n), inUdp('2001:db8::1', '2001:db8::2', 2n)],
    ['ESP behind AH over IPv4', behindAh('192.0.2.1', '192.0.2.2', 1n), behindAh('192.0.2.1', '192.0.2.2', 2n)],
    ['ESP behind AH over IPv6', behindAh('2001:db8::1', '2001:db8::2', 1n), behindAh('2001:db8::1', '2001:db8::2', 2n)],
    ['neighbour discovery', frame(SOLICITATION), frame(SOLICITATION)],
  ])('any one bit that a bad link has flipped: %s', (_what, good, bad) => {
    for (let bit = 0; bit < bad.length * 8; bit++) {
      const report = watch(TRANSPORT, [good, flipped(bad, bit)]);
      expect({ bit, tripped: report.tripped }).toEqual({ bit, tripped: false });
    }
  });

  test('a damaged protocol number of IPv4 is known by the checksum, even in the first packet', () => {
    const bit = (14 + 9) * 8 + 7;
    const esp = sealed('192.0.2.1', '192.0.2.2', 1n);
    expect(watch(TRANSPORT, [flipped(esp, bit)])).toMatchObject({
      tripped: false,
      links: [{ espPackets: 0, damagedPackets: 1 }],
    });
  });

  test('a flipped bit does not excuse a clear packet', () => {
    const clear = frame(echo('192.0.2.1', '192.0.2.2'));
    const clear6 = frame(echo('2001:db8::1', '2001:db8::2'));
    const esp = [sealed('192.0.2.1', '192.0.2.2', 1n), sealed('2001:db8::1', '2001:db8::2', 1n)];
    for (const octet of [22, 23, 24, 40, 60])
      expect(watch(TRANSPORT, [...esp, flipped(clear, octet * 8)]).tripped).toBe(true);
    for (const octet of [15, 20, 21, 54, 60])
      expect(watch(TRANSPORT, [...esp, flipped(clear6, octet * 8)]).tripped).toBe(true);
  });

  test('other flows, ARP, and octets that are nothing', () => {
    const arp = encodeEthernet({
      destination: new Uint8Array(6),
      source: new Uint8Array(6),
      etherType: 0x0806,
      payload: new Uint8Array(28),
    });
    const frames = [
      frame(echo(...GW)),
      frame(echo('10.0.0.2', '10.0.2.2')),
      frame(echo('10.0.0.2', '10.0.0.3')),
      arp,
      new Uint8Array(0),
      new Uint8Array(14),
    ];
    expect(watch([V4, V6], frames)).toMatchObject({ tripped: false, links: [{ packets: frames.length }] });
  });
});

test('mutated frames of all kinds never throw', () => {
  const tripwire = createTripwire([V4, V6, flow('192.0.2.1/32', '192.0.2.2/32')]);
  const sa = saFor('aes256-sha256');
  const seeds = [
    PING,
    PING6,
    tunnelled(...GW, PING6),
    sealedTunnel(sa, 1n, PING),
    ...fragmentIpv4(tunnelled(...GW, PING), 44),
  ].map(frame);
  let state = 7;
  const next = (below: number) => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % below;
  for (let i = 0; i < 20_000; i++) {
    const seed = seeds[next(seeds.length)] ?? new Uint8Array(0);
    const octets = seed.slice(0, next(5) === 0 ? next(seed.length) : seed.length);
    for (let n = 0; n < next(4) && octets.length > 0; n++) octets[next(octets.length)] = next(256);
    tripwire.see(captured(octets));
  }
  expect(tripwire.report().links).toMatchObject([{ packets: 20_000 }]);
});

test('a flow of two families is a mistake of ours', () => {
  expect(() => createTripwire([flow('10.0.0.0/8', '2001:db8::/32')])).toThrow('one family');
});
