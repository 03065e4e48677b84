import { type Address, compareAddresses } from '../wire/address.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { IPV4_HEADER_OCTETS } from '../wire/ipv4.ts';
import { decodeIpv6, IPV6_HEADER_OCTETS } from '../wire/ipv6.ts';
import { walkExtensions, type ExtensionChain } from '../wire/ipv6-extension.ts';
import { u16At, u8At } from '../wire/octets.ts';
import { networkOf, type Prefix } from '../wire/prefix.ts';
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
  /** ICMP and ICMPv6: type * 256 + code, as IKEv2 writes them (RFC 7296 §3.13.1); null as above. */
  readonly icmp: number | null;
}

/** Both ends inclusive, of one family, low first. */
export interface AddressRange {
  readonly low: Address;
  readonly high: Address;
}

/** Both ends inclusive, low first. */
export type NumberRange = readonly [number, number];

/** ANY matches whatever is there, and what is not there too; OPAQUE only what a packet does not show; ranges only what it does. */
export type NumberSet = 'any' | 'opaque' | readonly NumberRange[];

/** The condition of one SPD entry. Local is the protected side. */
export interface Selector {
  readonly local: readonly AddressRange[] | 'any';
  readonly remote: readonly AddressRange[] | 'any';
  readonly protocol: number | 'any' | 'opaque';
  readonly localPort: NumberSet;
  readonly remotePort: NumberSet;
  /** Of type * 256 + code; `any` unless the protocol is ICMP or ICMPv6. */
  readonly icmp: NumberSet;
}

/** The selector of every packet, as it is and as configuration writes it. */
export const ANYTHING = {
  local: 'any',
  remote: 'any',
  protocol: 'any',
  localPort: 'any',
  remotePort: 'any',
  icmp: 'any',
} as const satisfies Selector;

/** Outbound: the source is local. Inbound: the destination is. */
export type Direction = 'inbound' | 'outbound';

/** RFC 4301 §4.4.1.1: whether a packet of the flow, seen in this direction, meets each condition. */
export function matches(selector: Selector, flow: Flow, direction: Direction): boolean {
  const out = direction === 'outbound';
  const { protocol } = selector;
  return (
    (protocol === 'any' || (protocol === 'opaque' ? flow.protocol === null : protocol === flow.protocol)) &&
    isIn(selector.localPort, out ? flow.sourcePort : flow.destinationPort) &&
    isIn(selector.remotePort, out ? flow.destinationPort : flow.sourcePort) &&
    isIn(selector.icmp, flow.icmp) &&
    covers(selector.local, out ? flow.source : flow.destination) &&
    covers(selector.remote, out ? flow.destination : flow.source)
  );
}

function isIn(set: NumberSet, value: number | null): boolean {
  if (set === 'any') return true;
  if (set === 'opaque') return value === null;
  return value !== null && set.some(([low, high]) => low <= value && value <= high);
}

function covers(ranges: readonly AddressRange[] | 'any', address: Address): boolean {
  return ranges === 'any' || ranges.some(range => rangeContains(range, address));
}

/** False across families. */
export function rangeContains({ low, high }: AddressRange, address: Address): boolean {
  if (low.length !== address.length) return false;
  return compareAddresses(low, address) <= 0 && compareAddresses(address, high) <= 0;
}

/** Whether a flow of this protocol has ports, unless the packet does not show them. */
export function hasPorts(protocol: number): boolean {
  return HAS_PORTS.has(protocol);
}

/** Whether a flow of this protocol has a type and code, unless the packet does not show them. */
export function isIcmp(protocol: number): boolean {
  return protocol === IpProtocol.ICMP || protocol === IpProtocol.ICMPV6;
}

/** The range of a prefix, and of a single address. */
export function rangeOf(prefix: Prefix): AddressRange {
  const low = networkOf(prefix).address;
  const high = low.slice();
  for (let bit = prefix.length; bit < low.length * 8; bit++) {
    high[bit >> 3] = (high[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  }
  return { low, high };
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
  if (hasPorts(protocol) && at + 4 <= end) {
    return { sourcePort: u16At(packet, at), destinationPort: u16At(packet, at + 2), icmp: null };
  }
  return isIcmp(protocol) && at + 2 <= end ? { ...NO_PORTS, icmp: u16At(packet, at) } : NO_PORTS;
}

const NO_PORTS = { sourcePort: null, destinationPort: null, icmp: null };
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
