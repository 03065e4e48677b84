import { describeFrame } from '../capture/describe.ts';
import { dissect } from '../../engine/wire/dissect.ts';
import type { LayerOf, Layer } from '../../engine/wire/dissection.ts';
import { TcpFlag } from '../../engine/wire/tcp.ts';

/** A frame as tcpdump writes it: what is not one of the usual kinds is in the lab's own words. */
export function packetText(frame: Uint8Array, { isVerbose }: { readonly isVerbose: boolean }): string {
  const { layers } = dissect(frame);
  const at = layers.findIndex(({ kind }) => kind === 'ipv4' || kind === 'ipv6');
  const ip = layers[at];
  if (ip === undefined || (ip.kind !== 'ipv4' && ip.kind !== 'ipv6')) return otherText(layers, frame);
  const inner = layers.slice(at + 1);
  const [first] = inner;
  const isPorted = first?.kind === 'udp' || first?.kind === 'tcp';
  const source = isPorted ? `${ip.source}.${first.sourcePort}` : ip.source;
  const destination = isPorted ? `${ip.destination}.${first.destinationPort}` : ip.destination;
  const head = `IP${ip.kind === 'ipv6' ? '6' : ''}${isVerbose ? ` ${headerText(ip)}\n   ` : ''}`;
  return `${head} ${source} > ${destination}: ${contentText(inner, ip, frame)}`;
}

function headerText(ip: LayerOf<'ipv4'> | LayerOf<'ipv6'>): string {
  if (ip.kind === 'ipv6')
    return `(hlim ${ip.hopLimit}, next-header ${ip.nextHeader}, payload length: ${ip.payloadLength})`;
  const flags = ip.moreFragments ? '+' : ip.dontFragment ? 'DF' : 'none';
  const tos = `0x${((ip.dscp << 2) | ip.ecn).toString(16)}`;
  return `(tos ${tos}, ttl ${ip.ttl}, id ${ip.identification}, offset ${ip.fragmentOffset}, flags [${flags}], proto ${ip.protocol}, length ${ip.totalLength})`;
}

function contentText(layers: readonly Layer[], ip: LayerOf<'ipv4'> | LayerOf<'ipv6'>, frame: Uint8Array): string {
  const [first, second] = layers;
  if (first?.kind === 'esp') return espText(first);
  if (first?.kind === 'ah') return `AH(spi=0x${hex(first.spi)},seq=0x${first.sequence.toString(16)})`;
  if (first?.kind === 'tcp') return tcpText(first);
  if (first?.kind === 'udp') {
    if (second?.kind === 'esp') return `UDP-encap: ${espText(second)}`;
    if (second?.kind === 'ike') return `isakmp: ${afterPorts(describeFrame(frame))}`;
    return second?.kind === 'keepalive' ? 'isakmp-nat-keep-alive' : `UDP, length ${first.payload.length}`;
  }
  const text = afterEnds(describeFrame(frame));
  return first?.kind === 'icmpv4' || first?.kind === 'icmpv6' ? `${text}, length ${ip.payload.length}` : text;
}

const espText = ({ spi, sequence, octets }: LayerOf<'esp'>): string =>
  `ESP(spi=0x${hex(spi)},seq=0x${sequence.toString(16)}), length ${octets.length}`;

const FLAGS = [
  [TcpFlag.FIN, 'F'],
  [TcpFlag.SYN, 'S'],
  [TcpFlag.RST, 'R'],
  [TcpFlag.PSH, 'P'],
  [TcpFlag.URG, 'U'],
] as const;

function tcpText({ flags, sequence, acknowledgment, window, payload }: LayerOf<'tcp'>): string {
  const letters = FLAGS.flatMap(([bit, letter]) => ((flags & bit) === 0 ? [] : [letter])).join('');
  const hasAck = (flags & TcpFlag.ACK) !== 0;
  const parts = [
    `Flags [${letters}${hasAck ? '.' : ''}]`,
    ...(payload.length > 0
      ? [`seq ${sequence}:${sequence + payload.length}`]
      : letters === ''
        ? []
        : [`seq ${sequence}`]),
    ...(hasAck ? [`ack ${acknowledgment}`] : []),
    `win ${window}`,
    `length ${payload.length}`,
  ];
  return parts.join(', ');
}

function otherText(layers: readonly Layer[], frame: Uint8Array): string {
  const arp = layers.find((layer): layer is LayerOf<'arp'> => layer.kind === 'arp');
  if (arp === undefined) return describeFrame(frame);
  return arp.operation === 2
    ? `ARP, Reply ${arp.senderAddress} is-at ${arp.senderMac}, length 28`
    : `ARP, Request who-has ${arp.targetAddress} tell ${arp.senderAddress}, length 28`;
}

/** What stands behind `10.0.0.1 > 10.0.0.2: `. */
const afterEnds = (text: string): string => text.replace(/^\S+ > \S+: ?/, '');
const afterPorts = (text: string): string => afterEnds(text).replace(/^UDP \d+ > \d+ ?/, '');
const hex = (value: number): string => value.toString(16).padStart(8, '0');

const ETHERNET_OCTETS = 14;
const LINE_OCTETS = 16;

/** The packet without its Ethernet header, as `-A`, `-x` and `-X` show it. */
export function octetsText(frame: Uint8Array, form: 'text' | 'hex' | 'both'): string {
  const octets = frame.subarray(ETHERNET_OCTETS);
  if (form === 'text') return printable(octets, true);
  const lines: string[] = [];
  for (let at = 0; at < octets.length; at += LINE_OCTETS) {
    const part = octets.subarray(at, at + LINE_OCTETS);
    const words = (
      Buffer.from(part)
        .toString('hex')
        .match(/.{1,4}/g) ?? []
    ).join(' ');
    const offset = `\t0x${at.toString(16).padStart(4, '0')}:`;
    lines.push(form === 'hex' ? `${offset}  ${words}` : `${offset}  ${words.padEnd(39)}  ${printable(part, false)}`);
  }
  return lines.join('\n');
}

/** What is no printable ASCII is a dot. Line ends and tabs are what they are where whole packets are shown. */
const printable = (octets: Uint8Array, keepsLines: boolean): string =>
  Array.from(octets, octet => {
    if (keepsLines && (octet === 0x0a || octet === 0x09)) return String.fromCharCode(octet);
    return octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '.';
  }).join('');
