import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { decodeIpv4, encodeIpv4, IPV4_HEADER_OCTETS, type Ipv4Packet } from '../../engine/wire/ipv4.ts';
import { walkExtensions } from '../../engine/wire/ipv6-extension.ts';
import { decodeIpv6, IPV6_HEADER_OCTETS, type Ipv6Packet } from '../../engine/wire/ipv6.ts';
import { setU16, u16At, u32At, u8At } from '../../engine/wire/octets.ts';
import { WireError } from '../../engine/wire/wire-error.ts';

/** Where ESP begins in an IP packet. */
export interface EspPlace {
  /** From the SPI to the ICV, a view. */
  readonly esp: Uint8Array;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** With `headersEnd` in octets of the packet: where ESP, or the UDP around it, begins. */
  readonly ip:
    | { readonly version: 4; readonly packet: Ipv4Packet }
    | {
        readonly version: 6;
        readonly packet: Ipv6Packet;
        readonly lastNextHeaderAt: number;
        readonly headersEnd: number;
      };
}

/** Port of ESP in UDP, RFC 3948. */
const ESP_IN_UDP_PORT = 4500;

/** null when the packet carries no ESP, is a fragment, or is malformed. */
export function findEsp(packet: Uint8Array): EspPlace | null {
  try {
    return u8At(packet, 0) >> 4 === 4 ? findEsp4(packet) : findEsp6(packet);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

function findEsp4(octets: Uint8Array): EspPlace | null {
  const packet = decodeIpv4(octets);
  if (packet.moreFragments || packet.fragmentOffset > 0) return null;
  const esp = espIn(packet.protocol, packet.payload);
  return esp && { esp, source: packet.source, destination: packet.destination, ip: { version: 4, packet } };
}

function findEsp6(octets: Uint8Array): EspPlace | null {
  const packet = decodeIpv6(octets);
  const chain = walkExtensions(packet);
  if (chain.fragment !== null && (chain.fragment.more || chain.fragment.offset > 0)) return null;
  const esp = espIn(chain.upperProtocol, chain.upper);
  if (esp === null) return null;
  const headersEnd = IPV6_HEADER_OCTETS + chain.upperOffset;
  // The fixed header's own Next Header stands at octet 6, an extension header's at its first.
  const lastNextHeaderAt = IPV6_HEADER_OCTETS + (chain.headers.at(-1)?.offset ?? 6 - IPV6_HEADER_OCTETS);
  const ip = { version: 6, packet, lastNextHeaderAt, headersEnd } as const;
  return { esp, source: packet.source, destination: packet.destination, ip };
}

function espIn(protocol: number, payload: Uint8Array): Uint8Array | null {
  if (protocol === IpProtocol.ESP) return payload;
  if (protocol !== IpProtocol.UDP || payload.length < 16) return null;
  if (u16At(payload, 0) !== ESP_IN_UDP_PORT && u16At(payload, 2) !== ESP_IN_UDP_PORT) return null;
  // Four octets of zeros in the place of the SPI mark an IKE message, RFC 3948 §2.2.
  return u32At(payload, 8) === 0 ? null : payload.subarray(8, Math.min(payload.length, u16At(payload, 4)));
}

/**
 * The packet that was protected: in tunnel mode the payload without TFC padding, in transport mode the outer packet with its
 * old payload and protocol. null for a dummy packet, and for a tunnelled packet that is cut short.
 */
export function innerPacket(
  outer: Uint8Array,
  place: EspPlace,
  opened: { readonly payload: Uint8Array; readonly nextHeader: number },
): Uint8Array | null {
  const { payload, nextHeader } = opened;
  if (nextHeader === IpProtocol.NO_NEXT) return null;
  if (nextHeader === IpProtocol.IPV4 || nextHeader === IpProtocol.IPV6) return withoutTfcPadding(payload, nextHeader);
  if (place.ip.version === 4) return encodeIpv4({ ...place.ip.packet, protocol: nextHeader, payload });
  const { lastNextHeaderAt, headersEnd } = place.ip;
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
