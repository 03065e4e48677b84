import { headerChecksum, internetChecksum, pseudoHeaderSum } from './checksum.ts';
import { ETHERNET_HEADER_OCTETS, EtherType } from './ethernet.ts';
import { IpProtocol } from './ip-protocol.ts';
import { freshOctets } from './fresh-octets.ts';
import { decodeIpv4Unverified } from './ipv4.ts';
import { decodeIpv6, IPV6_HEADER_OCTETS } from './ipv6.ts';
import { walkExtensions } from './ipv6-extension.ts';
import { setU16, setU32, u16At, u32At, u8At } from './octets.ts';
import { TcpFlag } from './tcp.ts';
import { WireError } from './wire-error.ts';

/**
 * What a kernel leaves to be finished when it hands over a frame: a transport checksum that holds only the pseudo-header
 * sum, and a superframe that stands for many packets (virtio_net_hdr, linux/virtio_net.h). Offsets count octets from the
 * first octet of the Ethernet frame (of the IP packet where there is no Ethernet header).
 */
export interface Offload {
  /** Where the unfinished checksum's coverage begins and where its field stands in it; null when it is finished. */
  readonly checksum: { readonly start: number; readonly offset: number } | null;
  /** Set when the frame is a superframe: each packet cut from it carries `sizeOctets` of transport payload (the last may be shorter). */
  readonly segments: { readonly kind: 'tcp4' | 'tcp6' | 'udp'; readonly sizeOctets: number } | null;
}

/**
 * What a wire would carry for an Ethernet frame (802.1Q tags allowed) and its offload: one frame with its checksum done, or
 * the packets that a superframe stands for (views of one array). `octets` is never changed; it is returned itself when
 * nothing is left to do.
 * Throws `WireError` when offload and octets contradict each other.
 */
export function finishFrame(octets: Uint8Array, offload: Offload | null): Uint8Array[] {
  return finish(octets, offload, () => networkOffset(octets));
}

/** The same for an IP packet without Ethernet header, as TUN devices carry them. */
export function finishPacket(octets: Uint8Array, offload: Offload | null): Uint8Array[] {
  return finish(octets, offload, () => 0);
}

function finish(octets: Uint8Array, offload: Offload | null, findIp: () => number): Uint8Array[] {
  if (offload === null) return [octets];
  if (offload.segments !== null) return segment(octets, findIp(), offload.segments);
  if (offload.checksum !== null) return [finishChecksum(octets, offload.checksum.start, offload.checksum.offset)];
  return [octets];
}

/** The field holds the pseudo-header sum, which therefore takes part in the sum over everything. */
function finishChecksum(octets: Uint8Array, start: number, offset: number): Uint8Array {
  if (start + offset + 2 > octets.length) throw new WireError('offload checksum', start + offset, 'past the end');
  const finished = new Uint8Array(octets); // not slice(): that of a Buffer shares its memory
  // In UDP a 0 would mean "none"; in TCP it is as good as all ones. Kernels do the same.
  setU16(finished, start + offset, internetChecksum(octets.subarray(start)) || 0xffff);
  return finished;
}

/** Octets before the IP header. */
function networkOffset(octets: Uint8Array): number {
  let at = ETHERNET_HEADER_OCTETS;
  while (octets.length >= at && u16At(octets, at - 2) === EtherType.VLAN) at += 4;
  if (octets.length < at) throw new WireError('Ethernet header', octets.length, 'cut short');
  return at;
}

/** Far above what 1366 packets (the most of a sane segment size) come to: long headers and tiny segments must not take all memory. */
const BLOCK_MAX_OCTETS = 1 << 22;

/** Where the headers of a superframe stand. */
interface Layout {
  readonly ip: number;
  readonly version: 4 | 6;
  readonly transport: number;
  readonly payload: number;
  readonly end: number;
  readonly protocol: number;
  /** Of addresses and protocol, without the length. */
  readonly pseudoHeader: number;
}

function segment(octets: Uint8Array, ip: number, segments: NonNullable<Offload['segments']>): Uint8Array[] {
  const layout = layoutOf(octets, ip, segments.kind);
  const size = segments.sizeOctets;
  if (size < 1) throw new WireError('offload segment size', 0, `${size}`);
  const count = Math.max(1, Math.ceil((layout.end - layout.payload) / size));
  const total = count * layout.payload + layout.end - layout.payload;
  if (total > BLOCK_MAX_OCTETS) throw new WireError('offload segment size', 0, `${size}, which makes ${total} octets`);
  // One array for all: 45 small ones take longer than all else that is done here.
  const block = freshOctets(total);
  const packets: Uint8Array[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    const from = layout.payload + index * size;
    const to = Math.min(from + size, layout.end);
    const cut = block.subarray(at, at + layout.payload + to - from);
    at += cut.length;
    cut.set(octets.subarray(0, layout.payload));
    cut.set(octets.subarray(from, to), layout.payload);
    adapt(cut, layout, size, index, count);
    packets.push(cut);
  }
  return packets;
}

function layoutOf(octets: Uint8Array, ip: number, kind: 'tcp4' | 'tcp6' | 'udp'): Layout {
  const packet = octets.subarray(ip);
  const version = packet.length > 0 && u8At(packet, 0) >> 4 === 6 ? 6 : 4;
  if (kind !== 'udp' && kind !== `tcp${version}`) {
    throw new WireError('offload segment kind', ip, `${kind} over IPv${version}`);
  }
  const { source, destination, protocol, upper } = version === 4 ? upper4(packet) : upper6(packet);
  if (protocol !== (kind === 'udp' ? IpProtocol.UDP : IpProtocol.TCP)) {
    throw new WireError('offload segment kind', ip, `${kind} with protocol ${protocol}`);
  }
  const transport = upper.byteOffset - octets.byteOffset;
  const headerLength = kind === 'udp' ? 8 : upper.length < 20 ? 20 : (u8At(upper, 12) >> 4) * 4;
  if (headerLength > upper.length || (kind !== 'udp' && headerLength < 20)) {
    throw new WireError('offload transport header', transport, `${headerLength} octets, present ${upper.length}`);
  }
  const pseudoHeader = pseudoHeaderSum(source, destination, protocol, 0);
  return {
    ip,
    version,
    transport,
    payload: transport + headerLength,
    end: transport + upper.length,
    protocol,
    pseudoHeader,
  };
}

function upper4(octets: Uint8Array) {
  const packet = decodeIpv4Unverified(octets);
  if (packet.moreFragments || packet.fragmentOffset > 0)
    throw new WireError('offload', 6, 'a superframe is no fragment');
  return { ...packet, upper: packet.payload };
}

function upper6(octets: Uint8Array) {
  const packet = decodeIpv6(octets);
  const chain = walkExtensions(packet);
  if (chain.fragment !== null) throw new WireError('offload', IPV6_HEADER_OCTETS, 'a superframe is no fragment');
  return { ...packet, protocol: chain.upperProtocol, upper: chain.upper };
}

/** Counts on, in packet `index` of `count`, what the superframe's headers say. */
function adapt(cut: Uint8Array, layout: Layout, size: number, index: number, count: number): void {
  const { ip, transport } = layout;
  if (layout.version === 4) {
    setU16(cut, ip + 2, cut.length - ip);
    setU16(cut, ip + 4, u16At(cut, ip + 4) + index);
    setU16(cut, ip + 10, 0);
    setU16(cut, ip + 10, headerChecksum(cut, ip, ip + (u8At(cut, ip) & 15) * 4));
  } else {
    setU16(cut, ip + 4, cut.length - ip - IPV6_HEADER_OCTETS);
  }
  const isTcp = layout.protocol === IpProtocol.TCP;
  if (isTcp) adaptTcp(cut, transport, index * size, index === 0, index === count - 1);
  else setU16(cut, transport + 4, cut.length - transport);
  const field = transport + (isTcp ? 16 : 6);
  setU16(cut, field, 0);
  const pseudoHeader = layout.pseudoHeader + cut.length - transport;
  setU16(cut, field, internetChecksum(cut.subarray(transport), pseudoHeader) || 0xffff);
}

/** CWR belongs to the first packet alone (RFC 3168 §6.1.2), FIN and PSH to the last. */
function adaptTcp(cut: Uint8Array, transport: number, octetsBefore: number, isFirst: boolean, isLast: boolean): void {
  setU32(cut, transport + 4, u32At(cut, transport + 4) + octetsBefore);
  let flags = u8At(cut, transport + 13);
  if (!isFirst) flags &= ~TcpFlag.CWR;
  if (!isLast) flags &= ~(TcpFlag.FIN | TcpFlag.PSH);
  cut[transport + 13] = flags;
}
