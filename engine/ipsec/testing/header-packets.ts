import { addressOf } from '../../wire/testing/must.ts';
import { packet4, packet6 } from '../../wire/testing/packets.ts';

/** For tests: a packet in whose headers there is something that routers change, or must leave alone. */
export interface HeaderPacket {
  readonly what: string;
  readonly source: string;
  readonly destination: string;
  readonly octets: Uint8Array;
  /** Scapy turns a route once more that has arrived already: it cannot authenticate this one. */
  readonly isForScapyToSeal: boolean;
}

const V4 = ['192.0.2.1', '198.51.100.1'] as const;
const V6 = ['2001:db8::1', '2001:db8:ffff::2'] as const;
const PAYLOAD = 253; // for experiments: neither side looks inside

const ROUTE = [203, 0, 113, 1, 203, 0, 113, 2];
const IPV4_OPTIONS: readonly (readonly [string, readonly number[]])[] = [
  ['no options', []],
  ['No Operation', [1, 1, 1, 1]],
  ['Security and Router Alert', [130, 6, 1, 2, 3, 4, 148, 4, 0, 0, 0, 0]],
  ['Record Route', [7, 11, 4, ...ROUTE, 0]],
  ['Time Stamp', [68, 12, 5, 0, 1, 2, 3, 4, 0, 0, 0, 0]],
  ['a loose source route at its end', [1, 131, 11, 12, ...ROUTE]],
  ['an unknown option', [222, 4, 9, 9]],
];

/** An extension header: its number, and its octets; its Next Header is filled in. */
type Extension = readonly [number, readonly number[]];

const ROUTE_AT_ITS_END = 'a route at its end';
const IPV6_CHAINS: readonly (readonly [string, readonly Extension[]])[] = [
  ['no extension headers', []],
  ['Hop-by-Hop, immutable', [[0, [0, 0, 0x1e, 4, 1, 2, 3, 4]]]],
  ['Hop-by-Hop, mutable', [[0, [0, 0, 0x3e, 4, 1, 2, 3, 4]]]],
  ['Destination Options of both kinds', [[60, [0, 1, 0x3e, 4, 1, 2, 3, 4, 0x1e, 4, 5, 6, 7, 8, 0, 0]]]],
  ['a route on its way', [[43, [0, 4, 0, 2, 0, 0, 0, 0, ...addressOf('2001:db8::a'), ...addressOf('2001:db8::b')]]]],
  [ROUTE_AT_ITS_END, [[43, [0, 4, 0, 0, 0, 0, 0, 0, ...addressOf('2001:db8::a'), ...addressOf('2001:db8::b')]]]],
  [
    'Hop-by-Hop, Destination Options and a route',
    [
      [0, [0, 0, 0x3e, 4, 1, 2, 3, 4]],
      [60, [0, 0, 0x3e, 4, 5, 6, 7, 8]],
      [43, [0, 2, 0, 1, 0, 0, 0, 0, ...addressOf('2001:db8::c')]],
    ],
  ],
];

/** Options of IPv4, and extension headers of IPv6, each of them before so many octets of payload. */
export function headerPackets(payloadOctets: number): HeaderPacket[] {
  const payload = Uint8Array.from({ length: payloadOctets }, (_, i) => i);
  return [
    ...IPV4_OPTIONS.map(([what, options]) => between(V4, what, ends => ipv4(ends, options, payload))),
    ...IPV6_CHAINS.map(([what, chain]) => between(V6, what, ends => ipv6(ends, chain, payload))),
  ];
}

interface Ends {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

function between(
  [source, destination]: readonly [string, string],
  what: string,
  packet: (ends: Ends) => Uint8Array,
): HeaderPacket {
  const octets = packet({ source: addressOf(source), destination: addressOf(destination) });
  return { what, source, destination, octets, isForScapyToSeal: what !== ROUTE_AT_ITS_END };
}

function ipv4(ends: Ends, options: readonly number[], payload: Uint8Array): Uint8Array {
  const fields = { dscpEcn: 0xb8, identification: 0x4711, dontFragment: true, ttl: 61, protocol: PAYLOAD };
  return packet4(payload, { ...ends, ...fields, options: Uint8Array.from(options) });
}

function ipv6(ends: Ends, chain: readonly Extension[], payload: Uint8Array): Uint8Array {
  const headers = chain.flatMap(([, octets], i) => [chain[i + 1]?.[0] ?? PAYLOAD, ...octets.slice(1)]);
  const fields = { trafficClass: 0x2e, flowLabel: 0x12345, nextHeader: chain[0]?.[0] ?? PAYLOAD, hopLimit: 61 };
  return packet6(Uint8Array.from([...headers, ...payload]), { ...ends, ...fields });
}
