import { type Address, addressesEqual } from '../../../../engine/wire/address.ts';
import { type Icmpv4Message, Icmpv4Unreachable } from '../../../../engine/wire/icmpv4.ts';
import type { Icmpv6Message } from '../../../../engine/wire/icmpv6.ts';
import { decodeIpv4Quoted } from '../../../../engine/wire/ipv4.ts';
import { walkExtensions } from '../../../../engine/wire/ipv6-extension.ts';
import { decodeIpv6Quoted } from '../../../../engine/wire/ipv6.ts';
import { WireError } from '../../../../engine/wire/wire-error.ts';

/** An ICMP error about a packet of this host. */
export interface IcmpError {
  readonly version: 4 | 6;
  readonly from: Address;
  readonly kind: 'unreachable' | 'tooBig' | 'timeExceeded' | 'parameterProblem';
  readonly code: number;
  /** Of the next link, where `kind` is `tooBig` and the router told. */
  readonly mtu: number | null;
  readonly quoted: QuotedPacket;
}

/** The start of the packet that the error is about. */
export interface QuotedPacket {
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: number;
  /** As much of the transport header as was quoted: at least 8 octets. */
  readonly upper: Uint8Array;
}

/** null: no error, or one that does not quote enough to say whose it is. */
export function icmpErrorOf4(message: Icmpv4Message, from: Address): IcmpError | null {
  if (!('invoking' in message)) return null;
  const quoted = quotedPacket(4, message.invoking);
  if (quoted === null) return null;
  const common = { version: 4, from, code: message.code, mtu: null, quoted } as const;
  if (message.type !== 'destinationUnreachable') return { ...common, kind: message.type };
  if (message.code !== Icmpv4Unreachable.FRAGMENTATION_NEEDED) return { ...common, kind: 'unreachable' };
  return { ...common, kind: 'tooBig', mtu: message.mtu === 0 ? null : message.mtu };
}

/** The same for ICMPv6. */
export function icmpErrorOf6(message: Icmpv6Message, from: Address): IcmpError | null {
  if (!('invoking' in message)) return null;
  const quoted = quotedPacket(6, message.invoking);
  if (quoted === null) return null;
  const common = { version: 6, from, code: 'code' in message ? message.code : 0, mtu: null, quoted } as const;
  if (message.type === 'packetTooBig') return { ...common, kind: 'tooBig', mtu: message.mtu };
  if (message.type === 'destinationUnreachable') return { ...common, kind: 'unreachable' };
  return { ...common, kind: message.type };
}

/** The node's own word (engine/node reports to the host above as the far end): the packet never left. */
export function isLocal(error: IcmpError): boolean {
  const isAboutHosts = error.kind === 'unreachable' && error.code === (error.version === 4 ? 1 : 3);
  return (isAboutHosts || error.kind === 'tooBig') && addressesEqual(error.from, error.quoted.destination);
}

/** In the words of iputils' ping. */
export function describeIcmpError({ version, kind, code, mtu }: IcmpError): string {
  switch (kind) {
    case 'tooBig':
      return version === 4 ? `Frag needed and DF set (mtu = ${mtu ?? 0})` : `Packet too big: mtu=${mtu ?? 0}`;
    case 'timeExceeded':
      if (version === 4) return code === 0 ? 'Time to live exceeded' : 'Frag reassembly time exceeded';
      return code === 0 ? 'Time exceeded: Hop limit' : 'Time exceeded: Defragmentation failure';
    case 'parameterProblem':
      return 'Parameter problem';
    case 'unreachable':
      return version === 4
        ? (UNREACHABLE_4[code] ?? `Dest Unreachable, Bad Code: ${code}`)
        : `Destination unreachable: ${UNREACHABLE_6[code] ?? `Unknown code ${code}`}`;
  }
}

const UNREACHABLE_4: Readonly<Record<number, string>> = {
  0: 'Destination Net Unreachable',
  1: 'Destination Host Unreachable',
  2: 'Destination Protocol Unreachable',
  3: 'Destination Port Unreachable',
  5: 'Source Route Failed',
  9: 'Destination Net Prohibited',
  10: 'Destination Host Prohibited',
  13: 'Packet filtered',
};

const UNREACHABLE_6: Readonly<Record<number, string>> = {
  0: 'No route',
  1: 'Administratively prohibited',
  2: 'Beyond scope of source address',
  3: 'Address unreachable',
  4: 'Port unreachable',
};

function quotedPacket(version: 4 | 6, octets: Uint8Array): QuotedPacket | null {
  try {
    const quoted = version === 4 ? quoted4(octets) : quoted6(octets);
    return quoted.upper.length < 8 ? null : quoted;
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

function quoted4(octets: Uint8Array): QuotedPacket {
  const { source, destination, protocol, payload } = decodeIpv4Quoted(octets);
  return { source, destination, protocol, upper: payload };
}

function quoted6(octets: Uint8Array): QuotedPacket {
  const packet = decodeIpv6Quoted(octets);
  const { upperProtocol, upper } = walkExtensions(packet);
  return { source: packet.source, destination: packet.destination, protocol: upperProtocol, upper };
}
