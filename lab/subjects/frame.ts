import { headerChecksum } from '../../engine/wire/checksum.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { setU16, u16At, u8At } from '../../engine/wire/octets.ts';
import type { Frame } from '../../engine/node/node.ts';

/** What a subject that lies looks at in a frame; read by position, since it never was meant to be careful. */
export interface IpInFrame {
  readonly version: 4 | 6;
  /** IPv4 Protocol, or the Next Header of the IPv6 header. */
  readonly protocol: number;
  readonly headerOctets: number;
  /** A view, from the IP header on. */
  readonly octets: Uint8Array;
}

const ETHERNET_OCTETS = 14;

/** null: no IP packet. */
export function ipOf({ octets }: Frame): IpInFrame | null {
  const ip = octets.subarray(ETHERNET_OCTETS);
  const etherType = u16At(octets, 12);
  if (etherType === 0x0800) {
    return { version: 4, protocol: u8At(ip, 9), headerOctets: (u8At(ip, 0) & 15) * 4, octets: ip };
  }
  return etherType === 0x86dd ? { version: 6, protocol: u8At(ip, 6), headerOctets: 40, octets: ip } : null;
}

/** ESP, AH, or ESP in UDP. */
export function isProtected(ip: IpInFrame): boolean {
  return ip.protocol === IpProtocol.ESP || ip.protocol === IpProtocol.AH || isUdpEncapsulated(ip);
}

export function isUdpEncapsulated({ protocol, octets, headerOctets }: IpInFrame): boolean {
  return protocol === IpProtocol.UDP && [0, 2].some(at => u16At(octets, headerOctets + at) === 4500);
}

export function isFragment({ version, protocol, octets }: IpInFrame): boolean {
  return version === 6 ? protocol === IpProtocol.FRAGMENT : (u16At(octets, 6) & 0x3fff) !== 0;
}

/** A copy of the frame whose IP packet was changed; in IPv4 with a right header checksum. */
export function withIp(frame: Frame, change: (octets: Uint8Array) => void): Frame {
  const octets = frame.octets.slice();
  const ip = octets.subarray(ETHERNET_OCTETS);
  change(ip);
  if (u8At(ip, 0) >> 4 === 4) {
    setU16(ip, 10, 0);
    setU16(ip, 10, headerChecksum(ip, 0, (u8At(ip, 0) & 15) * 4));
  }
  return { ...frame, octets };
}

/** A copy of the frame with another IP packet, whose length and header checksum are made right. */
export function resized(frame: Frame, change: (ip: Uint8Array) => Uint8Array): Frame {
  const ip = change(frame.octets.slice(ETHERNET_OCTETS));
  const octets = new Uint8Array(ETHERNET_OCTETS + ip.length);
  octets.set(frame.octets.subarray(0, ETHERNET_OCTETS));
  octets.set(ip, ETHERNET_OCTETS);
  return withIp({ ...frame, octets }, copy =>
    u8At(copy, 0) >> 4 === 4 ? setU16(copy, 2, copy.length) : setU16(copy, 4, copy.length - 40),
  );
}

/** The TOS octet, or Traffic Class. */
export const trafficClass = (ip: Uint8Array): number =>
  u8At(ip, 0) >> 4 === 4 ? u8At(ip, 1) : ((u8At(ip, 0) & 15) << 4) | (u8At(ip, 1) >> 4);

export function setTrafficClass(ip: Uint8Array, value: number): void {
  if (u8At(ip, 0) >> 4 === 4) ip[1] = value;
  else ip.set([0x60 | (value >> 4), ((value & 15) << 4) | (u8At(ip, 1) & 15)]);
}
