import { IpProtocol } from '../wire/ip-protocol.ts';
import { fragmentIpv4 } from '../wire/ipv4.ts';
import { fragmentIpv6 } from '../wire/ipv6-extension.ts';
import { u8At } from '../wire/octets.ts';
import { finishPacket, type Offload } from '../wire/offload.ts';
import { WireError } from '../wire/wire-error.ts';
import { type Core, drop, nextIdentification, type Origin } from './core.ts';
import { isFragment, type Packet } from './packet.ts';
import { refuse } from './report.ts';

/** What leaves for one packet: itself, the packets of a superframe, or fragments. */
export interface Piece {
  readonly octets: Uint8Array;
  readonly offload: Offload | null;
}

/** The packets that a wire would carry for a superframe, checksums finished; null after dropping what contradicts itself. */
export function finished(core: Core, packet: Packet): Uint8Array[] | null {
  if (packet.offload === null) return [packet.octets];
  try {
    return finishPacket(packet.octets, packet.offload);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    drop(core, 'malformed', () => error.message);
    return null;
  }
}

/** Octets of the largest IP packet that this one becomes on a wire. */
export function wireOctets(packet: Packet): number {
  const segments = packet.offload?.segments;
  if (segments === null || segments === undefined) return packet.octets.length;
  const isTcp = packet.protocol === IpProtocol.TCP && packet.upperOffset + 12 < packet.octets.length;
  const transport = isTcp ? (u8At(packet.octets, packet.upperOffset + 12) >> 4) * 4 : 8;
  return Math.min(packet.octets.length, packet.upperOffset + transport + segments.sizeOctets);
}

/**
 * The packet as pieces of at most `mtu` octets. A superframe passes whole when its packets fit. IPv4 without Don't Fragment
 * is fragmented, RFC 1812 §4.2.2.7, and so is IPv6 that the node itself made; for the rest the sender is told the MTU and
 * the answer is null.
 */
export function fit(core: Core, packet: Packet, mtu: number, origin: Origin): Piece[] | null {
  if (wireOctets(packet) <= mtu) return [packet];
  const mayFragment = packet.version === 4 ? !packet.dontFragment : origin === 'node' && !isFragment(packet);
  if (!mayFragment) {
    refuseTooBig(core, packet, mtu, origin);
    return null;
  }
  const packets = finished(core, packet);
  return packets === null ? null : packets.flatMap(octets => fragments(core, octets, packet.version, mtu));
}

export function refuseTooBig(core: Core, packet: Packet, mtu: number, origin: Origin): void {
  const detail = `${wireOctets(packet)} octets where ${mtu} fit`;
  refuse(core, packet, origin, 'packetTooBig', detail, { kind: 'packetTooBig', mtu });
}

/** Fragments of one finished packet; none, counted as a drop, where its headers alone are too long. */
function fragments(core: Core, octets: Uint8Array, version: 4 | 6, mtu: number): Piece[] {
  if (octets.length <= mtu) return [{ octets, offload: null }];
  try {
    const cut = version === 4 ? fragmentIpv4(octets, mtu) : fragmentIpv6(octets, mtu, nextIdentification(core));
    return cut.map(piece => ({ octets: piece, offload: null }));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    drop(core, 'packetTooBig', () => error.message);
    return [];
  }
}
