import { dissect, dissectPacket } from '../../wire/dissect.ts';
import type { Layer } from '../../wire/dissection.ts';
import type { Net } from './net.ts';

/** One packet in a line, as a test expects it: `10.0.0.2 > 10.0.1.2 icmp 11/0 from…`. Broken checksums show. */
export function line(packet: Uint8Array): string {
  return lineOf(dissectPacket(packet).layers);
}

/** What went over a wire since the net started or `seen` was emptied, of one end (`alice:net0`); ARP and ND left out. */
export function traffic(net: Net, from: string): string[] {
  return net.seen
    .filter(frame => frame.from === from)
    .map(frame => dissect(frame.octets).layers.slice(1))
    .filter(layers => !layers.some(layer => layer.kind === 'arp' || isNd(layer)))
    .map(lineOf);
}

/** The ARP and ND of one end. */
export function resolution(net: Net, from: string): string[] {
  return net.seen
    .filter(frame => frame.from === from)
    .flatMap(frame => dissect(frame.octets).layers)
    .flatMap(layer => {
      if (layer.kind === 'arp') return [`arp ${layer.operation} ${layer.senderAddress} > ${layer.targetAddress}`];
      return isNd(layer) && layer.kind === 'icmpv6' ? [layer.neighborDiscovery?.type ?? 'nd'] : [];
    });
}

/** Plain octets say nothing. */
function lineOf(layers: readonly Layer[]): string {
  return layers
    .filter(layer => layer.kind !== 'data')
    .map(layerText)
    .join(' | ');
}

function isNd(layer: Layer): boolean {
  return layer.kind === 'icmpv6' && layer.type >= 133 && layer.type <= 137;
}

function layerText(layer: Layer): string {
  switch (layer.kind) {
    case 'ipv4': {
      const fragment = layer.isFragment ? ` fragment ${layer.fragmentOffset}${layer.moreFragments ? '+' : ''}` : '';
      return `${layer.source} > ${layer.destination}${fragment}${bad(layer.checksum)}`;
    }
    case 'ipv6': {
      const { fragment } = layer;
      const text = fragment === null ? '' : ` fragment ${fragment.offset}${fragment.more ? '+' : ''}`;
      return `${layer.source} > ${layer.destination}${text}`;
    }
    case 'icmpv4':
    case 'icmpv6': {
      const mtu = 'mtu' in layer.message && layer.message.mtu > 0 ? ` mtu ${layer.message.mtu}` : '';
      return `icmp ${layer.type}/${layer.code}${mtu}${bad(layer.checksum)}`;
    }
    case 'udp':
    case 'tcp':
      return `${layer.kind} ${layer.sourcePort} > ${layer.destinationPort}${bad(layer.checksum)}`;
    case 'esp':
      return `esp ${layer.spi} ${layer.sequence}`;
    case 'malformed':
      return `malformed ${layer.field}`;
    case 'ah':
      return `ah ${layer.spi} ${layer.sequence}`;
    case 'ike':
    case 'keepalive':
    case 'arp':
    case 'data':
    case 'ethernet':
    case 'vlan':
      return layer.kind;
  }
}

function bad(checksum: string): string {
  return checksum === 'wrong' ? ' BAD CHECKSUM' : '';
}
