import type { Address } from '../wire/address.ts';
import { internetChecksum, pseudoHeaderSum, updateChecksum } from '../wire/checksum.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { freshOctets } from '../wire/fresh-octets.ts';
import { setU16, u16At } from '../wire/octets.ts';
import { decodeUdpUnverified, UDP_HEADER_OCTETS, udpChecksumIsRight } from '../wire/udp.ts';
import { decodeUdpEncapsulation, type EncapsulatedInUdp, KEEPALIVE } from '../wire/udp-encapsulation.ts';
import { WireError } from '../wire/wire-error.ts';

/**
 * ESP in UDP, RFC 3948: a UDP header between the IP header and ESP, so that a NAT has ports to work with. The caller puts the
 * datagram where ESP would stand, with protocol 17: see `join` and `encapsulate`.
 */

export interface UdpPorts {
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface UdpEnds extends UdpPorts {
  readonly source: Address;
  readonly destination: Address;
}

/** Octets that it adds to each packet. */
export const UDP_ENCAPSULATION_OCTETS = UDP_HEADER_OCTETS;

/**
 * The datagram around `esp`. In IPv4 without a checksum (§2.1: the ICV does its work); in IPv6 with one, because a NAT or a
 * host in between need not take a datagram without (RFC 6935 §5). null when it would be longer than a datagram can be.
 */
export function encapsulateInUdp(esp: Uint8Array, ends: UdpEnds): Uint8Array | null {
  const length = UDP_HEADER_OCTETS + esp.length;
  if (length > 0xffff) return null;
  const datagram = freshOctets(length);
  datagram.set(esp, UDP_HEADER_OCTETS);
  writeUdpHeader(datagram, 0, ends, ends);
  return datagram;
}

/** The header alone of such a datagram, which begins at `at`, goes on to the end of `octets` and is there otherwise. */
export function writeUdpHeader(octets: Uint8Array, at: number, ports: UdpPorts, addresses: AddressPair): void {
  setU16(octets, at, ports.sourcePort);
  setU16(octets, at + 2, ports.destinationPort);
  setU16(octets, at + 4, octets.length - at);
  setU16(octets, at + 6, 0);
  if (addresses.source.length === 16) setU16(octets, at + 6, udpChecksum(octets.subarray(at), addresses));
}

/** What keeps the mapping of a NAT alive, §2.3; nothing answers it. */
export function keepaliveDatagram(ends: UdpEnds): Uint8Array {
  const datagram = encapsulateInUdp(KEEPALIVE, ends);
  if (datagram === null) throw new Error('one octet does not fit');
  return datagram;
}

export interface DecapsulatedFromUdp extends UdpPorts {
  readonly content: EncapsulatedInUdp;
}

/**
 * What a datagram (from its UDP header on) carries. A checksum of 0 is taken in both families: on this port that is what was
 * agreed on (§2.1, RFC 6935 §5). Any other one must be right. null for what is no UDP datagram.
 */
export function decapsulateFromUdp(
  octets: Uint8Array,
  source: Address,
  destination: Address,
): DecapsulatedFromUdp | null {
  try {
    const { sourcePort, destinationPort, payload } = decodeUdpUnverified(octets);
    const isWrong = u16At(octets, 6) !== 0 && !udpChecksumIsRight(octets, source, destination);
    const content = isWrong ? WRONG_CHECKSUM : decodeUdpEncapsulation(payload);
    return { sourcePort, destinationPort, content };
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

const WRONG_CHECKSUM = { kind: 'malformed', why: 'the UDP checksum is wrong' } as const;

export interface AddressPair {
  readonly source: Address;
  readonly destination: Address;
}

/**
 * The transport payload out of ESP in transport mode, with its checksum made right for the addresses that the packet arrived
 * with, §3.1.2. `original` are those that the peer computed it with (the NAT-OA of RFC 3947, the selectors of RFC 7296
 * §2.23.1): the checksum is updated, so that an error in it stays one. null: unknown, and it is computed anew. A copy where
 * something changed; protocols whose checksum covers no addresses, and what is cut short, stay as they are.
 */
export function fixTransportChecksum(
  protocol: number,
  payload: Uint8Array,
  arrived: AddressPair,
  original: AddressPair | null,
): Uint8Array {
  const at = CHECKSUM_AT.get(protocol);
  if (at === undefined || payload.length < at + 2) return payload;
  const before = u16At(payload, at);
  const isUdp = protocol === IpProtocol.UDP;
  if (isUdp && before === 0) return payload; // there is none
  const after =
    original === null ? computeChecksum(protocol, payload, at, arrived) : moveChecksum(before, original, arrived);
  const checksum = isUdp && after === 0 ? 0xffff : after;
  if (checksum === before) return payload;
  const fixed = new Uint8Array(payload);
  setU16(fixed, at, checksum);
  return fixed;
}

/** RFC 1624, word by word of both addresses. */
function moveChecksum(checksum: number, from: AddressPair, to: AddressPair): number {
  let moved = checksum;
  for (const end of ['source', 'destination'] as const) {
    if (from[end].length !== to[end].length) throw new Error('a NAT between families');
    for (let at = 0; at < from[end].length; at += 2) {
      const [oldWord, newWord] = [u16At(from[end], at), u16At(to[end], at)];
      if (oldWord !== newWord) moved = updateChecksum(moved, oldWord, newWord);
    }
  }
  return moved;
}

function computeChecksum(
  protocol: number,
  payload: Uint8Array,
  at: number,
  { source, destination }: AddressPair,
): number {
  const cleared = new Uint8Array(payload);
  setU16(cleared, at, 0);
  return internetChecksum(cleared, pseudoHeaderSum(source, destination, protocol, payload.length));
}

function udpChecksum(datagram: Uint8Array, { source, destination }: AddressPair): number {
  const initial = pseudoHeaderSum(source, destination, IpProtocol.UDP, datagram.length);
  return internetChecksum(datagram, initial) || 0xffff;
}

/** Of those whose checksum covers a pseudo-header; that of UDP-Lite may cover less than the datagram, and is left alone. */
const CHECKSUM_AT: ReadonlyMap<number, number> = new Map<number, number>([
  [IpProtocol.TCP, 16],
  [IpProtocol.UDP, 6],
  [IpProtocol.ICMPV6, 2],
]);
