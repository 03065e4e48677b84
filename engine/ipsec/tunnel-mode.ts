import { addressVersion, type Address } from '../wire/address.ts';
import { updateChecksum } from '../wire/checksum.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { freshOctets } from '../wire/fresh-octets.ts';
import { IPV4_HEADER_OCTETS, IPV4_MAX_OCTETS, writeIpv4Header } from '../wire/ipv4.ts';
import { IPV6_HEADER_OCTETS, writeIpv6Header } from '../wire/ipv6.ts';
import { setU16, u16At, u8At } from '../wire/octets.ts';
import type { OuterTreatment } from './sa.ts';
import { UDP_ENCAPSULATION_OCTETS, type UdpPorts, writeUdpHeader } from './udp-encapsulation.ts';

/** The outer header's own part; the rest follows from the inner packet. */
export interface Outer {
  /** What follows the outer header: 50 ESP; 4 or 41 for plain IP-in-IP, whose payload is the inner packet itself. */
  readonly protocol: number;
  readonly payload: Uint8Array;
  /** IPv4 Identification of the outer packet; an outer IPv6 header has none. */
  readonly identification: number;
  /** What of the inner header goes into the outer one; absent: all that may. */
  readonly treatment?: OuterTreatment;
  /** Of a UDP header in front of the payload, RFC 3948 (`protocol` is 17 then); absent: there is none. */
  readonly udp?: UdpPorts | null;
  /** Octets that stay free in front of the packet, for the caller's own header; absent: none. */
  readonly room?: number;
}

/** The usual one, RFC 4301 §5.1.2 and RFC 6040 §4.1. */
export const COPY_OUTWARD: OuterTreatment = { dontFragment: 'copy', dscp: 'copy', ecn: 'normal' };

const NO_OPTIONS = new Uint8Array(0);
const OUTER_HOP_LIMIT = 64;
/** Every IPv6 path carries it, RFC 8200 §5. */
const IPV6_MINIMUM_MTU = 1280;
const ECN = 0b11;
const NOT_ECT = 0b00;
const ECT_1 = 0b01;
const ECT_0 = 0b10;
const CE = 0b11;

/**
 * The outer packet around a whole inner IP packet, RFC 4301 §5.1.2, for ESP and for plain IP-in-IP (RFC 2003, RFC 2473);
 * any mix of versions. DSCP, ECN and DF are copied unless `treatment` says otherwise; options, extension headers, the flow
 * label and the hop limit never are. null when it would be longer than an IP packet can be. The TTL of the inner packet is the
 * forwarder's to decrement. The caller owns the array, whose first `room` octets are undefined.
 */
export function encapsulate(
  inner: Uint8Array,
  source: Address,
  destination: Address,
  { protocol, payload, identification, treatment = COPY_OUTWARD, udp = null, room = 0 }: Outer,
): Uint8Array | null {
  const isIpv6 = addressVersion(source) === 6;
  const upper = room + (isIpv6 ? IPV6_HEADER_OCTETS : IPV4_HEADER_OCTETS);
  const length = upper + (udp === null ? 0 : UDP_ENCAPSULATION_OCTETS) + payload.length;
  if (isIpv6 ? length - upper > 0xffff : length - room > IPV4_MAX_OCTETS) return null;
  const octets = freshOctets(length);
  octets.set(payload, length - payload.length);
  if (udp !== null) writeUdpHeader(octets, upper, udp, { source, destination });
  const dscpEcn = outerDscpEcn(dscpEcnOf(inner), treatment);
  if (isIpv6) {
    writeIpv6Header(octets, room, {
      trafficClass: dscpEcn,
      flowLabel: 0, // copying it is for end systems only, §5.1.2.2 note 8
      nextHeader: protocol,
      hopLimit: OUTER_HOP_LIMIT,
      source,
      destination,
    });
  } else {
    writeIpv4Header(octets, room, {
      dscpEcn,
      identification,
      dontFragment: outerDontFragment(inner, treatment),
      moreFragments: false,
      fragmentOffset: 0,
      ttl: OUTER_HOP_LIMIT,
      protocol,
      source,
      destination,
      options: NO_OPTIONS,
    });
  }
  return octets;
}

export type Decapsulation =
  /** A view of what was given, or a copy where the ECN field changed. */
  | { readonly kind: 'packet'; readonly octets: Uint8Array }
  | { readonly kind: 'malformed'; readonly why: string }
  /** RFC 6040 §4.2: congestion was marked on a packet whose transport would not notice. */
  | { readonly kind: 'congestionDrop' };

/**
 * The inner packet out of a tunnel: what `nextHeader` (4 or 41) announced, cut to its own length (TFC padding falls off,
 * RFC 4303 §2.7), with the ECN field of RFC 6040. `outerDscpEcn` is the outer TOS or traffic class. Its addresses,
 * checksum and extension headers are not looked at.
 */
export function decapsulate(nextHeader: number, octets: Uint8Array, outerDscpEcn: number): Decapsulation {
  const version = nextHeader === IpProtocol.IPV4 ? 4 : nextHeader === IpProtocol.IPV6 ? 6 : null;
  if (version === null) return { kind: 'malformed', why: `next header ${nextHeader} in a tunnel` };
  const headerOctets = version === 4 ? IPV4_HEADER_OCTETS : IPV6_HEADER_OCTETS;
  if (octets.length < headerOctets || u8At(octets, 0) >>> 4 !== version) {
    return { kind: 'malformed', why: `next header ${nextHeader}, but no IPv${version} packet follows` };
  }
  const length = version === 4 ? u16At(octets, 2) : IPV6_HEADER_OCTETS + u16At(octets, 4);
  if (length < headerOctets || length > octets.length) {
    return { kind: 'malformed', why: `an inner packet of ${length} octets in a payload of ${octets.length}` };
  }
  const inner = octets.subarray(0, length);
  const before = dscpEcnOf(inner);
  const after = ecnOnDecapsulation(before, outerDscpEcn);
  if (after === null) return { kind: 'congestionDrop' };
  return { kind: 'packet', octets: after === before ? inner : withDscpEcn(inner, after) };
}

/**
 * RFC 6040 figure 4. Takes the inner and the outer DSCP-and-ECN octet (or bare ECN codepoints); returns the inner octet to
 * go on with, or null when the packet must be dropped. The outer DSCP never enters (RFC 4301 §5.1.2).
 */
export function ecnOnDecapsulation(inner: number, outer: number): number | null {
  const dscp = inner & ~ECN;
  switch (inner & ECN) {
    case NOT_ECT:
      return (outer & ECN) === CE ? null : inner;
    case CE:
      return inner;
    default:
      // The more severe of both marks, and ECT(1) ranks above ECT(0).
      if ((outer & ECN) === CE) return dscp | CE;
      return (inner & ECN) === ECT_0 && (outer & ECN) === ECT_1 ? dscp | ECT_1 : inner;
  }
}

/** The TOS octet or the traffic class of an IP packet. */
export function dscpEcnOf(packet: Uint8Array): number {
  return u8At(packet, 0) >>> 4 === 4 ? u8At(packet, 1) : (u16At(packet, 0) >>> 4) & 0xff;
}

/** RFC 4301 §5.1.2 note 5, and RFC 6040 §4.1: in compatibility mode the outer header says that nobody listens. */
function outerDscpEcn(inner: number, { dscp, ecn }: OuterTreatment): number {
  return (dscp === 'copy' ? inner & ~ECN : dscp << 2) | (ecn === 'normal' ? inner & ECN : NOT_ECT);
}

/** RFC 4301 §8.1. */
function outerDontFragment(inner: Uint8Array, { dontFragment }: OuterTreatment): boolean {
  return dontFragment === 'copy' ? dontFragmentOf(inner) : dontFragment === 'set';
}

/**
 * An inner IPv4 packet decides for itself. An inner IPv6 packet must not be fragmented on its way, so the path MTU is
 * found with DF; but 1280 octets must get through any path, if need be in outer fragments (RFC 4213 §3.2.2).
 */
function dontFragmentOf(inner: Uint8Array): boolean {
  if (u8At(inner, 0) >>> 4 === 4) return (u8At(inner, 6) & 0x40) !== 0;
  return inner.length > IPV6_MINIMUM_MTU;
}

function withDscpEcn(packet: Uint8Array, dscpEcn: number): Uint8Array {
  const changed = packet.slice();
  const before = u16At(packet, 0);
  if (before >>> 12 === 6) {
    setU16(changed, 0, (before & 0xf00f) | (dscpEcn << 4));
    return changed;
  }
  changed[1] = dscpEcn;
  setU16(changed, 10, updateChecksum(u16At(packet, 10), before, u16At(changed, 0)));
  return changed;
}
