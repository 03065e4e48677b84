import { type Address, addressesEqual, formatAddress } from '../wire/address.ts';
import { decodeIcmpv4, Icmpv4Unreachable } from '../wire/icmpv4.ts';
import { decodeIcmpv6 } from '../wire/icmpv6.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { u16At, u32At, u8At } from '../wire/octets.ts';
import { WireError } from '../wire/wire-error.ts';
import { type Core, drop } from './core.ts';
import type { TunnelInterface } from './interfaces.ts';
import type { Packet } from './packet.ts';

/** The start of a packet of ours, as an ICMP error quotes it. Nothing in it was authenticated. */
interface Invoking {
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: number;
  readonly totalOctets: number;
  /** What is left of the upper layer. */
  readonly upper: Uint8Array;
}

/** An ICMP error that says "too big" (`mtu`, 0 from routers that do not tell), or anything else (null). */
interface ReadError {
  readonly mtu: number | null;
  readonly invoking: Invoking;
}

/**
 * ICMP errors about ESP and IP-in-IP that this node has sent: true for them, and they go no further. Of what they say only
 * the path MTU is used, and only when an SA (or tunnel) with these addresses exists, RFC 4301 §8.2.1: the next inner packet
 * that is too long is answered with what is left of it.
 */
export function learnFromProtected(core: Core, packet: Packet): boolean {
  const error = readError(core, packet);
  if (error === null || !isOuter(error.invoking.protocol)) return false;
  const { invoking, mtu } = error;
  const isOurs = invoking.protocol === IpProtocol.ESP ? isOutboundSa(core, invoking) : isTunnel(core, invoking);
  if (!isOurs) drop(core, 'unknownSpi', () => `ICMP error about ${formatAddress(invoking.destination)}: no such SA`);
  else if (mtu !== null) core.outerPathMtus.learn(invoking.destination, mtu, invoking.totalOctets, core.now);
  return true;
}

/** Path MTU Discovery for what the node and its host send in the clear, RFC 1191 and RFC 8201. */
export function learnPathMtu(core: Core, packet: Packet): void {
  const error = readError(core, packet);
  if (error === null || error.mtu === null || !core.addresses.owns(error.invoking.source)) return;
  const { destination, totalOctets } = error.invoking;
  core.pathMtus.learn(destination, error.mtu, totalOctets, core.now);
}

/** null for what cannot be read: whoever delivers it upwards may still want it. */
function readError(core: Core, packet: Packet): ReadError | null {
  if (packet.offload !== null) return null;
  try {
    return packet.version === 4 ? readError4(packet) : readError6(packet);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    drop(core, 'malformed', () => error.message);
    return null;
  }
}

function readError4(packet: Packet): ReadError | null {
  const message = decodeIcmpv4(packet.octets.subarray(packet.upperOffset));
  if (!('invoking' in message)) return null;
  const invoking = readInvoking4(message.invoking);
  const isTooBig = message.type === 'destinationUnreachable' && message.code === Icmpv4Unreachable.FRAGMENTATION_NEEDED;
  return invoking === null ? null : { mtu: isTooBig ? message.mtu : null, invoking };
}

function readError6(packet: Packet): ReadError | null {
  const message = decodeIcmpv6(packet.octets.subarray(packet.upperOffset), packet.source, packet.destination);
  if (!('invoking' in message)) return null;
  const invoking = readInvoking6(message.invoking);
  return invoking === null ? null : { mtu: message.type === 'packetTooBig' ? message.mtu : null, invoking };
}

function readInvoking4(octets: Uint8Array): Invoking | null {
  if (octets.length < 20 || u8At(octets, 0) >> 4 !== 4) return null;
  return {
    source: octets.subarray(12, 16),
    destination: octets.subarray(16, 20),
    protocol: u8At(octets, 9),
    totalOctets: u16At(octets, 2),
    upper: octets.subarray((u8At(octets, 0) & 15) * 4),
  };
}

/** Our own outer packets have no extension headers but a Fragment header. */
function readInvoking6(octets: Uint8Array): Invoking | null {
  if (octets.length < 40 || u8At(octets, 0) >> 4 !== 6) return null;
  const isFragment = u8At(octets, 6) === IpProtocol.FRAGMENT && octets.length >= 48;
  return {
    source: octets.subarray(8, 24),
    destination: octets.subarray(24, 40),
    protocol: u8At(octets, isFragment ? 40 : 6),
    totalOctets: 40 + u16At(octets, 4),
    upper: octets.subarray(isFragment ? 48 : 40),
  };
}

function isOuter(protocol: number): boolean {
  return protocol === IpProtocol.ESP || protocol === IpProtocol.IPV4 || protocol === IpProtocol.IPV6;
}

function isOutboundSa(core: Core, { upper, destination, source }: Invoking): boolean {
  if (upper.length < 4) return false;
  const spi = u32At(upper, 0);
  return core.sad
    .all()
    .some(
      sa =>
        sa.direction === 'outbound' &&
        sa.spi === spi &&
        addressesEqual(sa.destination, destination) &&
        addressesEqual(sa.source, source),
    );
}

function isTunnel(core: Core, { source, destination }: Invoking): boolean {
  const isEnd = (tunnel: TunnelInterface) =>
    addressesEqual(tunnel.local, source) && addressesEqual(tunnel.remote, destination);
  return core.tunnels.some(tunnel => isEnd(tunnel) && core.policies.mayBypass(tunnel.name));
}
