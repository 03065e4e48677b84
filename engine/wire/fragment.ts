import { type Address, addressKey } from './address.ts';
import { IpProtocol } from './ip-protocol.ts';
import { decodeIpv4, encodeIpv4, IPV4_HEADER_OCTETS, IPV4_MAX_OCTETS } from './ipv4.ts';
import { decodeIpv6, encodeIpv6, type Ipv6Packet } from './ipv6.ts';
import { type ExtensionChain, FRAGMENT_HEADER_OCTETS, type FragmentHeader, walkExtensions } from './ipv6-extension.ts';
import { u8At } from './octets.ts';

/** One fragment of either family, as reassembly sees it. */
export interface Fragment {
  /** Equal for the fragments of one packet: addresses and identification, with the protocol in IPv4 (RFC 791 §3.2). */
  readonly key: string;
  readonly version: 4 | 6;
  /** Of `data`, in octets from the start of the fragmented part. */
  readonly offset: number;
  readonly more: boolean;
  readonly data: Uint8Array;
  /** The most octets that the fragmented part may have behind the headers of this fragment. */
  readonly room: number;
  /** The two ECN bits, RFC 3168. */
  readonly ecn: number;
  /** RFC 7112: a first fragment of IPv6 must hold all headers, the upper layer's included. */
  readonly hasHeaders: boolean;
}

/** null when `octets` is not a part of a larger packet. `data` is a view. Throws `WireError`. */
export function readFragment(octets: Uint8Array): Fragment | null {
  return isVersion4(octets) ? readFragment4(octets) : readFragment6(octets);
}

/**
 * The packet without its Fragment header when that says "not fragmented" (an atomic fragment, RFC 6946 §4); `octets` itself
 * when there is none. For what `readFragment` answered null to.
 */
export function stripAtomicFragment(octets: Uint8Array): Uint8Array {
  if (isVersion4(octets)) return octets;
  const packet = decodeIpv6(octets);
  const header = findFragmentHeader(walkExtensions(packet));
  return header === null ? octets : join6(packet, header, [dataAfter(packet, header)], packet.trafficClass & 3);
}

/** The whole packet: headers of the first fragment, the given ECN bits, `data` in order (RFC 791 §3.2, RFC 8200 §4.5). */
export function joinFragments(first: Uint8Array, data: readonly Uint8Array[], ecn: number): Uint8Array {
  if (isVersion4(first)) {
    const packet = decodeIpv4(first);
    const dscpEcn = (packet.dscpEcn & 0xfc) | ecn;
    return encodeIpv4({ ...packet, dscpEcn, moreFragments: false, fragmentOffset: 0, payload: concatenate(data) });
  }
  const packet = decodeIpv6(first);
  const header = findFragmentHeader(walkExtensions(packet));
  if (header === null) throw new Error('the first fragment has no Fragment header');
  return join6(packet, header, data, ecn);
}

function readFragment4(octets: Uint8Array): Fragment | null {
  const packet = decodeIpv4(octets);
  if (packet.fragmentOffset === 0 && !packet.moreFragments) return null;
  return {
    key: keyOf(packet.source, packet.destination, packet.identification, packet.protocol),
    version: 4,
    offset: packet.fragmentOffset,
    more: packet.moreFragments,
    data: packet.payload,
    room: IPV4_MAX_OCTETS - IPV4_HEADER_OCTETS - packet.options.length,
    ecn: packet.dscpEcn & 3,
    hasHeaders: true,
  };
}

function readFragment6(octets: Uint8Array): Fragment | null {
  const packet = decodeIpv6(octets);
  const chain = walkExtensions(packet);
  const header = findFragmentHeader(chain);
  if (header === null || (header.offset === 0 && !header.more)) return null;
  return {
    key: keyOf(packet.source, packet.destination, header.identification, 0),
    version: 6,
    offset: header.offset,
    more: header.more,
    data: dataAfter(packet, header),
    room: 65535 - header.at,
    ecn: packet.trafficClass & 3,
    hasHeaders: header.offset > 0 || chain.upper.length >= leastUpperHeader(chain.upperProtocol),
  };
}

interface LocatedFragmentHeader extends FragmentHeader {
  /** In octets from the start of the IPv6 payload. */
  readonly at: number;
  /** Of the header before it, so from the start of the IPv6 payload; null: the fixed header is before it. */
  readonly nextHeaderAt: number | null;
  readonly nextHeader: number;
}

function findFragmentHeader(chain: ExtensionChain): LocatedFragmentHeader | null {
  const index = chain.headers.findIndex(header => header.type === IpProtocol.FRAGMENT);
  const found = chain.headers[index];
  if (found === undefined || chain.fragment === null) return null;
  const nextHeaderAt = chain.headers[index - 1]?.offset ?? null;
  return { ...chain.fragment, at: found.offset, nextHeaderAt, nextHeader: u8At(found.octets, 0) };
}

function dataAfter(packet: Ipv6Packet, header: LocatedFragmentHeader): Uint8Array {
  return packet.payload.subarray(header.at + FRAGMENT_HEADER_OCTETS);
}

function join6(first: Ipv6Packet, header: LocatedFragmentHeader, data: readonly Uint8Array[], ecn: number): Uint8Array {
  const payload = concatenate([first.payload.subarray(0, header.at), ...data]);
  if (header.nextHeaderAt !== null) payload[header.nextHeaderAt] = header.nextHeader;
  const nextHeader = header.nextHeaderAt === null ? header.nextHeader : first.nextHeader;
  return encodeIpv6({ ...first, trafficClass: (first.trafficClass & 0xfc) | ecn, nextHeader, payload });
}

function leastUpperHeader(protocol: number): number {
  if (protocol === IpProtocol.TCP) return 20;
  if (protocol === IpProtocol.UDP || protocol === IpProtocol.ESP) return 8;
  return protocol === IpProtocol.ICMPV6 ? 4 : 0;
}

function keyOf(source: Address, destination: Address, identification: number, protocol: number): string {
  const rest = String.fromCharCode(identification >>> 16, identification & 0xffff, protocol);
  return addressKey(source) + addressKey(destination) + rest;
}

function isVersion4(octets: Uint8Array): boolean {
  return octets.length > 0 && u8At(octets, 0) >> 4 === 4;
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
