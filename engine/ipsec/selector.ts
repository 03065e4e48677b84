import type { Address } from '../wire/address.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { IPV4_HEADER_OCTETS } from '../wire/ipv4.ts';
import { decodeIpv6, IPV6_HEADER_OCTETS } from '../wire/ipv6.ts';
import { walkExtensions, type ExtensionChain } from '../wire/ipv6-extension.ts';
import { u16At, u8At } from '../wire/octets.ts';
import { prefixContains, type Prefix } from '../wire/prefix.ts';
import { WireError } from '../wire/wire-error.ts';

/** What the SPD looks at in a packet, RFC 4301 §4.4.1.1. null stands for OPAQUE: the packet does not show it. */
export interface Flow {
  readonly source: Address;
  readonly destination: Address;
  /** The next layer protocol behind any IPv6 extension headers. null: a later IPv6 fragment that begins with one of them. */
  readonly protocol: number | null;
  /** null in a later fragment, in a packet too short to have them, and where the protocol has none. */
  readonly sourcePort: number | null;
  readonly destinationPort: number | null;
}

/** The condition of one SPD entry; ANY matches OPAQUE too, a value does not. Local is the protected side. */
export interface Selector {
  readonly local: Prefix | 'any';
  readonly remote: Prefix | 'any';
  readonly protocol: number | 'any';
  readonly localPort: number | 'any';
  readonly remotePort: number | 'any';
}

/** Outbound: the source is local. Inbound: the destination is. */
export type Direction = 'inbound' | 'outbound';

export function matches(selector: Selector, flow: Flow, direction: Direction): boolean {
  const out = direction === 'outbound';
  return (
    (selector.protocol === 'any' || selector.protocol === flow.protocol) &&
    (selector.localPort === 'any' || selector.localPort === (out ? flow.sourcePort : flow.destinationPort)) &&
    (selector.remotePort === 'any' || selector.remotePort === (out ? flow.destinationPort : flow.sourcePort)) &&
    (selector.local === 'any' || prefixContains(selector.local, out ? flow.source : flow.destination)) &&
    (selector.remote === 'any' || prefixContains(selector.remote, out ? flow.destination : flow.source))
  );
}

/**
 * Reads a whole IP packet; null when it is none. Addresses are views. Checksums are not looked at: the packet was
 * decoded before, or a kernel made it.
 */
export function flowOf(packet: Uint8Array): Flow | null {
  const version = u8At(packet, 0) >>> 4;
  if (version === 4) return packet.length < IPV4_HEADER_OCTETS ? null : flowOfIpv4(packet);
  if (version === 6) return packet.length < IPV6_HEADER_OCTETS ? null : flowOfIpv6(packet);
  return null;
}

function flowOfIpv4(packet: Uint8Array): Flow | null {
  const headerOctets = (u8At(packet, 0) & 0x0f) * 4;
  const end = u16At(packet, 2);
  if (headerOctets < IPV4_HEADER_OCTETS || end < headerOctets || end > packet.length) return null;
  const source = packet.subarray(12, 16);
  const destination = packet.subarray(16, 20);
  const protocol = u8At(packet, 9);
  const laterFragment = (u16At(packet, 6) & 0x1fff) !== 0;
  return laterFragment
    ? { source, destination, protocol, ...NO_PORTS }
    : { source, destination, protocol, ...portsAt(packet, protocol, headerOctets, end) };
}

function flowOfIpv6(packet: Uint8Array): Flow | null {
  const end = IPV6_HEADER_OCTETS + u16At(packet, 4);
  if (end > packet.length) return null;
  const source = packet.subarray(8, 24);
  const destination = packet.subarray(24, 40);
  const nextHeader = u8At(packet, 6);
  if (!EXTENSIONS.has(nextHeader)) {
    const ports = portsAt(packet, nextHeader, IPV6_HEADER_OCTETS, end);
    return { source, destination, protocol: nextHeader, ...ports };
  }
  const chain = chainOf(packet);
  if (chain === null) return null;
  if (chain.fragment !== null && chain.fragment.offset > 0) {
    const protocol = EXTENSIONS.has(chain.upperProtocol) ? null : chain.upperProtocol;
    return { source, destination, protocol, ...NO_PORTS };
  }
  const ports = portsAt(packet, chain.upperProtocol, IPV6_HEADER_OCTETS + chain.upperOffset, end);
  return { source, destination, protocol: chain.upperProtocol, ...ports };
}

function chainOf(packet: Uint8Array): ExtensionChain | null {
  try {
    return walkExtensions(decodeIpv6(packet));
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

function portsAt(packet: Uint8Array, protocol: number, at: number, end: number) {
  if (!HAS_PORTS.has(protocol) || at + 4 > end) return NO_PORTS;
  return { sourcePort: u16At(packet, at), destinationPort: u16At(packet, at + 2) };
}

const NO_PORTS = { sourcePort: null, destinationPort: null };
const SCTP = 132;
const UDP_LITE = 136;
const DCCP = 33;
const HAS_PORTS: ReadonlySet<number> = new Set([IpProtocol.TCP, IpProtocol.UDP, SCTP, UDP_LITE, DCCP]);
/** Those that the SPD skips; AH and ESP count as next layer protocols, RFC 4301 §4.4.1.1. */
const EXTENSIONS: ReadonlySet<number> = new Set([
  IpProtocol.HOPOPT,
  IpProtocol.ROUTING,
  IpProtocol.FRAGMENT,
  IpProtocol.DSTOPTS,
]);
