import type { Address } from '../wire/address.ts';
import { internetChecksum, updateChecksum } from '../wire/checksum.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { decodeIpv6 } from '../wire/ipv6.ts';
import { walkExtensions } from '../wire/ipv6-extension.ts';
import { freshOctets } from '../wire/fresh-octets.ts';
import { setU16, u16At, u8At } from '../wire/octets.ts';
import type { Offload } from '../wire/offload.ts';
import { WireError } from '../wire/wire-error.ts';

/** An IP packet on its way through the node, with the fields that decide where it goes. */
export interface Packet {
  /** Exactly the packet: link padding is cut off. Shared: change a copy. */
  readonly octets: Uint8Array;
  readonly version: 4 | 6;
  /** Views of `octets`. */
  readonly source: Address;
  readonly destination: Address;
  /** TTL or Hop Limit. */
  readonly hopLimit: number;
  /** Behind IPv6 extension headers; of a later fragment, what its fragment header announces. */
  readonly protocol: number;
  /** Octets from the start of the packet to the upper layer. */
  readonly upperOffset: number;
  /** In octets; 0 for what is not a fragment too. */
  readonly fragmentOffset: number;
  readonly moreFragments: boolean;
  /** Always true for IPv6: routers never fragment it. */
  readonly dontFragment: boolean;
  /** Offsets count from the start of the IP packet. */
  readonly offload: Offload | null;
}

/** Checks the headers, and the checksum of IPv4's; the packet, or what is wrong with it. */
export function parsePacket(octets: Uint8Array, offload: Offload | null): Packet | string {
  if (octets.length < 20) return 'IP header cut short';
  const version = u8At(octets, 0) >> 4;
  if (version !== 4 && version !== 6) return `IP version ${version}`;
  const packet = version === 4 ? parseIpv4(octets, offload) : parseIpv6(octets, offload);
  return typeof packet === 'string' || hasSoundOffload(packet) ? packet : 'offload outside the upper layer';
}

/** The unfinished checksum lies in the upper layer: to finish it must not change what was just checked. */
function hasSoundOffload({ octets, upperOffset, offload }: Packet): boolean {
  if (offload === null || offload.checksum === null) return true;
  const { start, offset } = offload.checksum;
  return start >= upperOffset && start + offset + 2 <= octets.length;
}

export function isFragment(packet: Packet): boolean {
  return packet.moreFragments || packet.fragmentOffset > 0;
}

/** A copy with the TTL or Hop Limit lowered by one, RFC 1624 keeping the checksum right; the packet must have 2 or more. */
export function withHopTaken(packet: Packet): Packet {
  const octets = freshOctets(packet.octets.length);
  octets.set(packet.octets);
  takeHop(octets, 0);
  const { source, destination } = addressViews(octets, packet.version);
  return { ...packet, octets, source, destination, hopLimit: packet.hopLimit - 1 };
}

/** Lowers TTL or Hop Limit of the IP header at `offset` by one, in place. */
export function takeHop(octets: Uint8Array, offset: number): void {
  if (u8At(octets, offset) >> 4 === 6) {
    octets[offset + 7] = u8At(octets, offset + 7) - 1;
    return;
  }
  const before = u16At(octets, offset + 8);
  const after = before - 0x100;
  setU16(octets, offset + 8, after);
  setU16(octets, offset + 10, updateChecksum(u16At(octets, offset + 10), before, after));
}

/** What a header in front of this packet says of it: 4 or 41. */
export function innerProtocol(inner: Uint8Array): number {
  return u8At(inner, 0) >> 4 === 4 ? IpProtocol.IPV4 : IpProtocol.IPV6;
}

function addressViews(octets: Uint8Array, version: 4 | 6): { source: Address; destination: Address } {
  if (version === 4) return { source: octets.subarray(12, 16), destination: octets.subarray(16, 20) };
  return { source: octets.subarray(8, 24), destination: octets.subarray(24, 40) };
}

function parseIpv4(octets: Uint8Array, offload: Offload | null): Packet | string {
  const headerLength = (u8At(octets, 0) & 15) * 4;
  const totalLength = u16At(octets, 2);
  if (headerLength < 20 || totalLength < headerLength || totalLength > octets.length) return 'IPv4 length';
  if (internetChecksum(octets.subarray(0, headerLength)) !== 0) return 'IPv4 Header Checksum';
  const fragment = u16At(octets, 6);
  return {
    octets: totalLength === octets.length ? octets : octets.subarray(0, totalLength),
    version: 4,
    source: octets.subarray(12, 16),
    destination: octets.subarray(16, 20),
    hopLimit: u8At(octets, 8),
    protocol: u8At(octets, 9),
    upperOffset: headerLength,
    fragmentOffset: (fragment & 0x1fff) * 8,
    moreFragments: (fragment & 0x2000) !== 0,
    dontFragment: (fragment & 0x4000) !== 0,
    offload,
  };
}

function parseIpv6(octets: Uint8Array, offload: Offload | null): Packet | string {
  const totalLength = 40 + u16At(octets, 4);
  if (octets.length < 40 || totalLength > octets.length) return 'IPv6 length';
  const chain = upperLayer(octets);
  if (typeof chain === 'string') return chain;
  return {
    octets: totalLength === octets.length ? octets : octets.subarray(0, totalLength),
    version: 6,
    source: octets.subarray(8, 24),
    destination: octets.subarray(24, 40),
    hopLimit: u8At(octets, 7),
    protocol: chain.protocol,
    upperOffset: chain.upperOffset,
    fragmentOffset: chain.fragmentOffset,
    moreFragments: chain.moreFragments,
    dontFragment: true,
    offload,
  };
}

type UpperLayer = Pick<Packet, 'protocol' | 'upperOffset' | 'fragmentOffset' | 'moreFragments'>;

function upperLayer(octets: Uint8Array): UpperLayer | string {
  const next = u8At(octets, 6);
  if (!isExtensionHeader(next)) {
    return { protocol: next, upperOffset: 40, fragmentOffset: 0, moreFragments: false };
  }
  try {
    const chain = walkExtensions(decodeIpv6(octets));
    return {
      protocol: chain.upperProtocol,
      upperOffset: 40 + chain.upperOffset,
      fragmentOffset: chain.fragment?.offset ?? 0,
      moreFragments: chain.fragment?.more ?? false,
    };
  } catch (error) {
    if (error instanceof WireError) return error.message;
    throw error;
  }
}

export function isExtensionHeader(protocol: number): boolean {
  return (
    protocol === IpProtocol.HOPOPT ||
    protocol === IpProtocol.ROUTING ||
    protocol === IpProtocol.FRAGMENT ||
    protocol === IpProtocol.DSTOPTS
  );
}
