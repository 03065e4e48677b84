import { decodeIkeHeader, type DecodedIkeHeader } from '../../../engine/wire/ike/header.ts';
import { IpProtocol } from '../../../engine/wire/ip-protocol.ts';
import { decodeUdpEncapsulation } from '../../../engine/wire/udp-encapsulation.ts';
import { encodeUdp } from '../../../engine/wire/udp.ts';
import { withNonEspMarker } from '../../../engine/wire/udp-encapsulation.ts';
import { WireError } from '../../../engine/wire/wire-error.ts';
import { ALICE, type Bench, type Seen } from '../bench.ts';
import { addressOf, packet } from '../ip.ts';

export const IKE_PORT = 500;
export const NAT_T_PORT = 4500;

/** An IKE message of alice's, as it crossed the wire. */
export interface IkeFromAlice extends Seen {
  /** UDP ports. */
  readonly from: number;
  readonly to: number;
  /** Without the non-ESP marker. */
  readonly octets: Uint8Array;
  /** null: it is none. */
  readonly ike: DecodedIkeHeader | null;
}

/** What alice sent to that address on the ports of IKE, in order; to anybody where none is given. */
export function ikeFromAlice(bench: Bench, to: string | null = null): readonly IkeFromAlice[] {
  return bench.outside().flatMap((seen): IkeFromAlice[] => {
    const { protocol, payload, destination } = seen.header;
    if (protocol !== IpProtocol.UDP || payload.length < 8 || (to !== null && destination !== to)) return [];
    const view = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
    const ports = { from: view.readUInt16BE(0), to: view.readUInt16BE(2) };
    const content = payload.subarray(8);
    const octets = Object.values(ports).includes(NAT_T_PORT) ? behindMarker(content) : content;
    if (octets === null || !Object.values(ports).some(port => port === IKE_PORT || port === NAT_T_PORT)) return [];
    return [{ ...seen, ...ports, octets, ike: headerOf(octets) }];
  });
}

function behindMarker(content: Uint8Array): Uint8Array | null {
  const inside = decodeUdpEncapsulation(content);
  return inside.kind === 'ike' ? inside.message : null;
}

function headerOf(octets: Uint8Array): DecodedIkeHeader | null {
  try {
    return decodeIkeHeader(octets);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

/** Where a message comes from and goes to. */
export interface IkePath {
  readonly source: string;
  readonly destination?: string;
  readonly from?: number;
  readonly to?: number;
}

/** A whole IP packet with an IKE message, or with what pretends to be one; with the marker on alice's port 4500. */
export function ikePacket(message: Uint8Array, path: IkePath): Uint8Array {
  const { source, from = IKE_PORT, to = IKE_PORT } = path;
  const destination = path.destination ?? (source.includes(':') ? ALICE[6] : ALICE[4]);
  const payload = to === NAT_T_PORT ? withNonEspMarker(message) : message;
  const datagram = encodeUdp(
    { sourcePort: from, destinationPort: to, payload },
    addressOf(source),
    addressOf(destination),
  );
  return packet({ source, destination, protocol: IpProtocol.UDP, payload: datagram });
}
