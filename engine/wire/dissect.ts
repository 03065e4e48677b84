import { type Address, formatAddress, formatMac } from './address.ts';
import { decodeAhHeader } from './ah.ts';
import { decodeArp } from './arp.ts';
import { readIke } from './dissect-ike.ts';
import type { ChecksumState, Dissection, Extent, Layer, LayerKind, LayerOf } from './dissection.ts';
import { decodeEspHeader } from './esp.ts';
import { decodeEthernet, EtherType } from './ethernet.ts';
import { decodeIcmpv4Unverified, icmpv4ChecksumIsRight } from './icmpv4.ts';
import { decodeIcmpv6Unverified, icmpv6ChecksumIsRight } from './icmpv6.ts';
import { IpProtocol } from './ip-protocol.ts';
import { decodeIpv4Quoted, ipv4ChecksumIsRight } from './ipv4.ts';
import { decodeIpv6Quoted, IPV6_HEADER_OCTETS, type Ipv6Packet } from './ipv6.ts';
import { type ExtensionChain, walkExtensions } from './ipv6-extension.ts';
import { decodeNd } from './nd.ts';
import { u16At, u8At } from './octets.ts';
import { Reader } from './reader.ts';
import { decodeTcpUnverified, TCP_HEADER_OCTETS, tcpChecksumIsRight } from './tcp.ts';
import { UDP_HEADER_OCTETS, udpChecksumIsRight } from './udp.ts';
import { decodeUdpEncapsulation, IKE_PORT, UDP_ENCAPSULATION_PORT } from './udp-encapsulation.ts';
import { WireError } from './wire-error.ts';

/** Layers in all, quoted ones included: what nests deeper was made to. */
const LAYERS_MAX = 32;

/** Reads an Ethernet frame, layer by layer, as far as it can. Never throws: what is wrong becomes the last layer. */
export function dissect(frame: Uint8Array): Dissection {
  const dissector = new Dissector(frame);
  dissector.attempt(frame, () => dissector.ethernet(frame));
  return { layers: dissector.layers };
}

/** The same for an IP packet without Ethernet header. */
export function dissectPacket(packet: Uint8Array): Dissection {
  const dissector = new Dissector(packet);
  dissector.attempt(packet, () => dissector.ip(packet));
  return { layers: dissector.layers };
}

/** The outermost layer of that kind; not among those that an ICMP error quotes. */
export function findLayer<K extends LayerKind>(dissection: Dissection, kind: K): LayerOf<K> | null {
  return dissection.layers.find((layer): layer is LayerOf<K> => layer.kind === kind) ?? null;
}

/** What the transport layers need from the IP header around them. */
interface IpContext {
  readonly source: Address;
  readonly destination: Address;
  /** Neither fragment nor cut short. */
  readonly isWhole: boolean;
}

class Dissector {
  layers: Layer[] = [];
  readonly #start: number;
  #budget = LAYERS_MAX;

  constructor(octets: Uint8Array) {
    this.#start = octets.byteOffset;
  }

  attempt(octets: Uint8Array, read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.layers.push({ kind: 'malformed', ...this.#extent(octets), field: error.field, why: error.message, octets });
    }
  }

  ethernet(octets: Uint8Array): void {
    const { destination, source, etherType, payload } = decodeEthernet(octets);
    const macs = { destination: formatMac(destination), source: formatMac(source) };
    this.#push({ kind: 'ethernet', ...this.#extent(octets), ...macs, etherType });
    this.attempt(payload, () => this.#byEtherType(etherType, payload));
  }

  ip(octets: Uint8Array): void {
    if (octets.length > 0 && u8At(octets, 0) >> 4 === 6) this.#ipv6(octets);
    else this.#ipv4(octets);
  }

  #byEtherType(etherType: number, octets: Uint8Array): void {
    if (etherType === EtherType.IPV4) this.#ipv4(octets);
    else if (etherType === EtherType.IPV6) this.#ipv6(octets);
    else if (etherType === EtherType.ARP) this.#arp(octets);
    else if (etherType === EtherType.VLAN) this.#vlan(octets);
    else this.#data(null, octets);
  }

  #vlan(octets: Uint8Array): void {
    const tag = new Reader(octets, 'VLAN');
    const control = tag.u16('TCI');
    const etherType = tag.u16('EtherType');
    this.#push({ kind: 'vlan', ...this.#extent(octets), id: control & 0xfff, priority: control >> 13, etherType });
    const payload = tag.rest();
    this.attempt(payload, () => this.#byEtherType(etherType, payload));
  }

  #arp(octets: Uint8Array): void {
    const arp = decodeArp(octets);
    this.#push({
      kind: 'arp',
      ...this.#extent(octets.subarray(0, 28)),
      operation: arp.operation,
      senderMac: formatMac(arp.senderMac),
      senderAddress: formatAddress(arp.senderAddress),
      targetMac: formatMac(arp.targetMac),
      targetAddress: formatAddress(arp.targetAddress),
    });
  }

  #ipv4(octets: Uint8Array): void {
    const packet = decodeIpv4Quoted(octets);
    const { source, destination, payload, protocol } = packet;
    const totalLength = u16At(octets, 2);
    const isFragment = packet.moreFragments || packet.fragmentOffset > 0;
    const isCut = totalLength > octets.length;
    this.#push({
      kind: 'ipv4',
      ...this.#extent(octets.subarray(0, totalLength)),
      source: formatAddress(source),
      destination: formatAddress(destination),
      protocol,
      ttl: packet.ttl,
      dscp: packet.dscpEcn >> 2,
      ecn: packet.dscpEcn & 3,
      identification: packet.identification,
      dontFragment: packet.dontFragment,
      moreFragments: packet.moreFragments,
      fragmentOffset: packet.fragmentOffset,
      totalLength,
      options: packet.options,
      checksum: ipv4ChecksumIsRight(octets) ? 'right' : 'wrong',
      isFragment,
      isCut,
      payload,
    });
    if (packet.fragmentOffset > 0) this.#data(protocol, payload);
    else this.#upper(protocol, payload, { source, destination, isWhole: !isFragment && !isCut });
  }

  #ipv6(octets: Uint8Array): void {
    const packet = decodeIpv6Quoted(octets);
    const { source, destination, payload } = packet;
    const payloadLength = u16At(octets, 4);
    const isCut = payloadLength > payload.length;
    const chain = chainOf(packet);
    const read = chain instanceof WireError ? nothingOf(packet) : chain;
    const isFragment = read.fragment !== null && (read.fragment.offset > 0 || read.fragment.more);
    this.#push({
      kind: 'ipv6',
      ...this.#extent(octets.subarray(0, IPV6_HEADER_OCTETS + payloadLength)),
      source: formatAddress(source),
      destination: formatAddress(destination),
      nextHeader: packet.nextHeader,
      protocol: read.upperProtocol,
      hopLimit: packet.hopLimit,
      dscp: packet.trafficClass >> 2,
      ecn: packet.trafficClass & 3,
      flowLabel: packet.flowLabel,
      payloadLength,
      extensions: read.headers.map(h => ({ type: h.type, octets: h.octets, ...this.#extent(h.octets) })),
      fragment: read.fragment,
      isFragment,
      isCut,
      payload: read.upper,
    });
    const context = { source, destination, isWhole: !isFragment && !isCut };
    if (chain instanceof WireError) this.attempt(payload, () => raise(chain));
    else if (chain.fragment !== null && chain.fragment.offset > 0) this.#data(chain.upperProtocol, chain.upper);
    else this.#upper(chain.upperProtocol, chain.upper, context);
  }

  #upper(protocol: number, octets: Uint8Array, ip: IpContext): void {
    this.attempt(octets, () => {
      if (protocol === IpProtocol.IPV4) this.#ipv4(octets);
      else if (protocol === IpProtocol.IPV6) this.#ipv6(octets);
      else if (protocol === IpProtocol.ICMP && ip.source.length === 4) this.#icmpv4(octets, ip);
      else if (protocol === IpProtocol.ICMPV6 && ip.source.length === 16) this.#icmpv6(octets, ip);
      else if (protocol === IpProtocol.UDP) this.#udp(octets, ip);
      else if (protocol === IpProtocol.TCP) this.#tcp(octets, ip);
      else if (protocol === IpProtocol.ESP) this.#esp(octets, ip);
      else if (protocol === IpProtocol.AH) this.#ah(octets, ip);
      else this.#data(protocol, octets);
    });
  }

  #icmpv4(octets: Uint8Array, ip: IpContext): void {
    const message = decodeIcmpv4Unverified(octets);
    const quoted = 'invoking' in message ? this.#quoted(message.invoking) : [];
    const checksum = checksumState(ip, () => icmpv4ChecksumIsRight(octets));
    const header = { type: u8At(octets, 0), code: u8At(octets, 1) };
    this.#push({ kind: 'icmpv4', ...this.#extent(octets), ...header, checksum, message, quoted });
  }

  #icmpv6(octets: Uint8Array, ip: IpContext): void {
    const message = decodeIcmpv6Unverified(octets);
    const quoted = 'invoking' in message ? this.#quoted(message.invoking) : [];
    const checksum = checksumState(ip, () => icmpv6ChecksumIsRight(octets, ip.source, ip.destination));
    const header = { type: u8At(octets, 0), code: u8At(octets, 1) };
    const neighborDiscovery = message.type === 'unknown' ? decodeNd(message) : null;
    this.#push({ kind: 'icmpv6', ...this.#extent(octets), ...header, checksum, message, neighborDiscovery, quoted });
  }

  #udp(octets: Uint8Array, ip: IpContext): void {
    const header = new Reader(octets, 'UDP');
    const ports = { sourcePort: header.u16('Source Port'), destinationPort: header.u16('Destination Port') };
    const length = header.u16('Length');
    const field = header.u16('Checksum');
    if (length < UDP_HEADER_OCTETS) throw header.error('Length', 4, `${length} is less than 8`);
    if (ip.isWhole && length > octets.length) throw header.error('Length', 4, `${length}, present ${octets.length}`);
    const payload = octets.subarray(UDP_HEADER_OCTETS, length);
    const isRight = () => udpChecksumIsRight(octets, ip.source, ip.destination);
    const isEncapsulation = Object.values(ports).includes(UDP_ENCAPSULATION_PORT);
    const mayBeZero = isEncapsulation || ip.source.length === 4;
    const checksum = field === 0 && mayBeZero ? 'none' : checksumState(ip, isRight);
    this.#push({ kind: 'udp', ...this.#extent(octets.subarray(0, length)), ...ports, length, checksum, payload });
    const ike = Object.values(ports).includes(IKE_PORT) ? readIke(payload) : null;
    if (isEncapsulation) this.#encapsulated(payload, ip);
    else if (ike !== null && ike.header !== null) this.#push({ ...this.#extent(payload), ...ike });
    else this.#data(IpProtocol.UDP, payload);
  }

  #encapsulated(payload: Uint8Array, ip: IpContext): void {
    const content = decodeUdpEncapsulation(payload);
    if (content.kind === 'esp') this.#esp(content.esp, ip);
    else if (content.kind === 'ike') this.#push({ ...this.#extent(content.message), ...readIke(content.message) });
    else if (content.kind === 'keepalive') this.#push({ kind: 'keepalive', ...this.#extent(payload) });
    else this.#data(IpProtocol.UDP, payload);
  }

  #tcp(octets: Uint8Array, ip: IpContext): void {
    const headerLength = octets.length < TCP_HEADER_OCTETS ? TCP_HEADER_OCTETS : (u8At(octets, 12) >> 4) * 4;
    // Quotations and tiny fragments may end within the header, and nothing is wrong with that.
    if (!ip.isWhole && headerLength > octets.length) return this.#data(IpProtocol.TCP, octets);
    const segment = decodeTcpUnverified(octets);
    const checksum = checksumState(ip, () => tcpChecksumIsRight(octets, ip.source, ip.destination));
    this.#push({ kind: 'tcp', ...this.#extent(octets), ...segment, checksum });
  }

  #esp(octets: Uint8Array, ip: IpContext): void {
    const { spi, sequence } = decodeEspHeader(octets);
    this.#push({ kind: 'esp', ...this.#extent(octets), spi, sequence, octets, isWhole: ip.isWhole });
  }

  #ah(octets: Uint8Array, ip: IpContext): void {
    const { spi, sequence, nextHeader, reserved, icv, rest } = decodeAhHeader(octets);
    this.#push({ kind: 'ah', ...this.#extent(octets), spi, sequence, nextHeader, reserved, icv });
    this.#upper(nextHeader, rest, ip);
  }

  #data(protocol: number | null, octets: Uint8Array): void {
    this.#push({ kind: 'data', ...this.#extent(octets), protocol, octets });
  }

  #quoted(octets: Uint8Array): readonly Layer[] {
    const outside = this.layers;
    this.layers = [];
    this.attempt(octets, () => this.ip(octets));
    const quoted = this.layers;
    this.layers = outside;
    return quoted;
  }

  #push(layer: Layer): void {
    if (this.#budget-- === 0) throw new WireError('packet', layer.offset, `more than ${LAYERS_MAX} layers`);
    this.layers.push(layer);
  }

  #extent(octets: Uint8Array): Extent {
    const offset = octets.byteOffset - this.#start;
    return { offset, end: offset + octets.length };
  }
}

function checksumState(ip: IpContext, isRight: () => boolean): ChecksumState {
  if (!ip.isWhole) return 'unknown';
  return isRight() ? 'right' : 'wrong';
}

/** The error as a value: the fixed header is worth showing even when what follows cannot be read. */
function chainOf(packet: Ipv6Packet): ExtensionChain | WireError {
  try {
    return walkExtensions(packet);
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
}

function nothingOf(packet: Ipv6Packet): ExtensionChain {
  return { headers: [], upperProtocol: packet.nextHeader, upper: packet.payload, upperOffset: 0, fragment: null };
}

function raise(error: WireError): never {
  throw error;
}
