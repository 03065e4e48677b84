import type { Address } from './address.ts';
import { headerChecksum } from './checksum.ts';
import { freshOctets } from './fresh-octets.ts';
import { setU16, u16At, u8At } from './octets.ts';
import { WireError } from './wire-error.ts';

/**
 * An IPv4 packet, RFC 791 §3.1. Big-endian.
 *     |Version|  IHL  |Type of Service|          Total Length         |
 *     |         Identification        |0|D|M|     Fragment Offset     |
 *     |  Time to Live |    Protocol   |         Header Checksum       |
 *     |  Source Address  |  Destination Address  |  Options ...
 */
export interface Ipv4Packet {
  /** The TOS octet: DSCP in the upper six bits, ECN in the lower two (RFC 2474, RFC 3168). */
  readonly dscpEcn: number;
  readonly identification: number;
  readonly dontFragment: boolean;
  readonly moreFragments: boolean;
  /** In octets, a multiple of 8. */
  readonly fragmentOffset: number;
  readonly ttl: number;
  readonly protocol: number;
  readonly source: Address;
  readonly destination: Address;
  /** A multiple of 4 octets, at most 40. */
  readonly options: Uint8Array;
  readonly payload: Uint8Array;
}

export const IPV4_HEADER_OCTETS = 20;
export const IPV4_MAX_OCTETS = 65535;

const NO_OPTIONS = new Uint8Array(0);

/** Arrays are views. Octets past Total Length are padding. Throws `WireError` for a bad version, length or checksum. */
export function decodeIpv4(octets: Uint8Array): Ipv4Packet {
  const packet = decodeIpv4Unverified(octets);
  if (!ipv4ChecksumIsRight(octets)) throw new WireError('IPv4 Header Checksum', 10, 'wrong');
  return packet;
}

/** The same without looking at the checksum: for those who look at broken packets on purpose. */
export function decodeIpv4Unverified(octets: Uint8Array): Ipv4Packet {
  const packet = decodeIpv4Quoted(octets);
  const totalLength = u16At(octets, 2);
  if (totalLength > octets.length) {
    throw new WireError('IPv4 Total Length', 2, `${totalLength}, present ${octets.length}`);
  }
  return packet;
}

/** Of a packet whose end may be missing, as ICMP errors quote it (RFC 792): header in full, payload as far as it goes, no checksum. */
export function decodeIpv4Quoted(octets: Uint8Array): Ipv4Packet {
  if (octets.length < IPV4_HEADER_OCTETS) throw new WireError('IPv4 header', octets.length, 'cut short');
  const first = u8At(octets, 0);
  if (first >> 4 !== 4) throw new WireError('IPv4 Version', 0, `${first >> 4} is not 4`);
  const headerLength = (first & 15) * 4;
  if (headerLength < IPV4_HEADER_OCTETS || headerLength > octets.length) {
    throw new WireError('IPv4 IHL', 0, `${headerLength} octets, present ${octets.length}`);
  }
  const totalLength = u16At(octets, 2);
  if (totalLength < headerLength) throw new WireError('IPv4 Total Length', 2, `${totalLength}, header ${headerLength}`);
  const fragment = u16At(octets, 6);
  return {
    dscpEcn: u8At(octets, 1),
    identification: u16At(octets, 4),
    dontFragment: (fragment & 0x4000) !== 0,
    moreFragments: (fragment & 0x2000) !== 0,
    fragmentOffset: (fragment & 0x1fff) * 8,
    ttl: u8At(octets, 8),
    protocol: u8At(octets, 9),
    source: octets.subarray(12, 16),
    destination: octets.subarray(16, 20),
    options: headerLength === IPV4_HEADER_OCTETS ? NO_OPTIONS : octets.subarray(IPV4_HEADER_OCTETS, headerLength),
    payload: octets.subarray(headerLength, totalLength),
  };
}

/** For a header that is there in full. */
export function ipv4ChecksumIsRight(octets: Uint8Array): boolean {
  return headerChecksum(octets, 0, (u8At(octets, 0) & 15) * 4) === 0;
}

/** With Total Length and Header Checksum. RangeError for what does not fit into a packet. */
export function encodeIpv4(packet: Ipv4Packet): Uint8Array {
  const headerLength = IPV4_HEADER_OCTETS + packet.options.length;
  const octets = freshOctets(headerLength + packet.payload.length);
  writeIpv4Header(octets, 0, packet);
  octets.set(packet.payload, headerLength);
  return octets;
}

/** The header alone, of a packet that begins at `at` and goes on to the end of `octets`. RangeError as above. */
export function writeIpv4Header(octets: Uint8Array, at: number, header: Omit<Ipv4Packet, 'payload'>): void {
  const { options, fragmentOffset } = header;
  const headerLength = IPV4_HEADER_OCTETS + options.length;
  const totalLength = octets.length - at;
  if (options.length % 4 !== 0 || headerLength > 60) throw new RangeError(`${options.length} octets of options`);
  if (fragmentOffset % 8 !== 0 || fragmentOffset > 65528) throw new RangeError('fragment offset');
  if (totalLength > IPV4_MAX_OCTETS) throw new RangeError(`${totalLength} octets are more than an IPv4 packet`);
  const flags = (header.dontFragment ? 0x4000 : 0) | (header.moreFragments ? 0x2000 : 0);
  octets[at] = 0x40 | (headerLength >> 2);
  octets[at + 1] = header.dscpEcn;
  setU16(octets, at + 2, totalLength);
  setU16(octets, at + 4, header.identification);
  setU16(octets, at + 6, flags | (fragmentOffset >> 3));
  octets[at + 8] = header.ttl;
  octets[at + 9] = header.protocol;
  setU16(octets, at + 10, 0);
  octets.set(header.source, at + 12);
  octets.set(header.destination, at + 16);
  if (options.length > 0) octets.set(options, at + IPV4_HEADER_OCTETS);
  setU16(octets, at + 10, headerChecksum(octets, at, at + headerLength));
}

/**
 * Cuts a packet into fragments of at most `mtu` octets, RFC 791 §3.2; a fragment may be cut again. The packet itself when
 * it fits. Don't Fragment is the caller's to obey. Throws `WireError` for a bad packet, RangeError where not even 8 octets
 * of payload fit.
 */
export function fragmentIpv4(octets: Uint8Array, mtu: number): Uint8Array[] {
  const whole = decodeIpv4(octets);
  const headerLength = IPV4_HEADER_OCTETS + whole.options.length;
  if (headerLength + whole.payload.length <= mtu) return [octets];
  if (mtu < headerLength + 8) throw new RangeError(`an MTU of ${mtu} holds no fragment`);
  const laterOptions = copiedOptions(whole.options);
  const fragments: Uint8Array[] = [];
  for (let at = 0; at < whole.payload.length; ) {
    const options = at === 0 ? whole.options : laterOptions;
    const room = mtu - IPV4_HEADER_OCTETS - options.length;
    const isLast = whole.payload.length - at <= room;
    const size = isLast ? whole.payload.length - at : room & ~7;
    const payload = whole.payload.subarray(at, at + size);
    const moreFragments = whole.moreFragments || !isLast;
    fragments.push(
      encodeIpv4({ ...whole, options, payload, moreFragments, fragmentOffset: whole.fragmentOffset + at }),
    );
    at += size;
  }
  return fragments;
}

/** Those options whose copied flag is set, padded with End of Option List, RFC 791 §3.1. */
function copiedOptions(options: Uint8Array): Uint8Array {
  const kept: number[] = [];
  for (let at = 0; at < options.length; ) {
    const type = u8At(options, at);
    if (type === 0) break;
    // No Operation is one octet long and has no copied flag; so is anything whose length runs out of the options.
    const length = type === 1 || at + 1 >= options.length ? 1 : u8At(options, at + 1);
    if (length === 0 || at + length > options.length) break;
    if ((type & 0x80) !== 0) kept.push(...options.subarray(at, at + length));
    at += length;
  }
  const padded = new Uint8Array((kept.length + 3) & ~3);
  padded.set(kept);
  return padded;
}
