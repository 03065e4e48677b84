import { formatAddress, parseAddress } from '../../engine/wire/address.ts';
import { headerChecksum } from '../../engine/wire/checksum.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { decodeIpv4, encodeIpv4 } from '../../engine/wire/ipv4.ts';
import { decodeIpv6, encodeIpv6 } from '../../engine/wire/ipv6.ts';
import { setU16 } from '../../engine/wire/octets.ts';
import { encodeUdp } from '../../engine/wire/udp.ts';
import { encodeIcmpv4 } from '../../engine/wire/icmpv4.ts';
import { encodeIcmpv6 } from '../../engine/wire/icmpv6.ts';

/** Any IP packet, legal or not, as the tester puts it together. Addresses are text, their family is the packet's. */
export interface PacketOrder {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly payload: Uint8Array;
  readonly dscp?: number;
  readonly ecn?: number;
  readonly hopLimit?: number;
  readonly identification?: number;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  /** In octets, a multiple of 8. */
  readonly fragmentOffset?: number;
  /** IPv4: padded with End of Options List to 4 octets. */
  readonly options?: readonly number[];
  readonly flowLabel?: number;
  /** IPv6, in order: type and all octets but the first, which is the next one's type. A multiple of 8 with it. */
  readonly extensions?: readonly { readonly type: number; readonly body: readonly number[] }[];
}

export function packet(order: PacketOrder): Uint8Array {
  const [source, destination] = [addressOf(order.source), addressOf(order.destination)];
  const dscpEcn = ((order.dscp ?? 0) << 2) | (order.ecn ?? 0);
  if (source.length === 4) {
    const options = Uint8Array.from(order.options ?? []);
    return encodeIpv4({
      dscpEcn,
      identification: order.identification ?? 0x1ab0,
      dontFragment: order.dontFragment ?? false,
      moreFragments: order.moreFragments ?? false,
      fragmentOffset: order.fragmentOffset ?? 0,
      ttl: order.hopLimit ?? 64,
      protocol: order.protocol,
      source,
      destination,
      options: Buffer.concat([options, new Uint8Array((4 - (options.length % 4)) % 4)]),
      payload: order.payload,
    });
  }
  const extensions = order.extensions ?? [];
  const chain = extensions.map(({ body }, index) => [extensions[index + 1]?.type ?? order.protocol, ...body]);
  return encodeIpv6({
    trafficClass: dscpEcn,
    flowLabel: order.flowLabel ?? 0,
    nextHeader: extensions[0]?.type ?? order.protocol,
    hopLimit: order.hopLimit ?? 64,
    source,
    destination,
    payload: Buffer.concat([Uint8Array.from(chain.flat()), order.payload]),
  });
}

type Around = Omit<PacketOrder, 'protocol' | 'payload'>;

export function udp(
  order: Around & { readonly from?: number; readonly to?: number; readonly payload: Uint8Array },
): Uint8Array {
  const { from: sourcePort = 40000, to: destinationPort = 9, payload } = order;
  const datagram = encodeUdp(
    { sourcePort, destinationPort, payload },
    addressOf(order.source),
    addressOf(order.destination),
  );
  return packet({ ...order, protocol: IpProtocol.UDP, payload: datagram });
}

export function echoRequest(order: Around & { readonly data: Uint8Array; readonly sequence?: number }): Uint8Array {
  const message = { type: 'echoRequest', identifier: 0x7e57, sequence: order.sequence ?? 1, data: order.data } as const;
  return order.source.includes(':')
    ? packet({ ...order, protocol: IpProtocol.ICMPV6, payload: icmpv6(message, order) })
    : packet({ ...order, protocol: IpProtocol.ICMP, payload: encodeIcmpv4(message) });
}

/** The message with its checksum, which covers the addresses. */
export const icmpv6 = (
  message: Parameters<typeof encodeIcmpv6>[0],
  { source, destination }: Pick<PacketOrder, 'source' | 'destination'>,
): Uint8Array => encodeIcmpv6(message, addressOf(source), addressOf(destination));

/** An IPv4 or IPv6 header as it stands on the wire. */
export interface HeaderSeen {
  readonly version: 4 | 6;
  readonly source: string;
  readonly destination: string;
  readonly dscp: number;
  readonly ecn: number;
  readonly hopLimit: number;
  /** IPv4 Protocol, or IPv6 Next Header. */
  readonly protocol: number;
  readonly headerOctets: number;
  /** IPv4 alone; false, 0 and empty in IPv6. */
  readonly dontFragment: boolean;
  readonly moreFragments: boolean;
  readonly fragmentOffset: number;
  readonly identification: number;
  readonly options: Uint8Array;
  /** 0 in IPv4. */
  readonly flowLabel: number;
  readonly payload: Uint8Array;
}

/** Throws `WireError` for what is no IP packet, or has a wrong header checksum. */
export function headerOf(ip: Uint8Array): HeaderSeen {
  if ((ip[0] ?? 0) >> 4 === 4) {
    const { dscpEcn, ttl, ...seen } = decodeIpv4(ip);
    return {
      ...seen,
      version: 4,
      source: formatAddress(seen.source),
      destination: formatAddress(seen.destination),
      dscp: dscpEcn >> 2,
      ecn: dscpEcn & 3,
      hopLimit: ttl,
      headerOctets: 20 + seen.options.length,
      flowLabel: 0,
    };
  }
  const { trafficClass, nextHeader, ...seen } = decodeIpv6(ip);
  return {
    version: 6,
    source: formatAddress(seen.source),
    destination: formatAddress(seen.destination),
    dscp: trafficClass >> 2,
    ecn: trafficClass & 3,
    hopLimit: seen.hopLimit,
    protocol: nextHeader,
    headerOctets: 40,
    dontFragment: false,
    moreFragments: false,
    fragmentOffset: 0,
    identification: 0,
    options: new Uint8Array(0),
    flowLabel: seen.flowLabel,
    payload: seen.payload,
  };
}

/** A copy with some octets changed and, in IPv4, the header checksum made right again: what a router may do, or Mallory. */
export function altered(ip: Uint8Array, change: (octets: Uint8Array) => void): Uint8Array {
  const octets = Uint8Array.from(ip);
  change(octets);
  return withChecksum(octets);
}

/** The same, for a packet that is yet to come. */
export const altering =
  (change: (octets: Uint8Array) => void) =>
  (ip: Uint8Array): Uint8Array =>
    altered(ip, change);

/** A packet whose octets were added or taken on the way, and its length made right again. */
export const resizing =
  (change: (ip: Uint8Array) => Uint8Array, headerOctets?: number) =>
  (ip: Uint8Array): Uint8Array =>
    altered(change(ip), octets => {
      const isIpv4 = (octets[0] ?? 0) >> 4 === 4;
      if (isIpv4 && headerOctets !== undefined) octets[0] = 0x40 | (headerOctets / 4);
      setU16(octets, isIpv4 ? 2 : 4, isIpv4 ? octets.length : octets.length - 40);
    });

function withChecksum(octets: Uint8Array): Uint8Array {
  const headerOctets = ((octets[0] ?? 0) & 15) * 4;
  if ((octets[0] ?? 0) >> 4 !== 4 || headerOctets < 20 || headerOctets > octets.length) return octets;
  setU16(octets, 10, 0);
  setU16(octets, 10, headerChecksum(octets, 0, headerOctets));
  return octets;
}

/** Throws for what is no address: the tester's own mistake. */
export function addressOf(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address === null) throw new Error(`${text} is not an address`);
  return address;
}

/** `text`, repeated up to so many octets, for finding a packet again. */
export const filler = (text: string, octets = text.length): Uint8Array =>
  Buffer.from(text.repeat(Math.ceil(octets / Math.max(1, text.length))).slice(0, octets), 'latin1');

export const holds = (octets: Uint8Array, text: string): boolean => Buffer.from(octets).includes(text, 0, 'latin1');
