import { describe, expect, test } from 'vitest';
import type { Ipv4Packet } from '../wire/ipv4.ts';
import type { Ipv6Packet } from '../wire/ipv6.ts';
import { addressOf } from '../wire/testing/must.ts';
import { packet4, packet6 } from '../wire/testing/packets.ts';
import { immutableHead } from './ah-immutable.ts';

const AH = 51;

const ENDS = { source: addressOf('192.0.2.1'), destination: addressOf('198.51.100.1') };

function ipv4(changes: Partial<Ipv4Packet> = {}): Uint8Array {
  return packet4(new Uint8Array(0), { identification: 99, protocol: AH, ...ENDS, ...changes });
}

const withOptions = (...options: number[]) => ipv4({ options: Uint8Array.from(options) });
const optionsOf = (head: Uint8Array) => Array.from((immutableHead(head) ?? new Uint8Array(0)).subarray(20));

describe('IPv4, RFC 4302 §3.3.3.1.1', () => {
  test.each<[string, Partial<Ipv4Packet>]>([
    ['DSCP', { dscpEcn: 0xfc }],
    ['ECN', { dscpEcn: 0x03 }],
    ['DF', { dontFragment: true }],
    ['MF', { moreFragments: true }],
    ['Fragment Offset', { fragmentOffset: 65528 }],
    ['TTL', { ttl: 1 }],
  ])('%s may change on the way, and the checksum with it', (_field, changes) => {
    const changed = ipv4(changes);
    expect(changed).not.toEqual(ipv4());
    expect(immutableHead(changed)).toEqual(immutableHead(ipv4()));
  });

  test.each<[string, Partial<Ipv4Packet>]>([
    ['Identification', { identification: 98 }],
    ['Protocol', { protocol: 50 }],
    ['Total Length', { payload: new Uint8Array(4) }],
    ['Source Address', { source: addressOf('192.0.2.2') }],
    ['Destination Address', { destination: addressOf('198.51.100.2') }],
    ['Internet Header Length', { options: Uint8Array.of(1, 1, 1, 1) }],
  ])('%s is covered', (_field, changes) => {
    expect(immutableHead(ipv4(changes))).not.toEqual(immutableHead(ipv4()));
  });

  test('exactly these octets count as 0', () => {
    const head = ipv4({ dscpEcn: 0xff, dontFragment: true, ttl: 77 });
    const zeroed = [...head.keys()].filter(at => immutableHead(head.with(at, 0x45))?.[at] === 0);
    expect(zeroed).toEqual([1, 6, 7, 8, 10, 11]);
  });

  test.each([
    ['Security', 130],
    ['Extended Security', 133],
    ['Commercial Security', 134],
    ['Router Alert', 148],
    ['Sender Directed Multi-Destination Delivery', 149],
  ])('the %s option is covered', (_name, type) => {
    const options = [type, 6, 1, 2, 3, 4, 1, 0];
    expect(optionsOf(withOptions(...options))).toEqual(options);
  });

  test.each([
    ['Time Stamp', 68],
    ['Record Route', 7],
    ['Traceroute', 82],
    ['Stream ID', 136],
    ['MTU Probe', 11],
    ['MTU Reply', 12],
    ['Extended Internet Protocol', 145],
    ['Experimental Measurement', 10],
    ['Experimental Flow Control', 205],
    ['Experimental Access Control', 142],
    ['IMI Traffic Descriptor', 144],
    ['Address Extension', 147],
    ['one that nobody knows', 222],
  ])('the %s option is zeroed whole, and nothing around it', (_name, type) => {
    expect(optionsOf(withOptions(1, type, 5, 9, 9, 9, 148, 4, 0, 0, 1, 1))).toEqual([
      1, 0, 0, 0, 0, 0, 148, 4, 0, 0, 1, 1,
    ]);
  });

  test('what follows End of Options List is covered', () => {
    expect(optionsOf(withOptions(0, 7, 3, 9))).toEqual([0, 7, 3, 9]);
  });

  test.each([
    ['loose', 131],
    ['strict', 137],
  ])('a %s source route is zeroed, the destination that of its end', (_name, type) => {
    const [hop, end] = [
      [203, 0, 113, 1],
      [198, 51, 100, 9],
    ] as const;
    const first = Uint8Array.from(hop);
    const sent = ipv4({ destination: first, options: Uint8Array.of(type, 7, 4, ...end, 0) });
    const arrived = ipv4({ destination: Uint8Array.from(end), options: Uint8Array.of(type, 7, 8, ...hop, 0), ttl: 3 });
    expect(immutableHead(sent)).toEqual(immutableHead(arrived));
    expect(immutableHead(sent)?.subarray(16)).toEqual(Uint8Array.of(...end, 0, 0, 0, 0, 0, 0, 0, 0));
    const elsewhere = ipv4({ destination: first, options: Uint8Array.of(type, 7, 4, 198, 51, 100, 8, 0) });
    expect(immutableHead(elsewhere)).not.toEqual(immutableHead(arrived));
  });

  test.each([
    ['a length of 0', [7, 0, 1, 1]],
    ['a length of 1', [7, 1, 1, 1]],
    ['a length beyond the header', [7, 5, 1, 1]],
    ['no length at all', [1, 1, 1, 7]],
  ])('options with %s are refused', (_what, options) => {
    expect(immutableHead(withOptions(...options))).toBeNull();
  });
});

function ipv6(changes: Partial<Ipv6Packet>, nextHeader: number, ...extensions: readonly number[]): Uint8Array {
  return packet6(Uint8Array.from(extensions), { nextHeader, ...changes });
}

const extensionsOf = (head: Uint8Array) => Array.from((immutableHead(head) ?? new Uint8Array(0)).subarray(40));

describe('IPv6, RFC 4302 §3.3.3.1.2', () => {
  test.each<[string, Partial<Ipv6Packet>]>([
    ['DSCP', { trafficClass: 0xfc }],
    ['ECN', { trafficClass: 3 }],
    ['Flow Label', { flowLabel: 0xfffff }],
    ['Hop Limit', { hopLimit: 1 }],
  ])('%s may change on the way', (_field, changes) => {
    expect(immutableHead(ipv6(changes, AH))).toEqual(immutableHead(ipv6({}, AH)));
  });

  test.each<[string, Uint8Array]>([
    ['Next Header', ipv6({}, 50)],
    ['Payload Length', ipv6({}, 60, AH, 0, 1, 4, 0, 0, 0, 0)],
    ['Source Address', ipv6({ source: addressOf('2001:db8::3') }, AH)],
    ['Destination Address', ipv6({ destination: addressOf('2001:db8::3') }, AH)],
  ])('%s is covered', (_field, head) => {
    expect(immutableHead(head)).not.toEqual(immutableHead(ipv6({}, AH)));
  });

  test.each([
    ['Hop-by-Hop', 0],
    ['Destination', 60],
  ])('%s options: the data of those that may change counts as 0', (_name, type) => {
    const covered = [0x1e, 2, 7, 7];
    const changing = [0x3e, 2, 7, 7];
    const head = ipv6({}, type, AH, 1, ...covered, 0, ...changing, 0x3e, 0, 1, 1, 0);
    expect(extensionsOf(head)).toEqual([AH, 1, ...covered, 0, 0x3e, 2, 0, 0, 0x3e, 0, 1, 1, 0]);
  });

  test.each([0, 2])('a Routing header of type %d counts as it will arrive', type => {
    const [first, second, third] = ['2001:db8::a', '2001:db8::b', '2001:db8::c'].map(text => [...addressOf(text)]);
    const route = (left: number, ...hops: (number[] | undefined)[]) => [
      AH,
      6,
      type,
      left,
      0,
      0,
      0,
      0,
      ...hops.flatMap(hop => hop ?? []),
    ];
    const arrived = ipv6(
      { destination: addressOf('2001:db8::c') },
      43,
      ...route(0, [...addressOf('2001:db8::2')], first, second),
    );
    const journey = [
      ipv6({ destination: addressOf('2001:db8::2') }, 43, ...route(3, first, second, third)),
      ipv6({ destination: addressOf('2001:db8::a') }, 43, ...route(2, [...addressOf('2001:db8::2')], second, third)),
      ipv6({ destination: addressOf('2001:db8::b') }, 43, ...route(1, [...addressOf('2001:db8::2')], first, third)),
      arrived,
    ];
    for (const head of journey) expect(immutableHead(head)).toEqual(immutableHead(arrived));
    const other = ipv6({ destination: addressOf('2001:db8::2') }, 43, ...route(3, first, third, second));
    expect(immutableHead(other)).not.toEqual(immutableHead(arrived));
  });

  test('a Routing header of a type without a known end is covered as it stands, and refused on its way', () => {
    const arrived = ipv6({}, 43, AH, 2, 253, 0, ...Array.from({ length: 20 }, (_, i) => i));
    expect(extensionsOf(arrived)).toEqual([...arrived.subarray(40)]);
    expect(immutableHead(arrived.with(43, 1))).toBeNull();
  });

  test('an atomic fragment counts as the packet that it is, appendix A2', () => {
    const options = [0, 1, 4, 0, 0, 0, 0];
    const fragment = [AH, 0, 0, 0, 0, 0, 0, 7];
    expect(immutableHead(ipv6({}, 44, ...fragment))).toEqual(immutableHead(ipv6({}, AH)));
    expect(immutableHead(ipv6({}, 60, 44, ...options, ...fragment))).toEqual(
      immutableHead(ipv6({}, 60, AH, ...options)),
    );
  });

  test.each<[string, Uint8Array]>([
    ['a header cut short', ipv6({}, 60, AH, 1, 1, 4, 0, 0, 0, 0)],
    ['an option beyond its header', ipv6({}, 60, AH, 0, 1, 5, 0, 0, 0, 0)],
    ['an option without a length', ipv6({}, 60, AH, 0, 1, 3, 0, 0, 0, 5)],
    ['more segments than addresses', ipv6({}, 43, AH, 2, 0, 2, ...new Uint8Array(20))],
    ['half an address', ipv6({}, 43, AH, 1, 0, 1, ...new Uint8Array(12))],
  ])('%s is refused', (_what, head) => {
    expect(immutableHead(head)).toBeNull();
  });
});
