import { icmpv6ChecksumIsRight } from '../../engine/wire/icmpv6.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { u16At, u32At, u8At } from '../../engine/wire/octets.ts';
import type { Place } from './clear-walk.ts';

/** Neighbour Discovery on the link itself: Hop Limit 255 proves that no router forwarded it (RFC 4861 §6.1, §7.1). */
export function isNeighbourDiscovery(place: Place): boolean {
  const { octets, ipAt, upperAt, end, protocol } = place;
  if (protocol !== IpProtocol.ICMPV6 || upperAt >= end || !mayBeNeighbourDiscovery(place)) return false;
  return isNeighbourDiscoveryType(u8At(octets, upperAt)) && u8At(octets, ipAt + 7) === 255;
}

/** The same after a link has flipped one bit of the Next Header, of the Hop Limit or of the type; the ICMPv6 checksum tells. */
export function isDamagedNeighbourDiscovery(place: Place): boolean {
  const { octets, ipAt, payloadAt, end } = place;
  if (!mayBeNeighbourDiscovery(place) || end - payloadAt < 8) return false;
  const flips = bitsSet(u8At(octets, ipAt + 6) ^ IpProtocol.ICMPV6) + bitsSet(u8At(octets, ipAt + 7) ^ 255);
  if (flips > 1) return false;
  const [source, destination] = [octets.subarray(ipAt + 8, ipAt + 24), octets.subarray(ipAt + 24, ipAt + 40)];
  const message = octets.slice(payloadAt, end);
  const type = u8At(message, 0);
  const meant = flips === 1 ? [type] : ND_TYPES.filter(candidate => bitsSet(candidate ^ type) === 1);
  return meant.filter(isNeighbourDiscoveryType).some(candidate => {
    message[0] = candidate;
    return icmpv6ChecksumIsRight(message, source, destination);
  });
}

const mayBeNeighbourDiscovery = ({ octets, ipAt, wrapping }: Place): boolean =>
  wrapping === 'bare' && u8At(octets, ipAt) >> 4 === 6;

const ND_TYPES = [133, 134, 135, 136, 137];

const isNeighbourDiscoveryType = (type: number): boolean => type >= 133 && type <= 137;

/** Of an octet. */
function bitsSet(value: number): number {
  let count = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) count++;
  return count;
}

const IKE_PORT = 500;
const IKE_NAT_PORT = 4500;
const IKE_HEADER_OCTETS = 28;

/**
 * An IKE message on its own port, behind the non-ESP marker on port 4500 (RFC 3948 §2.2), or a NAT keepalive there. The
 * header must be one (RFC 7296 §3.1: major version 1 or 2, its own length): a port number alone would be a way to hide. Of a
 * message in fragments the first has the header, and no fragment but the whole has its length.
 */
export function looksLikeIke(place: Place): boolean {
  const { octets, upperAt, end, protocol, isLaterFragment, isFragment, wrapping } = place;
  if (protocol !== IpProtocol.UDP || isLaterFragment || wrapping !== 'bare' || end - upperAt < 9) return false;
  const [source, destination] = [u16At(octets, upperAt), u16At(octets, upperAt + 2)];
  // UDP's own Length, which a first fragment does not reach.
  const messageEnd = isFragment ? upperAt + u16At(octets, upperAt + 4) : end;
  if (source === IKE_PORT || destination === IKE_PORT) return isIkeHeader(octets, upperAt + 8, end, messageEnd);
  if (source !== IKE_NAT_PORT && destination !== IKE_NAT_PORT) return false;
  if (end - upperAt === 9) return u8At(octets, upperAt + 8) === 0xff;
  return u32At(octets, upperAt + 8) === 0 && isIkeHeader(octets, upperAt + 12, end, messageEnd);
}

function isIkeHeader(octets: Uint8Array, at: number, end: number, messageEnd: number): boolean {
  if (end - at < IKE_HEADER_OCTETS) return false;
  const major = u8At(octets, at + 17) >> 4;
  return (major === 1 || major === 2) && u32At(octets, at + 24) === messageEnd - at;
}
