import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { decodeIpv4, encodeIpv4, IPV4_HEADER_OCTETS, type Ipv4Packet } from '../../engine/wire/ipv4.ts';
import { walkExtensions } from '../../engine/wire/ipv6-extension.ts';
import { decodeIpv6, IPV6_HEADER_OCTETS, type Ipv6Packet } from '../../engine/wire/ipv6.ts';
import { setU16, u16At, u8At } from '../../engine/wire/octets.ts';
import { decodeUdpUnverified } from '../../engine/wire/udp.ts';
import { decodeUdpEncapsulation, UDP_ENCAPSULATION_PORT } from '../../engine/wire/udp-encapsulation.ts';
import { WireError } from '../../engine/wire/wire-error.ts';

/** The headers around ESP or AH. */
export interface OuterHeaders {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** With `headersEnd` in octets of the packet: where ESP, the UDP around it, or AH begins. */
  readonly ip:
    | { readonly version: 4; readonly packet: Ipv4Packet; readonly headersEnd: number }
    | {
        readonly version: 6;
        readonly packet: Ipv6Packet;
        readonly lastNextHeaderAt: number;
        readonly headersEnd: number;
      };
}

/** Where ESP begins in an IP packet. */
export interface EspPlace extends OuterHeaders {
  /** From the SPI to the ICV, a view. */
  readonly esp: Uint8Array;
  /** RFC 3948: its addresses are those of a NAT, perhaps. */
  readonly isInUdp: boolean;
}

/** Where AH begins in an IP packet. */
export interface AhPlace extends OuterHeaders {
  /** With all that it covers behind it, a view. */
  readonly ah: Uint8Array;
}

/** null when the packet carries no ESP, is a fragment, or is malformed. */
export function findEsp(packet: Uint8Array): EspPlace | null {
  return located(packet, (headers, protocol, payload) => {
    if (protocol === IpProtocol.ESP) return { ...headers, esp: payload, isInUdp: false };
    if (protocol !== IpProtocol.UDP) return null;
    const esp = espInUdp(payload);
    return esp === null ? null : { ...headers, esp, isInUdp: true };
  });
}

/** null when no AH follows the headers of the packet, or it is a fragment, or malformed. */
export function findAh(packet: Uint8Array): AhPlace | null {
  return located(packet, (headers, protocol, ah) => (protocol === IpProtocol.AH ? { ...headers, ah } : null));
}

function located<Place>(
  packet: Uint8Array,
  place: (headers: OuterHeaders, protocol: number, payload: Uint8Array) => Place | null,
): Place | null {
  try {
    return u8At(packet, 0) >> 4 === 4 ? located4(packet, place) : located6(packet, place);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

function located4<Place>(
  octets: Uint8Array,
  place: (headers: OuterHeaders, protocol: number, payload: Uint8Array) => Place | null,
): Place | null {
  const packet = decodeIpv4(octets);
  if (packet.moreFragments || packet.fragmentOffset > 0) return null;
  const { source, destination, protocol, payload, options } = packet;
  const headersEnd = IPV4_HEADER_OCTETS + options.length;
  return place({ source, destination, ip: { version: 4, packet, headersEnd } }, protocol, payload);
}

function located6<Place>(
  octets: Uint8Array,
  place: (headers: OuterHeaders, protocol: number, payload: Uint8Array) => Place | null,
): Place | null {
  const packet = decodeIpv6(octets);
  const chain = walkExtensions(packet);
  if (chain.fragment !== null && (chain.fragment.more || chain.fragment.offset > 0)) return null;
  const { source, destination } = packet;
  const headersEnd = IPV6_HEADER_OCTETS + chain.upperOffset;
  // The fixed header's own Next Header stands at octet 6, an extension header's at its first.
  const lastNextHeaderAt = IPV6_HEADER_OCTETS + (chain.headers.at(-1)?.offset ?? 6 - IPV6_HEADER_OCTETS);
  const ip = { version: 6, packet, lastNextHeaderAt, headersEnd } as const;
  return place({ source, destination, ip }, chain.upperProtocol, chain.upper);
}

function espInUdp(octets: Uint8Array): Uint8Array | null {
  const { sourcePort, destinationPort, payload } = decodeUdpUnverified(octets);
  if (sourcePort !== UDP_ENCAPSULATION_PORT && destinationPort !== UDP_ENCAPSULATION_PORT) return null;
  const content = decodeUdpEncapsulation(payload);
  return content.kind === 'esp' ? content.esp : null;
}

/**
 * The packet that was protected: in tunnel mode the payload without TFC padding, in transport mode the outer packet with its
 * old payload and protocol. null for a dummy packet, and for a tunnelled packet that is cut short.
 */
export function innerPacket(
  outer: Uint8Array,
  { ip }: OuterHeaders,
  opened: { readonly payload: Uint8Array; readonly nextHeader: number },
): Uint8Array | null {
  const { payload, nextHeader } = opened;
  if (nextHeader === IpProtocol.NO_NEXT) return null;
  if (nextHeader === IpProtocol.IPV4 || nextHeader === IpProtocol.IPV6) return withoutTfcPadding(payload, nextHeader);
  if (ip.version === 4) return encodeIpv4({ ...ip.packet, protocol: nextHeader, payload });
  const { lastNextHeaderAt, headersEnd } = ip;
  const restored = new Uint8Array(headersEnd + payload.length);
  restored.set(outer.subarray(0, headersEnd));
  restored.set(payload, headersEnd);
  restored[lastNextHeaderAt] = nextHeader;
  setU16(restored, 4, restored.length - IPV6_HEADER_OCTETS);
  return restored;
}

function withoutTfcPadding(payload: Uint8Array, nextHeader: number): Uint8Array | null {
  const version = u8At(payload, 0) >> 4;
  if (nextHeader === IpProtocol.IPV4) {
    if (payload.length < IPV4_HEADER_OCTETS || version !== 4) return null;
    const length = u16At(payload, 2);
    return length < IPV4_HEADER_OCTETS || length > payload.length ? null : payload.subarray(0, length);
  }
  if (payload.length < IPV6_HEADER_OCTETS || version !== 6) return null;
  const length = IPV6_HEADER_OCTETS + u16At(payload, 4);
  return length > payload.length ? null : payload.subarray(0, length);
}
