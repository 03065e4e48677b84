import { IpProtocol } from '../wire/ip-protocol.ts';
import { decodeIpv4, encodeIpv4 } from '../wire/ipv4.ts';
import { fragmentIpv6, walkExtensions } from '../wire/ipv6-extension.ts';
import { decodeIpv6, encodeIpv6 } from '../wire/ipv6.ts';
import { u16At, u8At } from '../wire/octets.ts';
import { decodeUdp, encodeUdp, UDP_HEADER_OCTETS } from '../wire/udp.ts';
import { decodeUdpEncapsulation, withNonEspMarker } from '../wire/udp-encapsulation.ts';
import { WireError } from '../wire/wire-error.ts';
import type { Address } from '../wire/address.ts';
import type { IkeConfig } from './config.ts';
import type { IkeDatagram } from './daemon.ts';

/** Between a daemon, which knows datagrams, and its node, which knows IP packets. */

/** The UDP ports of a daemon. On `marked` ones its messages are told from ESP by the marker of RFC 3948 §2.2. */
export interface IkePorts {
  readonly plain: readonly number[];
  readonly marked: readonly number[];
}

const PORT = 500;
const NAT_PORT = 4500;
const HOP_LIMIT = 64;
/** What every IPv6 path carries, RFC 8200 §5: who sends no more need not know the path. */
const IPV6_MTU = 1280;
const LARGEST_IPV4_UPPER = 65_515;
const NO_OPTIONS = new Uint8Array(0);

/** Those of its connections, and the usual ones: a peer may try them before it knows better. */
export function ikePorts({ connections }: IkeConfig): IkePorts {
  return {
    plain: [...new Set([PORT, ...connections.map(({ port }) => port)])],
    marked: [...new Set([NAT_PORT, ...connections.map(({ natPort }) => natPort)])],
  };
}

/** Whether a packet that the node has handed up may be for the daemon, by a look at where ports usually are: `datagramFrom` knows. */
export function isForIke(packet: Uint8Array, { plain, marked }: IkePorts): boolean {
  const isV4 = u8At(packet, 0) >> 4 === 4;
  if (packet.length < 28 || (!isV4 && packet.length < 48)) return false;
  const protocol = u8At(packet, isV4 ? 9 : 6);
  if (protocol !== IpProtocol.UDP) return !isV4 && EXTENSIONS.has(protocol);
  const upper = isV4 ? (u8At(packet, 0) & 0x0f) * 4 : 40;
  if (packet.length < upper + UDP_HEADER_OCTETS) return false;
  const port = u16At(packet, upper + 2);
  return plain.includes(port) || marked.includes(port);
}

const EXTENSIONS: ReadonlySet<number> = new Set([IpProtocol.HOPOPT, IpProtocol.ROUTING, IpProtocol.DSTOPTS]);

/**
 * What a packet that the node has handed up carries for the daemon: a whole IP packet, finished. `ignored`: it came to one of the
 * daemon's ports, and nobody else is to see it: a keepalive, ESP without an SA, a datagram that is none. null: it is for others.
 */
export function datagramFrom(packet: Uint8Array, ports: IkePorts): IkeDatagram | 'ignored' | null {
  try {
    const upper = upperOf(packet);
    if (upper === null) return null;
    const { source, destination, octets } = upper;
    const { sourcePort, destinationPort, payload } = decodeUdp(octets, source, destination);
    const isMarked = ports.marked.includes(destinationPort);
    if (!isMarked && !ports.plain.includes(destinationPort)) return null;
    const message = isMarked ? messageIn(payload) : payload;
    if (message === null) return 'ignored';
    // Copies: `slice` of a Buffer is none.
    return {
      local: new Uint8Array(destination),
      localPort: destinationPort,
      remote: new Uint8Array(source),
      remotePort: sourcePort,
      octets: new Uint8Array(message),
    };
  } catch (error) {
    if (error instanceof WireError) return null; // for who counts such packets
    throw error;
  }
}

/**
 * The packets that carry a datagram: one in IPv4, which the node cuts where it must; in IPv6 none is longer than any path allows.
 * None when it is longer than a datagram can be. `identification`: 32 bits, IPv4 takes the low half.
 */
export function packetsAround(datagram: IkeDatagram, ports: IkePorts, identification: number): Uint8Array[] {
  const { local, localPort, remote, remotePort, octets } = datagram;
  const message = ports.marked.includes(localPort) ? withNonEspMarker(octets) : octets;
  if (UDP_HEADER_OCTETS + message.length > LARGEST_IPV4_UPPER) return [];
  const udp = { sourcePort: localPort, destinationPort: remotePort, payload: message };
  const payload = encodeUdp(udp, local, remote);
  return local.length === 4
    ? [packet4(local, remote, payload, identification & 0xffff)]
    : fragmentIpv6(packet6(local, remote, payload), IPV6_MTU, identification >>> 0);
}

function messageIn(payload: Uint8Array): Uint8Array | null {
  const content = decodeUdpEncapsulation(payload);
  return content.kind === 'ike' ? content.message : null;
}

interface Upper {
  readonly source: Address;
  readonly destination: Address;
  readonly octets: Uint8Array;
}

function upperOf(packet: Uint8Array): Upper | null {
  if (u8At(packet, 0) >> 4 === 4) {
    const { source, destination, protocol, payload } = decodeIpv4(packet);
    return protocol === IpProtocol.UDP ? { source, destination, octets: payload } : null;
  }
  const whole = decodeIpv6(packet);
  const { upperProtocol, upper } = walkExtensions(whole);
  const { source, destination } = whole;
  return upperProtocol === IpProtocol.UDP ? { source, destination, octets: upper } : null;
}

function packet4(source: Address, destination: Address, payload: Uint8Array, identification: number): Uint8Array {
  return encodeIpv4({
    dscpEcn: 0,
    identification,
    dontFragment: false,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: HOP_LIMIT,
    protocol: IpProtocol.UDP,
    source,
    destination,
    options: NO_OPTIONS,
    payload,
  });
}

function packet6(source: Address, destination: Address, payload: Uint8Array): Uint8Array {
  const header = { trafficClass: 0, flowLabel: 0, nextHeader: IpProtocol.UDP, hopLimit: HOP_LIMIT };
  return encodeIpv6({ ...header, source, destination, payload });
}
