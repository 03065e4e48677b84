import type { Address } from './address.ts';
import { internetChecksum, pseudoHeaderSum } from './checksum.ts';
import { IpProtocol } from './ip-protocol.ts';
import { setU16, u16At } from './octets.ts';
import { WireError } from './wire-error.ts';

/** A UDP datagram, RFC 768. */
export interface UdpDatagram {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
}

export const UDP_HEADER_OCTETS = 8;

/**
 * The addresses are those of the IP header around it. Octets past Length are ignored. Throws `WireError` for a bad length or
 * checksum; 0 means "none" in IPv4 and is wrong in IPv6 (RFC 8200 §8.1).
 */
export function decodeUdp(octets: Uint8Array, source: Address, destination: Address): UdpDatagram {
  const datagram = decodeUdpUnverified(octets);
  if (!udpChecksumIsRight(octets, source, destination)) throw new WireError('UDP Checksum', 6, 'wrong');
  return datagram;
}

/** The same without looking at the checksum. */
export function decodeUdpUnverified(octets: Uint8Array): UdpDatagram {
  if (octets.length < UDP_HEADER_OCTETS) throw new WireError('UDP header', octets.length, 'cut short');
  const length = u16At(octets, 4);
  if (length < UDP_HEADER_OCTETS || length > octets.length) {
    throw new WireError('UDP Length', 4, `${length}, present ${octets.length}`);
  }
  return {
    sourcePort: u16At(octets, 0),
    destinationPort: u16At(octets, 2),
    payload: octets.subarray(UDP_HEADER_OCTETS, length),
  };
}

/** For a datagram whose Length is right. */
export function udpChecksumIsRight(octets: Uint8Array, source: Address, destination: Address): boolean {
  if (u16At(octets, 6) === 0) return source.length === 4;
  const length = u16At(octets, 4);
  const initial = pseudoHeaderSum(source, destination, IpProtocol.UDP, length);
  return internetChecksum(octets.subarray(0, length), initial) === 0;
}

/** With a checksum, also in IPv4. RangeError above 65535 octets. */
export function encodeUdp(datagram: UdpDatagram, source: Address, destination: Address): Uint8Array {
  const length = UDP_HEADER_OCTETS + datagram.payload.length;
  if (length > 65535) throw new RangeError(`${length} octets are more than a UDP datagram`);
  const octets = new Uint8Array(length);
  setU16(octets, 0, datagram.sourcePort);
  setU16(octets, 2, datagram.destinationPort);
  setU16(octets, 4, length);
  octets.set(datagram.payload, UDP_HEADER_OCTETS);
  // A computed 0 is sent as all ones: 0 would say that there is none.
  setU16(octets, 6, internetChecksum(octets, pseudoHeaderSum(source, destination, IpProtocol.UDP, length)) || 0xffff);
  return octets;
}
