import { IpProtocol } from '../wire/ip-protocol.ts';
import type { Instant } from '../wire/instant.ts';
import { u16At } from '../wire/octets.ts';
import { TcpFlag } from '../wire/tcp.ts';
import type { CompiledRule } from './compiled-rule.ts';
import type { PacketView } from './packet-view.ts';
import type { TcpPhase, TcpTrack } from './tcp-track.ts';

/** Where and when a packet is looked at. */
export interface Sighting {
  readonly direction: 'in' | 'out';
  readonly interfaceName: string;
  readonly now: Instant;
}

/** ipf(5): an idle connection is kept for five days, everything that is not open for minutes or less. */
const TCP_SECONDS: Readonly<Record<TcpPhase, number>> = { opening: 60, open: 432_000, closing: 240, closed: 30 };
const UDP_SECONDS = { forward: 120, reply: 12 };
const ICMP_SECONDS = { forward: 60, reply: 6 };
const OTHER_SECONDS = 60;

/** Requests and their replies: what an ICMP flow consists of. */
const REPLIES_V4: ReadonlyMap<number, number> = new Map([
  [8, 0],
  [13, 14],
  [15, 16],
  [17, 18],
]);
const REPLIES_V6: ReadonlyMap<number, number> = new Map([[128, 129]]);

/** A tracked flow. */
export interface StateEntry {
  readonly hash: number;
  readonly rule: CompiledRule;
  readonly version: 4 | 6;
  readonly protocol: number;
  /** Of the first packet: source words, then destination words. */
  readonly addresses: Uint32Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** ICMP: the type of the requests. */
  readonly request: number;
  readonly tcp: TcpTrack | null;
  /** Where its packets come in and go out; null: not seen yet. Replies go the other way round. */
  arrival: string | null;
  exit: string | null;
  isReplied: boolean;
  expiresAt: Instant;
  /** Others with the same hash. */
  next: StateEntry | null;
  queue: Queue | null;
  older: StateEntry | null;
  newer: StateEntry | null;
}

/** Entries that were touched with the same timeout: the oldest one expires first. */
export interface Queue {
  readonly seconds: number;
  readonly isReplied: boolean;
  oldest: StateEntry | null;
  newest: StateEntry | null;
}

export function kindOf({ protocol, icmpType }: PacketView): 'tcp' | 'udp' | 'icmp' | 'other' {
  if (protocol === IpProtocol.TCP) return 'tcp';
  if (protocol === IpProtocol.UDP) return 'udp';
  return icmpType >= 0 ? 'icmp' : 'other';
}

/** Whether it can begin a flow: not a later fragment, nor what is cut short or malformed, nor a TCP reset. */
export function isTrackable(packet: PacketView): boolean {
  if (packet.fragmentOffset > 0 || packet.isShort || packet.isBad) return false;
  return packet.protocol !== IpProtocol.TCP || (packet.tcpFlags & TcpFlag.RST) === 0;
}

/** By the ICMP types that ask, those that answer. */
export function repliesOf(version: 4 | 6): ReadonlyMap<number, number> {
  return version === 4 ? REPLIES_V4 : REPLIES_V6;
}

/** ICMP has its Identifier in the place of ports. */
export function sourceOf(packet: PacketView): number {
  return packet.icmpType < 0 ? packet.sourcePort : u16At(packet.octets, packet.upper + 4);
}

export function destinationOf(packet: PacketView): number {
  return packet.icmpType < 0 ? packet.destinationPort : u16At(packet.octets, packet.upper + 4);
}

/** In one direction or the other. */
export function isOfFlow(entry: StateEntry, packet: PacketView): boolean {
  if (entry.protocol !== packet.protocol || entry.version !== packet.version) return false;
  if (packet.fragmentOffset > 0) return false;
  if (packet.icmpType < 0) return isForwardOf(entry, packet) || isBackwardOf(entry, packet);
  if (packet.icmpType === entry.request) return isForwardOf(entry, packet);
  return packet.icmpType === repliesOf(entry.version).get(entry.request) && isBackwardOf(entry, packet);
}

/** In the direction of the packet that made the entry. */
export function isForwardOf(entry: StateEntry, packet: PacketView): boolean {
  if (packet.icmpType >= 0 && packet.icmpType !== entry.request) return false;
  if (entry.sourcePort !== sourceOf(packet) || entry.destinationPort !== destinationOf(packet)) return false;
  for (let i = 0; i < 8; i++) if (entry.addresses[i] !== packet.addresses[i]) return false;
  return true;
}

function isBackwardOf(entry: StateEntry, packet: PacketView): boolean {
  if (entry.sourcePort !== destinationOf(packet) || entry.destinationPort !== sourceOf(packet)) return false;
  for (let i = 0; i < 8; i++) if (entry.addresses[i] !== packet.addresses[i ^ 4]) return false;
  return true;
}

/**
 * Replies come in where the flow goes out. Only where the node itself sends packets shows which interface that is: what comes in by
 * another way, or before, is for the rules to judge.
 */
export function isOnItsWay(entry: StateEntry, isForward: boolean, { direction, interfaceName }: Sighting): boolean {
  const expected = (direction === 'in') === isForward ? entry.arrival : entry.exit;
  return expected === interfaceName || (expected === null && direction === 'out');
}

/** How long the entry lives after a packet in this direction: by the rule’s `age`, or by what the flow is and how far it got. */
export function secondsOf(entry: StateEntry, isForward: boolean): number {
  const age = entry.rule.rule.keepState?.age ?? null;
  if (age !== null) return isForward ? age.forwardSeconds : age.replySeconds;
  if (entry.tcp !== null) return TCP_SECONDS[entry.tcp.phase];
  if (entry.protocol === IpProtocol.UDP) return isForward ? UDP_SECONDS.forward : UDP_SECONDS.reply;
  if (entry.request >= 0) return isForward ? ICMP_SECONDS.forward : ICMP_SECONDS.reply;
  return OTHER_SECONDS;
}
