import type { Address } from './address.ts';
import { freshOctets } from './fresh-octets.ts';
import { setU16, setU32, u16At, u32At, u8At } from './octets.ts';
import { WireError } from './wire-error.ts';

/**
 * An IPv6 packet, RFC 8200 §3. Big-endian.
 *     |Version| Traffic Class |           Flow Label                  |
 *     |         Payload Length        |  Next Header  |   Hop Limit   |
 *     |  Source Address (16)  |  Destination Address (16)  |
 */
export interface Ipv6Packet {
  /** DSCP in the upper six bits, ECN in the lower two. */
  readonly trafficClass: number;
  /** 20 bits. */
  readonly flowLabel: number;
  readonly nextHeader: number;
  readonly hopLimit: number;
  readonly source: Address;
  readonly destination: Address;
  /** All that follows the fixed header, extension headers included: see ipv6-extension.ts. */
  readonly payload: Uint8Array;
}

export const IPV6_HEADER_OCTETS = 40;

/** Arrays are views. Octets past Payload Length are padding; there are no jumbograms. Throws `WireError`. */
export function decodeIpv6(octets: Uint8Array): Ipv6Packet {
  const packet = decodeIpv6Quoted(octets);
  const end = IPV6_HEADER_OCTETS + u16At(octets, 4);
  if (end > octets.length) throw new WireError('IPv6 Payload Length', 4, `${end} octets, present ${octets.length}`);
  return packet;
}

/** Of a packet whose end may be missing, as ICMPv6 errors quote it (RFC 4443 §2.4): header in full, payload as far as it goes. */
export function decodeIpv6Quoted(octets: Uint8Array): Ipv6Packet {
  if (octets.length < IPV6_HEADER_OCTETS) throw new WireError('IPv6 header', octets.length, 'cut short');
  const first = u32At(octets, 0);
  if (first >>> 28 !== 6) throw new WireError('IPv6 Version', 0, `${first >>> 28} is not 6`);
  return {
    trafficClass: (first >>> 20) & 0xff,
    flowLabel: first & 0xfffff,
    nextHeader: u8At(octets, 6),
    hopLimit: u8At(octets, 7),
    source: octets.subarray(8, 24),
    destination: octets.subarray(24, 40),
    payload: octets.subarray(IPV6_HEADER_OCTETS, IPV6_HEADER_OCTETS + u16At(octets, 4)),
  };
}

/** RangeError for a payload above 65535 octets. */
export function encodeIpv6(packet: Ipv6Packet): Uint8Array {
  const octets = freshOctets(IPV6_HEADER_OCTETS + packet.payload.length);
  writeIpv6Header(octets, 0, packet);
  octets.set(packet.payload, IPV6_HEADER_OCTETS);
  return octets;
}

/** The header alone, of a packet that begins at `at` and goes on to the end of `octets`. RangeError as above. */
export function writeIpv6Header(octets: Uint8Array, at: number, header: Omit<Ipv6Packet, 'payload'>): void {
  const payloadLength = octets.length - at - IPV6_HEADER_OCTETS;
  if (payloadLength > 65535) throw new RangeError(`${payloadLength} octets are more than an IPv6 payload`);
  setU32(octets, at, (6 << 28) | ((header.trafficClass & 0xff) << 20) | (header.flowLabel & 0xfffff));
  setU16(octets, at + 4, payloadLength);
  octets[at + 6] = header.nextHeader;
  octets[at + 7] = header.hopLimit;
  octets.set(header.source, at + 8);
  octets.set(header.destination, at + 24);
}
