import { type Address, addressesEqual, formatAddress } from '../wire/address.ts';
import { decodeIcmpv4, Icmpv4Unreachable } from '../wire/icmpv4.ts';
import { decodeIcmpv6 } from '../wire/icmpv6.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { u16At, u32At, u8At } from '../wire/octets.ts';
import { UDP_HEADER_OCTETS } from '../wire/udp.ts';
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
 * ICMP errors about ESP, AH and IP-in-IP that this node has sent: true for them, and they go no further. Nothing in them was
 * authenticated (RFC 4301 §6.1.1 and §8.2.1): of what they say only the path MTU is used, never one below the minimum, and only
 * when they quote a packet that an SA has sent not long ago, or there is such a tunnel. The next inner packet that is too long
 * is answered with what is left of it.
 */
export function learnFromProtected(core: Core, packet: Packet): boolean {
  const error = readError(core, packet);
  if (error === null || !isOuter(core, error.invoking)) return false;
  const { invoking, mtu } = error;
  if (isInClear(invoking) ? !isTunnel(core, invoking) : !isOfSa(core, invoking)) {
    const about = `from ${formatAddress(packet.source)} about ${formatAddress(invoking.destination)}`;
    drop(core, 'unknownSpi', () => `ICMP error ${about}: no SA has sent that`);
  } else if (mtu !== null) {
    core.outerPathMtus.learn(invoking.destination, mtu, invoking.totalOctets, core.now);
  }
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

/** Whether only this node's own tunnels and SAs send such packets; ESP in UDP is told by the ports. */
function isOuter(core: Core, invoking: Invoking): boolean {
  const { protocol, upper } = invoking;
  if (protocol === IpProtocol.ESP || protocol === IpProtocol.AH || isInClear(invoking)) return true;
  if (protocol !== IpProtocol.UDP || upper.length < UDP_HEADER_OCTETS + 4) return false;
  return core.upkeep.takesUdp(u16At(upper, 0)) && u32At(upper, UDP_HEADER_OCTETS) !== 0;
}

function isInClear({ protocol }: Invoking): boolean {
  return protocol === IpProtocol.IPV4 || protocol === IpProtocol.IPV6;
}

/** How far behind the last sequence number a packet may be that somebody complains about only now. */
const LATE_PACKETS = 2 ** 16;

/** Whether an SA has sent the packet, as far as it is quoted: its SPI, its ends, and a sequence number of late. */
function isOfSa(core: Core, { protocol, upper, source, destination }: Invoking): boolean {
  const isAh = protocol === IpProtocol.AH;
  const at = isAh ? 4 : protocol === IpProtocol.UDP ? UDP_HEADER_OCTETS : 0;
  if (upper.length < at + 8) return false;
  const sa = core.sad.sentBy(u32At(upper, at), destination, isAh ? 'ah' : 'esp');
  if (sa === null || !addressesEqual(sa.source, source)) return false;
  const behind = (Number(sa.sequence & 0xffff_ffffn) - u32At(upper, at + 4)) >>> 0;
  return sa.sequence > 0n && behind < LATE_PACKETS && BigInt(behind) < sa.sequence;
}

function isTunnel(core: Core, { source, destination }: Invoking): boolean {
  const isEnd = (tunnel: TunnelInterface) =>
    addressesEqual(tunnel.local, source) && addressesEqual(tunnel.remote, destination);
  return core.tunnels.some(tunnel => isEnd(tunnel) && core.policies.mayBypass(tunnel.name));
}
