import { EtherType } from '../../engine/wire/ethernet.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { u16At, u32At, u8At } from '../../engine/wire/octets.ts';

/** How an IP packet stood in its frame. */
export type Wrapping = 'bare' | 'tunnelled' | 'quoted by an ICMP error';

/**
 * An IP packet inside a frame, by the places of its parts. One object is reused for a whole walk: the ESP path allocates
 * nothing. Copy what must outlive the call.
 */
export interface Place {
  octets: Uint8Array;
  /** Where the IP header begins. */
  ipAt: number;
  /** Where what follows it and its extension headers begins. */
  payloadAt: number;
  /** The same with AH skipped. */
  upperAt: number;
  end: number;
  /** What the payload is; in a fragment after the first, as its header says. */
  protocol: number;
  isFragment: boolean;
  isLaterFragment: boolean;
  wrapping: Wrapping;
  /** IP headers around this one. */
  readonly depth: number;
}

export interface ClearVisitor {
  /** An IP packet that carries ESP; `espAt` is where the SPI stands, unless it is a later fragment. */
  esp(place: Readonly<Place>, espAt: number): void;
  /** An IP packet that anyone can read. True: it was what was looked for, and what it carries is of no interest. */
  clear(place: Readonly<Place>): boolean;
  /** A fragment in which nothing was found yet: only the whole can tell. */
  fragment(place: Readonly<Place>): void;
}

/** Deeper nesting was made to hide something, or to exhaust. */
const NESTING_MAX = 16;
const QINQ = 0x88a8;
const GRE = 47;
const ESP_IN_UDP_PORT = 4500;

/** Visits each IP packet that can be read in an Ethernet frame, from the outside in, whatever it is wrapped in. Throws nothing. */
export function walkFrame(octets: Uint8Array, visitor: ClearVisitor): void {
  let typeAt = 12;
  let type = u16At(octets, typeAt);
  while ((type === EtherType.VLAN || type === QINQ) && typeAt + 4 < octets.length) {
    typeAt += 4;
    type = u16At(octets, typeAt);
  }
  if (type === EtherType.IPV4 || type === EtherType.IPV6)
    walkPacket(octets, typeAt + 2, octets.length, visitor, 'bare', 0);
}

/** The same for an IP packet at `at`. */
export function walkPacket(
  octets: Uint8Array,
  at: number,
  end: number,
  visitor: ClearVisitor,
  wrapping: Wrapping,
  depth: number,
): void {
  if (depth > NESTING_MAX || end - at < 20) return;
  const place = PLACES[depth] as Place;
  place.octets = octets;
  place.ipAt = at;
  place.wrapping = wrapping;
  const version = u8At(octets, at) >> 4;
  if (version === 4 ? !readIpv4(place, end) : version !== 6 || !readIpv6(place, end)) return;
  place.payloadAt = place.upperAt;
  skipAuthenticationHeaders(place);
  visit(place, visitor);
}

/** One for each depth: a walk that a visitor begins inside another must go on at a greater one. */
const PLACES: readonly Place[] = Array.from({ length: NESTING_MAX + 1 }, (_, depth) => ({
  octets: new Uint8Array(0),
  ipAt: 0,
  payloadAt: 0,
  upperAt: 0,
  end: 0,
  protocol: 0,
  isFragment: false,
  isLaterFragment: false,
  wrapping: 'bare' as const,
  depth,
}));

function readIpv4(place: Place, end: number): boolean {
  const { octets, ipAt } = place;
  place.upperAt = ipAt + (u8At(octets, ipAt) & 15) * 4;
  if (place.upperAt < ipAt + 20) return false;
  const totalEnd = ipAt + u16At(octets, ipAt + 2);
  // What an ICMP error quotes is cut short; a length that cannot be is no reason to look away.
  place.end = totalEnd < place.upperAt ? end : Math.min(end, totalEnd);
  const fragment = u16At(octets, ipAt + 6);
  place.isFragment = (fragment & 0x3fff) !== 0;
  place.isLaterFragment = (fragment & 0x1fff) !== 0;
  place.protocol = u8At(octets, ipAt + 9);
  return true;
}

function readIpv6(place: Place, end: number): boolean {
  const { octets, ipAt } = place;
  if (end - ipAt < 40) return false;
  place.end = Math.min(end, ipAt + 40 + u16At(octets, ipAt + 4));
  place.isFragment = false;
  place.isLaterFragment = false;
  let at = ipAt + 40;
  let type = u8At(octets, ipAt + 6);
  while (isExtension(type) && !place.isLaterFragment && at + 8 <= place.end) {
    const isFragmentHeader = type === IpProtocol.FRAGMENT;
    if (isFragmentHeader) {
      const field = u16At(octets, at + 2);
      place.isFragment = (field & 0xfff9) !== 0;
      place.isLaterFragment = (field & 0xfff8) !== 0;
    }
    type = u8At(octets, at);
    at += isFragmentHeader ? 8 : (u8At(octets, at + 1) + 1) * 8;
  }
  place.upperAt = at;
  place.protocol = type;
  return true;
}

export function isExtension(protocol: number): boolean {
  return (
    protocol === IpProtocol.HOPOPT ||
    protocol === IpProtocol.ROUTING ||
    protocol === IpProtocol.DSTOPTS ||
    protocol === IpProtocol.FRAGMENT
  );
}

/** AH hides nothing, and may stand before ESP. */
function skipAuthenticationHeaders(place: Place): void {
  while (place.protocol === IpProtocol.AH && !place.isLaterFragment && place.upperAt + 12 <= place.end) {
    place.protocol = u8At(place.octets, place.upperAt);
    place.upperAt += (u8At(place.octets, place.upperAt + 1) + 2) * 4;
  }
}

function visit(place: Place, visitor: ClearVisitor): void {
  if (place.protocol === IpProtocol.ESP) return visitor.esp(place, place.upperAt);
  if (isEspInUdp(place)) return visitor.esp(place, place.upperAt + 8);
  if (visitor.clear(place)) return;
  if (!place.isLaterFragment) walkInside(place, visitor);
  if (place.isFragment) visitor.fragment(place);
}

/** RFC 3948: not IKE (four octets of zeros), not a keepalive (one octet). */
function isEspInUdp({ octets, protocol, isLaterFragment, upperAt, end }: Place): boolean {
  if (protocol !== IpProtocol.UDP || isLaterFragment || end - upperAt < 16) return false;
  if (u16At(octets, upperAt) !== ESP_IN_UDP_PORT && u16At(octets, upperAt + 2) !== ESP_IN_UDP_PORT) return false;
  return u32At(octets, upperAt + 8) !== 0;
}

function walkInside(place: Place, visitor: ClearVisitor): void {
  const { octets, upperAt, end, protocol, depth } = place;
  if (protocol === IpProtocol.IPV4 || protocol === IpProtocol.IPV6) {
    const wrapping = place.wrapping === 'bare' ? 'tunnelled' : place.wrapping;
    walkPacket(octets, upperAt, end, visitor, wrapping, depth + 1);
  } else if (protocol === GRE) {
    const flags = u8At(octets, upperAt);
    const type = u16At(octets, upperAt + 2);
    // Checksum, key and sequence number are four octets each where present, RFC 2784 and RFC 2890.
    const inside = upperAt + 4 + ((flags >> 7) & 1) * 4 + ((flags >> 5) & 1) * 4 + ((flags >> 4) & 1) * 4;
    if (type === EtherType.IPV4 || type === EtherType.IPV6)
      walkPacket(octets, inside, end, visitor, 'tunnelled', depth + 1);
  } else if (isIcmpError(octets, upperAt, protocol)) {
    walkPacket(octets, upperAt + 8, end, visitor, 'quoted by an ICMP error', depth + 1);
  }
}

function isIcmpError(octets: Uint8Array, at: number, protocol: number): boolean {
  const type = u8At(octets, at);
  if (protocol === IpProtocol.ICMP) return type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
  return protocol === IpProtocol.ICMPV6 && type >= 1 && type <= 4;
}
