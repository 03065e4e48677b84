import { internetChecksum } from '../../wire/checksum.ts';
import { decodeIpv6, IPV6_HEADER_OCTETS } from '../../wire/ipv6.ts';
import { walkExtensions } from '../../wire/ipv6-extension.ts';
import { setU16, u8At } from '../../wire/octets.ts';
import { IpProtocol } from '../../wire/ip-protocol.ts';

/**
 * For tests: a packet as it arrives, after its routers have changed all that RFC 4302 §3.3.3.1 lets them change. Written
 * from RFC 791 and RFC 8200, not from what AH makes of them.
 */
export function transit(packet: Uint8Array): Uint8Array {
  const arrived = new Uint8Array(packet);
  if (u8At(packet, 0) >>> 4 === 4) changeIpv4(arrived);
  else changeIpv6(arrived);
  return arrived;
}

function changeIpv4(packet: Uint8Array): void {
  const headOctets = (u8At(packet, 0) & 15) * 4;
  packet[1] = 0x52;
  packet[6] = 0; // DF cleared, as some do
  packet[8] = u8At(packet, 8) - 5;
  for (let at = 20; at < headOctets && packet[at] !== 0; ) {
    const type = u8At(packet, at);
    const length = type === 1 ? 1 : u8At(packet, at + 1);
    if (type === 7 || type === 68) packet.fill(0x77, at + 4, at + length);
    at += length;
  }
  setU16(packet, 10, 0);
  setU16(packet, 10, internetChecksum(packet.subarray(0, headOctets)));
}

function changeIpv6(packet: Uint8Array): void {
  packet.set([0x65, 0x2a, 0xbc, 0xde]); // traffic class and flow label
  packet[7] = u8At(packet, 7) - 5;
  for (const { type, octets } of walkExtensions(decodeIpv6(packet)).headers) {
    if (type === IpProtocol.ROUTING) while (u8At(octets, 3) > 0) visitNext(packet, octets);
    else if (type !== IpProtocol.FRAGMENT) changeOptions(octets);
  }
}

/** One hop of a Routing header of type 0, RFC 2460 §4.4. */
function visitNext(packet: Uint8Array, route: Uint8Array): void {
  const count = u8At(route, 1) / 2;
  const left = u8At(route, 3) - 1;
  const at = 8 + 16 * (count - left - 1);
  const destination = packet.slice(24, IPV6_HEADER_OCTETS);
  packet.set(route.subarray(at, at + 16), 24);
  route.set(destination, at);
  route[3] = left;
}

function changeOptions(header: Uint8Array): void {
  for (let at = 2; at < header.length; ) {
    if (header[at] === 0) {
      at += 1;
      continue;
    }
    const length = u8At(header, at + 1);
    if ((u8At(header, at) & 0x20) !== 0) header.fill(0x66, at + 2, at + 2 + length);
    at += 2 + length;
  }
}
