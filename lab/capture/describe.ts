import { formatAddress } from '../../engine/wire/address.ts';
import { dissect, dissectPacket } from '../../engine/wire/dissect.ts';
import type {
  ChecksumState,
  Icmpv4Layer,
  Icmpv6Layer,
  Layer,
  TcpLayer,
  UdpLayer,
} from '../../engine/wire/dissection.ts';
import type { NdMessage } from '../../engine/wire/nd.ts';
import { describeIke } from './describe-ike.ts';
import { TcpFlag } from '../../engine/wire/tcp.ts';

/** A frame in a few words, from the outside in: `1.2.3.4 > 5.6.7.8: ESP spi 0x1000 seq 1, 120 octets`. One line, no octet of the packet as text. */
export function describeFrame(frame: Uint8Array): string {
  return describeLayers(dissect(frame).layers);
}

/** The same for an IP packet. */
export function describePacket(packet: Uint8Array): string {
  return describeLayers(dissectPacket(packet).layers);
}

function describeLayers(layers: readonly Layer[]): string {
  return layers
    .map((layer, i) => describeLayer(layer, layers[i + 1] ?? null))
    .filter(text => text !== '')
    .join(' ');
}

/** `next`: what follows says the size itself, or there is none of it. */
function describeLayer(layer: Layer, next: Layer | null): string {
  switch (layer.kind) {
    case 'ethernet':
      return '';
    case 'vlan':
      return `VLAN ${layer.id}`;
    case 'arp':
      if (layer.operation === 2) return `ARP ${layer.senderAddress} is at ${layer.senderMac}`;
      return `ARP who has ${layer.targetAddress}, tell ${layer.senderAddress}`;
    case 'ipv4': {
      const piece = layer.isFragment
        ? fragmentText(layer.identification, layer.fragmentOffset, layer.payload.length, layer.moreFragments)
        : '';
      return `${layer.source} > ${layer.destination}:${piece}${bad(layer.checksum, 'header ')}`;
    }
    case 'ipv6': {
      const { fragment } = layer;
      const piece = fragment
        ? fragmentText(fragment.identification, fragment.offset, layer.payload.length, fragment.more)
        : '';
      return `${layer.source} > ${layer.destination}:${piece}`;
    }
    case 'icmpv4':
      return `ICMP ${icmpv4Text(layer)}${bad(layer.checksum)}`;
    case 'icmpv6':
      return `ICMPv6 ${icmpv6Text(layer)}${bad(layer.checksum)}`;
    case 'udp':
      return udpText(layer, next === null || next.kind === 'data');
    case 'tcp':
      return tcpText(layer);
    case 'esp':
      return `ESP spi 0x${hex(layer.spi, 8)} seq ${layer.sequence}, ${layer.octets.length} octets`;
    case 'ah':
      return `AH spi 0x${hex(layer.spi, 8)} seq ${layer.sequence}`;
    case 'ike':
      return describeIke(layer);
    case 'keepalive':
      return 'NAT keepalive';
    case 'data':
      return layer.protocol === 17 ? '' : dataText(layer.protocol, layer.octets.length);
    case 'malformed':
      return `malformed ${layer.why}`;
  }
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

const bad = (checksum: ChecksumState, of = ''): string => (checksum === 'wrong' ? ` (wrong ${of}checksum)` : '');

const dataText = (protocol: number | null, octets: number): string =>
  protocol === null ? `${octets} octets` : `protocol ${protocol}, ${octets} octets`;

const fragmentText = (id: number, offset: number, octets: number, more: boolean): string =>
  ` fragment 0x${hex(id, 4)} ${offset}-${offset + octets}${more ? '+' : ''}`;

function udpText({ sourcePort, destinationPort, length, checksum }: UdpLayer, withSize: boolean): string {
  const size = withSize ? `, ${length - 8} octets` : '';
  return `UDP ${sourcePort} > ${destinationPort}${size}${bad(checksum)}`;
}

function tcpText(segment: TcpLayer): string {
  const flags = (['SYN', 'FIN', 'RST', 'PSH', 'URG', 'ACK'] as const)
    .filter(name => segment.flags & TcpFlag[name])
    .join(' ');
  const ack = segment.flags & TcpFlag.ACK ? ` ack ${segment.acknowledgment}` : '';
  const size = `${segment.payload.length} octets${bad(segment.checksum)}`;
  return `TCP ${segment.sourcePort} > ${segment.destinationPort} [${flags}] seq ${segment.sequence}${ack} win ${segment.window}, ${size}`;
}

const UNREACHABLE4 = ['network', 'host', 'protocol', 'port', 'fragmentation needed', 'source route'];
const UNREACHABLE6 = ['no route', 'prohibited', 'beyond scope', 'address', 'port'];

function icmpv4Text({ message, quoted, code }: Icmpv4Layer): string {
  switch (message.type) {
    case 'echoRequest':
    case 'echoReply':
      return echoText(message);
    case 'destinationUnreachable': {
      const why = code === 13 ? 'prohibited' : (UNREACHABLE4[code] ?? `code ${code}`);
      return code === 4 ? `${why}, MTU ${message.mtu}${about(quoted)}` : `unreachable: ${why}${about(quoted)}`;
    }
    case 'timeExceeded':
      return `time exceeded${about(quoted)}`;
    case 'parameterProblem':
      return `parameter problem at octet ${message.pointer}${about(quoted)}`;
    case 'unknown':
      return `type ${message.number} code ${message.code}, ${message.body.length + 4} octets`;
  }
}

function icmpv6Text({ message, neighborDiscovery, quoted, code }: Icmpv6Layer): string {
  switch (message.type) {
    case 'echoRequest':
    case 'echoReply':
      return echoText(message);
    case 'destinationUnreachable':
      return `unreachable: ${UNREACHABLE6[code] ?? `code ${code}`}${about(quoted)}`;
    case 'packetTooBig':
      return `packet too big, MTU ${message.mtu}${about(quoted)}`;
    case 'timeExceeded':
      return `time exceeded${about(quoted)}`;
    case 'parameterProblem':
      return `parameter problem at octet ${message.pointer}${about(quoted)}`;
    case 'unknown':
      return neighborDiscovery
        ? ndText(neighborDiscovery)
        : `type ${message.number} code ${message.code}, ${message.body.length + 4} octets`;
  }
}

interface Echo {
  readonly type: 'echoRequest' | 'echoReply';
  readonly identifier: number;
  readonly sequence: number;
  readonly data: Uint8Array;
}

const echoText = (echo: Echo): string =>
  `echo ${echo.type === 'echoRequest' ? 'request' : 'reply'} id ${echo.identifier} seq ${echo.sequence}, ${echo.data.length + 8} octets`;

const about = (quoted: readonly Layer[]): string => (quoted.length === 0 ? '' : `, about ${describeLayers(quoted)}`);

function ndText(message: NdMessage): string {
  switch (message.type) {
    case 'routerSolicitation':
      return 'router solicitation';
    case 'routerAdvertisement':
      return `router advertisement, lifetime ${message.routerLifetimeS} s`;
    case 'neighborSolicitation':
      return `who has ${formatAddress(message.target)}`;
    case 'neighborAdvertisement':
      return `${formatAddress(message.target)} is here`;
  }
}
