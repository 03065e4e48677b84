import { type Address, addressVersion, parseAddress, parseMac } from '../wire/address.ts';
import { octetsEqual } from '../wire/octets.ts';
import { parsePrefix } from '../wire/prefix.ts';
import type { Instant } from '../wire/instant.ts';
import type { InterfaceConfig, TunnelConfig } from './config.ts';

export type NodeInterface = EthernetInterface | TunnelInterface;

export interface InterfaceAddress {
  readonly address: Address;
  readonly prefixLength: number;
  /** `assigned`: by a peer, RFC 7296 §3.15. */
  readonly origin: 'configured' | 'linkLocal' | 'autoconfigured' | 'assigned';
  /** The far end's own, on a tunnel; null: nobody says. */
  readonly peer?: Address | null;
  /** Until then another node's claim is believed, RFC 4862 §5.4. */
  tentativeUntil: Instant;
}

/** A port of the node. Mutable: the node's own state. */
export interface EthernetInterface {
  readonly kind: 'ethernet';
  readonly name: string;
  readonly mac: Uint8Array;
  /** Octets of IP packet. */
  readonly mtu: number;
  /** The same for IPv6: lowered by a router's MTU option, RFC 4861 §6.3.4. */
  mtu6: number;
  /** Hop Limit of packets that this node originates; routers advertise it. */
  hopLimit: number;
  up: boolean;
  addresses: InterfaceAddress[];
  readonly linkLocal: Address;
  readonly autoconfigure: boolean;
  readonly advertise: boolean;
  readonly counters: Counters;
}

/** A point-to-point IP-in-IP tunnel, RFC 2003 and RFC 2473. */
export interface TunnelInterface {
  readonly kind: 'tunnel';
  readonly name: string;
  readonly local: Address;
  readonly remote: Address;
  /** Octets of inner packet; null: from the outer path MTU. */
  readonly configuredMtu: number | null;
  readonly up: true;
  addresses: InterfaceAddress[];
  readonly linkLocal: Address;
  autoconfigure: boolean;
  readonly advertise: boolean;
  /** What the far end forms for itself, by the same rule. */
  readonly remoteLinkLocal: Address;
  readonly counters: Counters;
}

export interface Counters {
  receivedPackets: number;
  receivedOctets: number;
  sentPackets: number;
  sentOctets: number;
}

const LINK_LOCAL_LENGTH = 64;
const DEFAULT_HOP_LIMIT = 64;

export function ethernetInterface(config: InterfaceConfig): EthernetInterface {
  const mac = parseMac(config.mac);
  if (mac === null) throw new Error(`interface ${config.name}: MAC address ${config.mac}`);
  const linkLocal = linkLocalOf(interfaceIdentifier(mac));
  return {
    kind: 'ethernet',
    name: config.name,
    mac,
    mtu: config.mtu,
    mtu6: config.mtu,
    hopLimit: DEFAULT_HOP_LIMIT,
    up: true,
    addresses: [...addressesOf(config.name, config.addresses), linkLocalEntry(linkLocal)],
    linkLocal,
    autoconfigure: config.autoconfigure,
    advertise: config.advertise,
    counters: noCounters(),
  };
}

export function tunnelInterface(config: TunnelConfig): TunnelInterface {
  const [local, remote] = [parseAddress(config.local), parseAddress(config.remote)];
  if (local === null || remote === null || local.length !== remote.length) {
    throw new Error(`tunnel ${config.name}: from ${config.local} to ${config.remote}`);
  }
  const linkLocal = linkLocalOf(tunnelIdentifier(local, remote));
  return {
    kind: 'tunnel',
    name: config.name,
    local,
    remote,
    configuredMtu: config.mtu,
    up: true,
    addresses: [
      ...addressesOf(config.name, config.addresses),
      ...((config.linkLocal ?? true) ? [linkLocalEntry(linkLocal)] : []),
    ],
    linkLocal,
    autoconfigure: config.autoconfigure ?? false,
    advertise: config.advertise ?? false,
    remoteLinkLocal: linkLocalOf(tunnelIdentifier(remote, local)),
    counters: noCounters(),
  };
}

/** The modified EUI-64 of a MAC address, RFC 4291 appendix A. */
function interfaceIdentifier(mac: Uint8Array): Uint8Array {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac;
  return Uint8Array.of(a ^ 2, b, c, 0xff, 0xfe, d, e, f);
}

/** The address with this interface identifier (8 octets) in a /64. */
export function withIdentifier(prefix: Address, identifier: Uint8Array): Address {
  const address = new Uint8Array(16);
  address.set(prefix.subarray(0, 8));
  address.set(identifier, 8);
  return address;
}

/**
 * The IPv4 address in the low half, RFC 4213 §3.7; of IPv6 the interface identifier that it has already, mixed with the
 * prefix where both ends have the same one.
 */
function tunnelIdentifier(end: Address, other: Address): Uint8Array {
  if (addressVersion(end) === 4) {
    const identifier = new Uint8Array(8);
    identifier.set(end, 4);
    return identifier;
  }
  const [prefix, identifier] = [end.subarray(0, 8), end.subarray(8)];
  if (!octetsEqual(identifier, other.subarray(8))) return identifier;
  return identifier.map((octet, i) => octet ^ (prefix[i] ?? 0));
}

function linkLocalOf(identifier: Uint8Array): Address {
  return withIdentifier(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0), identifier);
}

/** The address that an interface forms by itself. */
export function linkLocalEntry(address: Address): InterfaceAddress {
  return { address, prefixLength: LINK_LOCAL_LENGTH, origin: 'linkLocal', tentativeUntil: 0 };
}

function addressesOf(name: string, texts: readonly string[]): InterfaceAddress[] {
  return texts.map(text => {
    const prefix = parsePrefix(text);
    if (prefix === null) throw new Error(`interface ${name}: address ${text}`);
    return { address: prefix.address, prefixLength: prefix.length, origin: 'configured', tentativeUntil: 0 };
  });
}

function noCounters(): Counters {
  return { receivedPackets: 0, receivedOctets: 0, sentPackets: 0, sentOctets: 0 };
}
