import { headerChecksum, internetChecksum, partialSum, pseudoHeaderSum } from './checksum.ts';
import { ETHERNET_HEADER_OCTETS, EtherType } from './ethernet.ts';
import { IpProtocol } from './ip-protocol.ts';
import { IPV4_HEADER_OCTETS } from './ipv4.ts';
import { IPV6_HEADER_OCTETS } from './ipv6.ts';
import { rangesEqual, setU16, u16At, u32At, u8At } from './octets.ts';
import type { Offload } from './offload.ts';
import { TCP_HEADER_OCTETS, TcpFlag } from './tcp.ts';

/** An Ethernet frame and what is left to be finished of it. */
export interface Unsent {
  readonly octets: Uint8Array;
  readonly offload: Offload | null;
}

/**
 * Puts TCP segments that follow each other, in one flow and side by side in the batch, into one superframe, which goes through a kernel
 * at the price of one packet and is acknowledged as one. Only where `finishFrame` cuts exactly the same frames from it again: what an
 * observer of the wire sees does not change, and a wrong checksum stays wrong. Order is kept; all else is passed on as it is.
 */
export function coalesce(frames: readonly Unsent[]): readonly Unsent[] {
  if (frames.length < 2) return frames;
  const out: Unsent[] = [];
  for (let at = 0; at < frames.length; ) {
    const run = runFrom(frames, at);
    const first = frames[at];
    if (first !== undefined) out.push(run.length < 2 ? first : superframe(run));
    at += Math.max(1, run.length);
  }
  return out;
}

/** A TCP segment with data that may stand with others; offsets count from the first octet of the frame. */
interface Segment {
  readonly octets: Uint8Array;
  readonly version: 4 | 6;
  readonly transport: number;
  readonly payload: number;
  /** Octets of data. */
  readonly size: number;
  readonly isPushed: boolean;
}

/** An IPv4 packet's Total Length bounds it, and IPv6 is held to the same. */
const SUPERFRAME_IP_MAX = 65535;

/** The segments that stand side by side from `start` on. */
function runFrom(frames: readonly Unsent[], start: number): readonly Segment[] {
  const first = segmentOf(frames[start]);
  if (first === null) return [];
  const run = [first];
  let [last, octets] = [first, first.octets.length - ETHERNET_HEADER_OCTETS];
  for (let at = start + 1; at < frames.length; at++) {
    // A shorter one, or one that is pushed, is the last of its superframe.
    if (last.size < first.size || last.isPushed) break;
    const next = segmentOf(frames[at]);
    if (next === null || next.size > first.size || octets + next.size > SUPERFRAME_IP_MAX) break;
    if (!follows(first, next, run.length)) break;
    run.push(next);
    [last, octets] = [next, octets + next.size];
  }
  return run;
}

/** null: another protocol, no data, or something that only a packet by itself may have. */
function segmentOf(frame: Unsent | undefined): Segment | null {
  if (frame === undefined || frame.offload !== null) return null;
  const { octets } = frame;
  const ip = ETHERNET_HEADER_OCTETS;
  const version = u16At(octets, 12) === EtherType.IPV4 ? 4 : u16At(octets, 12) === EtherType.IPV6 ? 6 : 0;
  if (version === 0) return null;
  const transport = ip + (version === 4 ? IPV4_HEADER_OCTETS : IPV6_HEADER_OCTETS);
  if (octets.length < transport + TCP_HEADER_OCTETS) return null;
  if (version === 4 ? !isPlainIpv4(octets, ip) : !isPlainIpv6(octets, ip)) return null;
  const payload = transport + (u8At(octets, transport + 12) >> 4) * 4;
  const flags = u8At(octets, transport + 13);
  if (payload < transport + TCP_HEADER_OCTETS || payload >= octets.length) return null;
  if ((flags & ~TcpFlag.PSH) !== TcpFlag.ACK || !hasRightChecksum(octets, version, transport)) return null;
  return { octets, version, transport, payload, size: octets.length - payload, isPushed: (flags & TcpFlag.PSH) !== 0 };
}

/** Without options, whole, not padded, with its checksum right. */
const isPlainIpv4 = (octets: Uint8Array, ip: number): boolean =>
  u8At(octets, ip) === 0x45 &&
  u16At(octets, ip + 2) === octets.length - ip &&
  (u16At(octets, ip + 6) & 0xbfff) === 0 &&
  u8At(octets, ip + 9) === IpProtocol.TCP &&
  headerChecksum(octets, ip, ip + IPV4_HEADER_OCTETS) === 0;

/** Without extension headers, not padded. */
const isPlainIpv6 = (octets: Uint8Array, ip: number): boolean =>
  u8At(octets, ip) >> 4 === 6 &&
  u16At(octets, ip + 4) === octets.length - ip - IPV6_HEADER_OCTETS &&
  u8At(octets, ip + 6) === IpProtocol.TCP;

/** A 0 is not what cutting writes, though it may be right. */
const hasRightChecksum = (octets: Uint8Array, version: 4 | 6, transport: number): boolean =>
  u16At(octets, transport + 16) !== 0 &&
  internetChecksum(octets.subarray(transport), pseudoHeader(octets, version, transport)) === 0;

function pseudoHeader(octets: Uint8Array, version: 4 | 6, transport: number): number {
  const [source, width] = version === 4 ? [ETHERNET_HEADER_OCTETS + 12, 4] : [ETHERNET_HEADER_OCTETS + 8, 16];
  const addresses = octets.subarray(source, source + 2 * width);
  return pseudoHeaderSum(
    addresses.subarray(0, width),
    addresses.subarray(width),
    IpProtocol.TCP,
    octets.length - transport,
  );
}

/** Whether `next` is what counting `count` segments on from `first` gives; its size is another's to judge. */
function follows(first: Segment, next: Segment, count: number): boolean {
  const { octets: a, transport, payload } = first;
  const { octets: b } = next;
  const ip = ETHERNET_HEADER_OCTETS;
  if (next.version !== first.version || next.payload !== payload) return false;
  if (u32At(b, transport + 4) !== (u32At(a, transport + 4) + count * first.size) >>> 0) return false;
  if (first.version === 4 && u16At(b, ip + 4) !== ((u16At(a, ip + 4) + count) & 0xffff)) return false;
  const [length, afterLength] = first.version === 4 ? [ip + 2, ip + 6] : [ip + 4, ip + 6];
  const same = (from: number, to: number): boolean => rangesEqual(a, b, from, to);
  return (
    same(0, length) &&
    (first.version === 4
      ? same(afterLength, ip + 10) && same(ip + 12, transport + 4)
      : same(afterLength, transport + 4)) &&
    same(transport + 8, transport + 13) &&
    same(transport + 14, transport + 16) &&
    same(transport + 18, payload)
  );
}

/** One frame for all of them, as a kernel hands over its own: its checksum field holds the sum of the pseudo-header. */
function superframe(run: readonly Segment[]): Unsent {
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) throw new Error('a superframe of nothing');
  const { version, transport, payload, size } = first;
  const ip = ETHERNET_HEADER_OCTETS;
  const octets = new Uint8Array(payload + (run.length - 1) * size + last.size);
  octets.set(first.octets.subarray(0, payload));
  for (const [index, segment] of run.entries()) octets.set(segment.octets.subarray(payload), payload + index * size);
  if (version === 4) {
    setU16(octets, ip + 2, octets.length - ip);
    setU16(octets, ip + 10, 0);
    setU16(octets, ip + 10, headerChecksum(octets, ip, transport));
  } else {
    setU16(octets, ip + 4, octets.length - ip - IPV6_HEADER_OCTETS);
  }
  octets[transport + 13] = u8At(last.octets, transport + 13);
  setU16(octets, transport + 16, partialSum(NOTHING, pseudoHeader(octets, version, transport)));
  const kind = version === 4 ? 'tcp4' : 'tcp6';
  return { octets, offload: { checksum: { start: transport, offset: 16 }, segments: { kind, sizeOctets: size } } };
}

const NOTHING = new Uint8Array(0);
