import { type Address, isLoopback, isMulticast, isUnspecified } from '../wire/address.ts';
import { encodeIcmpv4, Icmpv4Type, Icmpv4Unreachable } from '../wire/icmpv4.ts';
import { encodeIcmpv6, Icmpv6Type, Icmpv6Unreachable } from '../wire/icmpv6.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { encodeIpv4 } from '../wire/ipv4.ts';
import { encodeIpv6 } from '../wire/ipv6.ts';
import { u8At } from '../wire/octets.ts';
import type { Packet } from './packet.ts';

/** What a node has to tell the sender of a packet that it does not pass on. */
export type IcmpCause =
  | { readonly kind: 'noRoute' }
  | { readonly kind: 'neighbourUnreachable' }
  /** By a rule of the filter: an ICMP unreachable with this code of IPv4; `asDestination`: in the name of who was sent to. */
  | { readonly kind: 'prohibited'; readonly code: number; readonly asDestination: boolean }
  /** Of an address that is valid on one link only; IPv4 has no word for it. */
  | { readonly kind: 'beyondScope' }
  | { readonly kind: 'hopLimitExceeded' }
  | { readonly kind: 'reassemblyTimeout' }
  /** The longest packet that would have passed, in octets. */
  | { readonly kind: 'packetTooBig'; readonly mtu: number }
  /** `pointer`: the octet of the packet. IPv6 only: an erroneous header field, or an option that nobody here knows. */
  | { readonly kind: 'headerField' | 'unknownOption'; readonly pointer: number };

/** RFC 1812 §4.3.2.3: no more than this in all, so that the error itself is never too big. */
const IPV4_ERROR_OCTETS_MAX = 576;
const IPV6_ERROR_OCTETS_MAX = 1280;
const ICMP_HEADER_OCTETS = 8;
const HOP_LIMIT = 64;
/** Internetwork control, RFC 1812 §4.3.2.5. */
const ERROR_TOS = 0xc0;

/**
 * Whether an error may be sent about this packet at all: never about an ICMP error, a later fragment, or what was sent to
 * many, and never to an address that is not one host's (RFC 1122 §3.2.2, RFC 1812 §4.3.2.7, RFC 4443 §2.4 (e)).
 */
export function mayReport(packet: Packet, cause: IcmpCause): boolean {
  const { source, destination, version } = packet;
  if (packet.fragmentOffset > 0 || isIcmpError(packet)) return false;
  if (isMulticast(source) || isUnspecified(source) || isLoopback(source) || isClassE(source)) return false;
  if (isClassE(destination)) return false;
  // Path MTU Discovery works for IPv6 multicast too, and so do options that ask for it, RFC 4443 §2.4 (e.3).
  return !isMulticast(destination) || (version === 6 && FOR_MANY.has(cause.kind));
}

/** The whole IP packet from `source`; null when this IP version has no such error. `packet` is the (first) invoking packet. */
export function errorAbout(
  packet: Packet,
  cause: IcmpCause,
  source: Address,
  identification: number,
): Uint8Array | null {
  return packet.version === 4 ? error4(packet, cause, source, identification) : error6(packet, cause, source);
}

/** An ICMP message that reports an error (or a redirect), about which no error may be sent. */
export function isIcmpError(packet: Packet): boolean {
  if (packet.fragmentOffset > 0 || packet.upperOffset >= packet.octets.length) return false;
  const type = u8At(packet.octets, packet.upperOffset);
  if (packet.version === 4) return packet.protocol === IpProtocol.ICMP && ICMPV4_ERRORS.has(type);
  return packet.protocol === IpProtocol.ICMPV6 && (type < 128 || type === Icmpv6Type.REDIRECT);
}

const FOR_MANY: ReadonlySet<IcmpCause['kind']> = new Set(['packetTooBig', 'unknownOption']);
const SOURCE_QUENCH = 4;
const ICMPV4_ERRORS: ReadonlySet<number> = new Set([
  Icmpv4Type.DESTINATION_UNREACHABLE,
  SOURCE_QUENCH,
  Icmpv4Type.REDIRECT,
  Icmpv4Type.TIME_EXCEEDED,
  Icmpv4Type.PARAMETER_PROBLEM,
]);

function error4(packet: Packet, cause: IcmpCause, source: Address, identification: number): Uint8Array | null {
  const room = IPV4_ERROR_OCTETS_MAX - 20 - ICMP_HEADER_OCTETS;
  const payload = icmp4(cause, packet.octets.subarray(0, room));
  if (payload === null) return null;
  return encodeIpv4({
    dscpEcn: ERROR_TOS,
    identification,
    dontFragment: false,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: HOP_LIMIT,
    protocol: IpProtocol.ICMP,
    source,
    destination: packet.source,
    options: new Uint8Array(0),
    payload,
  });
}

function icmp4(cause: IcmpCause, invoking: Uint8Array): Uint8Array | null {
  const unreachable = (code: number, mtu: number) =>
    encodeIcmpv4({ type: 'destinationUnreachable', code, mtu, invoking });
  switch (cause.kind) {
    case 'noRoute':
      return unreachable(Icmpv4Unreachable.NETWORK, 0);
    case 'neighbourUnreachable':
      return unreachable(Icmpv4Unreachable.HOST, 0);
    case 'prohibited':
      return unreachable(cause.code, 0);
    case 'packetTooBig':
      return unreachable(Icmpv4Unreachable.FRAGMENTATION_NEEDED, cause.mtu);
    case 'hopLimitExceeded':
      return encodeIcmpv4({ type: 'timeExceeded', code: 0, invoking });
    case 'reassemblyTimeout':
      return encodeIcmpv4({ type: 'timeExceeded', code: 1, invoking });
    case 'beyondScope':
    case 'headerField':
    case 'unknownOption':
      return null;
  }
}

function error6(packet: Packet, cause: IcmpCause, source: Address): Uint8Array {
  const room = IPV6_ERROR_OCTETS_MAX - 40 - ICMP_HEADER_OCTETS;
  return encodeIpv6({
    trafficClass: 0,
    flowLabel: 0,
    nextHeader: IpProtocol.ICMPV6,
    hopLimit: HOP_LIMIT,
    source,
    destination: packet.source,
    payload: icmp6(cause, packet.octets.subarray(0, room), source, packet.source),
  });
}

function icmp6(cause: IcmpCause, invoking: Uint8Array, source: Address, destination: Address): Uint8Array {
  const unreachable = (code: number) =>
    encodeIcmpv6({ type: 'destinationUnreachable', code, invoking }, source, destination);
  switch (cause.kind) {
    case 'noRoute':
      return unreachable(Icmpv6Unreachable.NO_ROUTE);
    case 'neighbourUnreachable':
      return unreachable(Icmpv6Unreachable.ADDRESS);
    case 'prohibited':
      return unreachable(prohibited6(cause.code));
    case 'beyondScope':
      return unreachable(Icmpv6Unreachable.BEYOND_SCOPE);
    case 'packetTooBig':
      return encodeIcmpv6({ type: 'packetTooBig', mtu: cause.mtu, invoking }, source, destination);
    case 'hopLimitExceeded':
      return encodeIcmpv6({ type: 'timeExceeded', code: 0, invoking }, source, destination);
    case 'reassemblyTimeout':
      return encodeIcmpv6({ type: 'timeExceeded', code: 1, invoking }, source, destination);
    case 'headerField':
    case 'unknownOption': {
      const [code, pointer] = [cause.kind === 'headerField' ? 0 : UNKNOWN_OPTION, cause.pointer];
      return encodeIcmpv6({ type: 'parameterProblem', code, pointer, invoking }, source, destination);
    }
  }
}

/** RFC 4443 §3.4. */
const UNKNOWN_OPTION = 2;

/** 240.0.0.0/4, the limited broadcast address among them. */
function isClassE(address: Address): boolean {
  return address.length === 4 && (address[0] ?? 0) >= 240;
}

/** RFC 7915 §4.2: what a code of IPv4 is in IPv6; of what it has no word for, that it is prohibited. */
function prohibited6(code: number): number {
  if (code === 3) return Icmpv6Unreachable.PORT;
  if (code === 1 || code === 7) return Icmpv6Unreachable.ADDRESS;
  if (code === 0 || code === 5 || code === 6 || code === 8 || code === 11 || code === 12)
    return Icmpv6Unreachable.NO_ROUTE;
  return Icmpv6Unreachable.ADMINISTRATIVELY_PROHIBITED;
}
