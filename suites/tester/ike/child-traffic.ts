import { IpProtocol } from '../../../engine/wire/ip-protocol.ts';
import { type Bench, FAR, HOST, type Seen } from '../bench.ts';
import { type EspOpened, openEsp, sealEsp } from '../esp.ts';
import { outbound, type OutboundTraits, refused } from '../esp-on-bench.ts';
import { filler, holds, packet, udp } from '../ip.ts';
import { judge, Unsupported } from '../judgement.ts';
import type { TesterSa } from '../sa.ts';
import { datagram } from '../udp-on-bench.ts';
import { NAT_T_PORT } from './ike-on-bench.ts';
import type { TesterChild } from './initiate.ts';

/** Packets by Child SAs that were negotiated: the tester's own ESP, under keys that it has made itself. */

/** Whoever sends and receives them, by whichever version of IKE. */
export interface TrafficPeer {
  readonly bench: Bench;
  readonly traits: { readonly address: string };
  /** Of both ends: 4500 where ESP goes in UDP. */
  readonly port: number;
  /** What a NAT before the peer makes of its own port; null: there is none, or it keeps it. */
  readonly natPort: number | null;
}

export interface ChildPacket {
  /** In its SA. */
  readonly sequence: number;
  /** Of the datagram inside, which goes from the host behind the peer to the one behind alice unless it is told. */
  readonly text: string;
  readonly source?: string;
  readonly destination?: string;
  /** Ports. */
  readonly from?: number;
  readonly to?: number;
  /** A whole IP packet instead of that datagram, which has the text in it. */
  readonly inside?: Uint8Array;
  /** Of the outer header, and the ECN field of the inner one. */
  readonly outerEcn?: number;
  readonly ecn?: number;
  /** Done to the ESP packet after it was sealed. */
  readonly spoil?: (esp: Uint8Array) => void;
  /** Whether ESP is in UDP: as the peer has it, unless it is told. */
  readonly isInUdp?: boolean;
  /** Of the UDP header, where there is one. */
  readonly fromPort?: number;
}

/** Such a packet of the peer's as it crosses the wire. Unsupported where the subject cannot take it. */
export function sealedBy(peer: TrafficPeer, { inbound: sa }: TesterChild, order: ChildPacket): Uint8Array {
  needEsp(peer.bench);
  const { sequence, text, from, to, inside, ecn, outerEcn, spoil } = order;
  const { source = FAR[4], destination = HOST[4] } = order;
  const ports = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const payload = inside ?? udp({ source, destination, ...ports, ecn: ecn ?? 0, payload: filler(text) });
  const nextHeader = (payload[0] ?? 0) >> 4 === 4 ? IpProtocol.IPV4 : IpProtocol.IPV6;
  const esp = sealEsp({ keys: sa, sequence, nextHeader, payload });
  spoil?.(esp);
  const ends = { source: peer.traits.address, destination: sa.destination };
  const isInUdp = order.isInUdp ?? peer.port === NAT_T_PORT;
  if (isInUdp) return datagram({ ...ends, from: order.fromPort ?? peer.natPort ?? NAT_T_PORT, payload: esp });
  needNativeEsp(peer.bench);
  return packet({ ...ends, protocol: IpProtocol.ESP, ecn: outerEcn ?? 0, payload: esp });
}

/** Unsupported where the subject carries no packets. */
export function needEsp({ subject }: Bench): void {
  if (subject.esp === 'none') throw new Unsupported(`${subject.name} has no ESP on this machine`);
}

/** Unsupported where the subject has ESP in UDP alone: it claims a NAT in order to have that. */
export function needNativeEsp({ subject }: Bench): void {
  if (subject.esp === 'in UDP') throw new Unsupported(`${subject.name} has ESP in UDP only, and claims a NAT for that`);
}

/** Sends such packets, all at once. */
export async function sendBy(peer: TrafficPeer, child: TesterChild, ...orders: readonly ChildPacket[]): Promise<void> {
  await peer.bench.fromOutside(orders.map(order => sealedBy(peer, child, order)));
}

/** ESP of alice's under the SA that the peer receives by. */
export interface EspToPeer extends Seen {
  /** null: it does not verify under the keys that the peer has. */
  readonly opened: EspOpened | null;
  /** UDP ports; null: it is in no UDP. */
  readonly ports: { readonly from: number; readonly to: number } | null;
}

/** In order, in UDP or not; under the one SA. */
export function espUnder(bench: Bench, sa: TesterSa): readonly EspToPeer[] {
  needEsp(bench);
  return bench.outside().flatMap((seen): EspToPeer[] => {
    const { protocol, payload } = seen.header;
    const isUdp = protocol === IpProtocol.UDP;
    if (!isUdp && protocol !== IpProtocol.ESP) return [];
    const octets = Buffer.from(payload);
    const esp = isUdp ? octets.subarray(8) : octets;
    if (esp.length < 8 || esp.readUInt32BE(0) !== sa.spi) return [];
    const ports = isUdp ? { from: octets.readUInt16BE(0), to: octets.readUInt16BE(2) } : null;
    return [{ ...seen, opened: openEsp(sa, esp), ports }];
  });
}

/** Those of them that hold the text. */
export function leftUnder(bench: Bench, { outbound: sa }: TesterChild, text: string): readonly EspToPeer[] {
  return espUnder(bench, sa).filter(({ opened }) => opened !== null && holds(opened.payload, text));
}

/** Fails unless a packet of the peer's by this child gets through to the inside. */
export async function judgeArrives(
  peer: TrafficPeer,
  child: TesterChild,
  order: ChildPacket,
  why: string,
): Promise<void> {
  await sendBy(peer, child, order);
  const arrived = peer.bench.arrivals(order.text);
  for (const seen of arrived.slice(0, 1)) peer.bench.cite(seen, 'what the peer has sealed', 'Data');
  judge(arrived.length === 1, why);
}

/** Fails when a packet of the peer's by this child gets through to the inside. */
export async function judgeRefused(
  peer: TrafficPeer,
  child: TesterChild,
  order: ChildPacket,
  why: string,
): Promise<void> {
  await sendBy(peer, child, order);
  refused(peer.bench, order.text, why);
}

/** Fails unless a packet from inside leaves by this child, and can be read by the peer; gives what was seen. */
export async function judgeLeaves(
  peer: TrafficPeer,
  child: TesterChild,
  text: string,
  why: string,
  traits: OutboundTraits = {},
): Promise<EspToPeer> {
  await outbound(peer.bench, [text], traits);
  const [seen] = leftUnder(peer.bench, child, text);
  judge(seen !== undefined, why);
  peer.bench.cite(seen, 'by the Child SA', 'SPI');
  return seen;
}

/** Fails when the text shows outside: it left in the clear. */
export function judgeNotClear(bench: Bench, text: string, why: string): void {
  const seen = bench.outsidePieces().filter(({ ip }) => holds(ip, text));
  for (const it of seen.slice(0, 3)) bench.cite(it, why);
  judge(seen.length === 0, why);
}

/** Fails unless packets pass both ways by this child; `sequence` and the one after are used. */
export async function judgeCarries(
  peer: TrafficPeer,
  child: TesterChild,
  sequence: number,
  says: string,
): Promise<void> {
  const name = `${child.inbound.spi.toString(16)}-${sequence}`;
  await judgeArrives(peer, child, { sequence, text: `INWARD-${name} ` }, `${says}: alice does not take its packets`);
  await judgeLeaves(peer, child, `OUTWARD-${name} `, `${says}: alice does not send by it, or under other keys`);
}
