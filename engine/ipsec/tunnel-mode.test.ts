import { describe, expect, test } from 'vitest';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { decodeIpv4, ipv4ChecksumIsRight, type Ipv4Packet } from '../wire/ipv4.ts';
import { decodeIpv6, type Ipv6Packet } from '../wire/ipv6.ts';
import { addressOf } from '../wire/testing/must.ts';
import { packet4, packet6 } from '../wire/testing/packets.ts';
import type { OuterTreatment } from './sa.ts';
import { COPY_OUTWARD, decapsulate, dscpEcnOf, ecnOnDecapsulation, encapsulate } from './tunnel-mode.ts';
import { encapsulateInUdp } from './udp-encapsulation.ts';

const V4 = { source: addressOf('192.0.2.1'), destination: addressOf('198.51.100.1') };
const V6 = { source: addressOf('2001:db8::1'), destination: addressOf('2001:db8::2') };

const PAYLOAD = new Uint8Array(30).fill(5);
const HOSTS_V4 = { source: addressOf('10.0.0.2'), destination: addressOf('10.0.1.2') };
const HOSTS_V6 = { source: addressOf('2001:db8:a::2'), destination: addressOf('2001:db8:b::2') };

function ipv4(changes: Partial<Ipv4Packet> = {}): Uint8Array {
  return packet4(PAYLOAD, { identification: 99, ttl: 9, ...HOSTS_V4, ...changes });
}

function ipv6(changes: Partial<Ipv6Packet> = {}): Uint8Array {
  return packet6(PAYLOAD, { flowLabel: 0xabcde, hopLimit: 9, ...HOSTS_V6, ...changes });
}

function wrap(
  inner: Uint8Array,
  ends: { source: Uint8Array; destination: Uint8Array },
  payload = inner,
  protocol = 50,
) {
  const outer = encapsulate(inner, ends.source, ends.destination, { protocol, payload, identification: 0x4711 });
  if (outer === null) throw new Error('too long');
  return outer;
}

describe('with a UDP header between, RFC 3948, and room in front', () => {
  const UDP = { sourcePort: 4500, destinationPort: 61234 };
  const around = { protocol: IpProtocol.UDP, identification: 0x4711 };

  test.each([
    ['IPv4', V4],
    ['IPv6', V6],
  ])('%s: the same octets as those of a datagram that was made before', (_family, ends) => {
    const [inner, esp] = [ipv4(), PAYLOAD];
    const datagram = encapsulateInUdp(esp, { ...UDP, ...ends });
    if (datagram === null) throw new Error('too long');
    const at = { ...around, payload: esp, udp: UDP, room: 14 };
    const roomy = encapsulate(inner, ends.source, ends.destination, at);
    expect(roomy?.slice(14)).toEqual(wrap(inner, ends, datagram, IpProtocol.UDP));
  });

  test.each([
    ['IPv4', V4, 65535 - 20 - 8],
    ['IPv6', V6, 65535 - 8],
  ])('%s: room counts for nothing, the UDP header does', (_family, ends, most) => {
    const longest = (octets: number) =>
      encapsulate(ipv4(), ends.source, ends.destination, {
        ...around,
        payload: new Uint8Array(octets),
        udp: UDP,
        room: 14,
      });
    expect(longest(most)).not.toBeNull();
    expect(longest(most + 1)).toBeNull();
  });
});

describe('the outer header, RFC 4301 §5.1.2', () => {
  test('IPv4 in IPv4', () => {
    const payload = Uint8Array.of(1, 2, 3, 4);
    expect(decodeIpv4(wrap(ipv4({ options: Uint8Array.of(148, 4, 0, 0) }), V4, payload))).toEqual({
      dscpEcn: 0,
      identification: 0x4711,
      dontFragment: false,
      moreFragments: false,
      fragmentOffset: 0,
      ttl: 64,
      protocol: 50,
      ...V4,
      options: new Uint8Array(0),
      payload,
    });
  });

  test('IPv6 in IPv4', () => {
    const inner = ipv6({ trafficClass: 0xb9 });
    const outer = decodeIpv4(wrap(inner, V4, inner, IpProtocol.IPV6));
    expect(outer).toMatchObject({ dscpEcn: 0xb9, ttl: 64, protocol: 41, identification: 0x4711, ...V4 });
    expect(outer.payload).toEqual(inner);
  });

  test('IPv4 in IPv6', () => {
    const inner = ipv4({ dscpEcn: 0xb9 });
    expect(decodeIpv6(wrap(inner, V6, inner, IpProtocol.IPV4))).toEqual({
      trafficClass: 0xb9,
      flowLabel: 0,
      nextHeader: 4,
      hopLimit: 64,
      ...V6,
      payload: inner,
    });
  });

  test('IPv6 in IPv6: the flow label stays inside', () => {
    const inner = ipv6({ trafficClass: 0x2e });
    const outer = decodeIpv6(wrap(inner, V6, inner, IpProtocol.IPV6));
    expect(outer).toMatchObject({ trafficClass: 0x2e, flowLabel: 0, nextHeader: 41, hopLimit: 64 });
  });

  test('DSCP and ECN are copied, all 256 of them, from both versions to both', () => {
    for (let octet = 0; octet < 256; octet++) {
      for (const inner of [ipv4({ dscpEcn: octet }), ipv6({ trafficClass: octet })]) {
        expect(dscpEcnOf(inner)).toBe(octet);
        expect(dscpEcnOf(wrap(inner, V4))).toBe(octet);
        expect(dscpEcnOf(wrap(inner, V6))).toBe(octet);
      }
    }
  });

  test('DF is copied from IPv4', () => {
    for (const dontFragment of [false, true]) {
      expect(decodeIpv4(wrap(ipv4({ dontFragment }), V4)).dontFragment).toBe(dontFragment);
    }
    const fragment = ipv4({ moreFragments: true, fragmentOffset: 80 });
    expect(decodeIpv4(wrap(fragment, V4))).toMatchObject({ moreFragments: false, fragmentOffset: 0 });
  });

  test('DF is set for IPv6, except for what every path must carry', () => {
    expect(decodeIpv4(wrap(ipv6({ payload: new Uint8Array(1280 - 40) }), V4)).dontFragment).toBe(false);
    expect(decodeIpv4(wrap(ipv6({ payload: new Uint8Array(1281 - 40) }), V4)).dontFragment).toBe(true);
  });

  test('what is longer than an IP packet can be is refused', () => {
    const none = (ends: typeof V4, octets: number) =>
      encapsulate(ipv4(), ends.source, ends.destination, {
        protocol: 50,
        payload: new Uint8Array(octets),
        identification: 0,
      });
    expect(none(V4, 65515)).toHaveLength(65535);
    expect(none(V4, 65516)).toBeNull();
    expect(none(V6, 65535)).toHaveLength(65575);
    expect(none(V6, 65536)).toBeNull();
  });
});

const treated = (inner: Uint8Array, ends: typeof V4, changes: Partial<OuterTreatment>) => {
  const treatment = { ...COPY_OUTWARD, ...changes };
  const outer = encapsulate(inner, ends.source, ends.destination, {
    protocol: 50,
    payload: inner,
    identification: 1,
    treatment,
  });
  if (outer === null) throw new Error('too long');
  return outer;
};

describe('the treatment of an SA, RFC 4301 §5.1.2 and §8.1, RFC 6040 §4.1', () => {
  const inners = [ipv4({ dscpEcn: 0xbb, dontFragment: true }), ipv4({ dscpEcn: 0x51 }), ipv6({ trafficClass: 0x2e })];

  test('DF is set or cleared, whatever is inside', () => {
    for (const inner of inners) {
      expect(decodeIpv4(treated(inner, V4, { dontFragment: 'set' })).dontFragment).toBe(true);
      expect(decodeIpv4(treated(inner, V4, { dontFragment: 'clear' })).dontFragment).toBe(false);
    }
    expect(inners.map(inner => decodeIpv4(treated(inner, V4, {})).dontFragment)).toEqual([true, false, false]);
  });

  test('a DSCP of its own does not touch ECN', () => {
    for (const ends of [V4, V6]) {
      const octets = inners.map(inner => dscpEcnOf(treated(inner, ends, { dscp: 46 })));
      expect(octets).toEqual([0xbb, 0xb9, 0xba]);
      expect(inners.map(inner => dscpEcnOf(treated(inner, ends, { dscp: 0 })))).toEqual([3, 1, 2]);
    }
  });

  test('compatibility sends Not-ECT and does not touch the DSCP', () => {
    for (const ends of [V4, V6]) {
      const octets = inners.map(inner => dscpEcnOf(treated(inner, ends, { ecn: 'compatibility' })));
      expect(octets).toEqual([0xb8, 0x50, 0x2c]);
    }
  });
});

describe('ECN at the end of the tunnel, RFC 6040 figure 4', () => {
  const NOT_ECT = 0;
  const ECT_1 = 1;
  const ECT_0 = 2;
  const CE = 3;

  test.each([
    // inner, then by outer: Not-ECT, ECT(0), ECT(1), CE
    [NOT_ECT, [NOT_ECT, NOT_ECT, NOT_ECT, null]],
    [ECT_0, [ECT_0, ECT_0, ECT_1, CE]],
    [ECT_1, [ECT_1, ECT_1, ECT_1, CE]],
    [CE, [CE, CE, CE, CE]],
  ])('inner %d', (inner, row) => {
    for (const [column, outer] of [NOT_ECT, ECT_0, ECT_1, CE].entries()) {
      expect(ecnOnDecapsulation(inner, outer)).toBe(row[column]);
      // The inner DSCP stays, the outer one never enters.
      const expected = row[column] ?? null;
      expect(ecnOnDecapsulation(0xb8 | inner, 0x50 | outer)).toBe(expected === null ? null : 0xb8 | expected);
    }
  });
});

describe('decapsulate', () => {
  test('the packet itself, where ECN does not change', () => {
    for (const inner of [ipv4({ dscpEcn: 0xb8 }), ipv6({ trafficClass: 0xb8 })]) {
      const nextHeader = (inner[0] ?? 0) >>> 4 === 4 ? 4 : 41;
      expect(decapsulate(nextHeader, inner, 0x02)).toEqual({ kind: 'packet', octets: inner });
    }
  });

  test('congestion on the way is passed on, with the checksum of IPv4; the original is left alone', () => {
    for (let dscp = 0; dscp < 256; dscp += 4) {
      const v4 = ipv4({ dscpEcn: dscp | 2 });
      const before = v4.slice();
      const result = decapsulate(4, v4, 0x03);
      if (result.kind !== 'packet') throw new Error(result.kind);
      expect(result.octets).toEqual(ipv4({ dscpEcn: dscp | 3 }));
      expect(ipv4ChecksumIsRight(result.octets)).toBe(true);
      expect(v4).toEqual(before);
      const v6 = decapsulate(41, ipv6({ trafficClass: dscp | 1 }), 0xff);
      expect(v6).toEqual({ kind: 'packet', octets: ipv6({ trafficClass: dscp | 3 }) });
    }
  });

  test('congestion on a packet that cannot say so drops it', () => {
    expect(decapsulate(4, ipv4(), 0x03)).toEqual({ kind: 'congestionDrop' });
    expect(decapsulate(41, ipv6(), 0x03)).toEqual({ kind: 'congestionDrop' });
  });

  test('TFC padding falls off', () => {
    for (const inner of [ipv4(), ipv6()]) {
      const nextHeader = (inner[0] ?? 0) >>> 4 === 4 ? 4 : 41;
      const padded = new Uint8Array(inner.length + 100).fill(0x99);
      padded.set(inner);
      expect(decapsulate(nextHeader, padded, 0)).toEqual({ kind: 'packet', octets: inner });
    }
  });

  test.each([
    ['IPv6 announced, IPv4 there', 41, ipv4()],
    ['IPv4 announced, IPv6 there', 4, ipv6()],
    ['neither announced', 17, ipv4()],
    ['nothing there', 4, new Uint8Array(0)],
    ['cut short', 4, ipv4().subarray(0, 40)],
    ['cut in the header', 41, ipv6().subarray(0, 39)],
    ['a total length below the header', 4, ipv4().with(2, 0).with(3, 19)],
    ['more announced than there is', 41, ipv6().with(4, 1)],
  ])('%s is malformed', (_what, nextHeader, octets) => {
    expect(decapsulate(nextHeader, octets, 0).kind).toBe('malformed');
  });
});
