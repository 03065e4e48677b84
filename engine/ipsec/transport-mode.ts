import { headerChecksum } from '../wire/checksum.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { decodeIpv4, IPV4_HEADER_OCTETS, IPV4_MAX_OCTETS } from '../wire/ipv4.ts';
import { decodeIpv6, IPV6_HEADER_OCTETS } from '../wire/ipv6.ts';
import { walkExtensions, type ExtensionHeader } from '../wire/ipv6-extension.ts';
import { freshOctets } from '../wire/fresh-octets.ts';
import { setU16, u8At } from '../wire/octets.ts';
import { WireError } from '../wire/wire-error.ts';

/**
 * Transport mode, RFC 4303 §3.1.1 and RFC 4302 §3.1.1: ESP or AH stands behind the IP header with its options or extension
 * headers, before what the next layer wrote. A packet is split, and joined again with what was sealed or opened meanwhile. AH in
 * tunnel mode is put into the outer packet in the same way.
 */

/** Where an IP packet is cut. Offsets count from the first octet of the packet. */
export interface TransportSplit {
  /** A view of the headers that stay outside. */
  readonly head: Uint8Array;
  /** Where in `head` the protocol number of what follows stands. */
  readonly protocolAt: number;
  readonly nextHeader: number;
  /** A view of what follows. */
  readonly payload: Uint8Array;
}

/**
 * Where ESP or AH is to be put. In IPv6 that is behind Hop-by-Hop, Routing and Fragment headers and the Destination Options that
 * a Routing header follows; other Destination Options are for the end alone and go inside. null for a fragment (transport mode
 * carries whole packets only, RFC 4303 §3.3.4), and for what is no IP packet.
 */
export function splitOutbound(packet: Uint8Array): TransportSplit | null {
  return split(packet, headers => {
    const outside = headers.findLast(header => header.type !== IpProtocol.DSTOPTS);
    return outside === undefined ? 0 : outside.offset + outside.octets.length;
  });
}

/** Where the ESP or AH of a received packet stands; `payload` is from there on. null for a fragment, or without that protocol. */
export function splitInbound(packet: Uint8Array, protocol: number = IpProtocol.ESP): TransportSplit | null {
  const found = split(packet, headers => {
    const last = headers.at(-1);
    return last === undefined ? 0 : last.offset + last.octets.length;
  });
  return found?.nextHeader === protocol ? found : null;
}

/**
 * Head and payload as one packet, with protocol number, length and header checksum; null when it would be too long. The caller owns
 * the array, whose first `room` octets are undefined: they stay free for the caller's own header.
 */
export function join(
  { head, protocolAt }: TransportSplit,
  protocol: number,
  payload: Uint8Array,
  room = 0,
): Uint8Array | null {
  const isIpv4 = u8At(head, 0) >>> 4 === 4;
  const length = head.length + payload.length;
  if (length > (isIpv4 ? IPV4_MAX_OCTETS : IPV6_HEADER_OCTETS + 0xffff)) return null;
  const packet = freshOctets(room + length);
  packet.set(head, room);
  packet.set(payload, room + head.length);
  packet[room + protocolAt] = protocol;
  if (isIpv4) {
    setU16(packet, room + 2, length);
    setU16(packet, room + 10, 0);
    setU16(packet, room + 10, headerChecksum(packet, room, room + head.length));
  } else {
    setU16(packet, room + 4, length - IPV6_HEADER_OCTETS);
  }
  return packet;
}

/** `cut` says how many octets of the extension headers stay outside: 0, or up to the end of one of them. */
function split(packet: Uint8Array, cut: (headers: readonly ExtensionHeader[]) => number): TransportSplit | null {
  try {
    return u8At(packet, 0) >>> 4 === 4 ? splitIpv4(packet) : splitIpv6(packet, cut);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

function splitIpv4(packet: Uint8Array): TransportSplit | null {
  const { moreFragments, fragmentOffset, protocol, options, payload } = decodeIpv4(packet);
  if (moreFragments || fragmentOffset > 0) return null;
  return {
    head: packet.subarray(0, IPV4_HEADER_OCTETS + options.length),
    protocolAt: 9,
    nextHeader: protocol,
    payload,
  };
}

function splitIpv6(packet: Uint8Array, cut: (headers: readonly ExtensionHeader[]) => number): TransportSplit | null {
  const ip = decodeIpv6(packet);
  const { headers, fragment } = walkExtensions(ip);
  if (fragment !== null && (fragment.more || fragment.offset > 0)) return null;
  const outside = cut(headers);
  const last = headers.findLast(header => header.offset < outside);
  const protocolAt = last === undefined ? 6 : IPV6_HEADER_OCTETS + last.offset;
  return {
    head: packet.subarray(0, IPV6_HEADER_OCTETS + outside),
    protocolAt,
    nextHeader: u8At(packet, protocolAt),
    payload: ip.payload.subarray(outside),
  };
}
