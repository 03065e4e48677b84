import { dissect } from '../../engine/wire/dissect.ts';
import type { IkeLayer, Layer } from '../../engine/wire/dissection.ts';
import { ExchangeType, nameOf } from '../../engine/wire/ike/registry.ts';
import { formatSpi } from '../../engine/wire/spi.ts';
import { describePayloads } from './describe-ike.ts';

/** A header field of a frame, for people who look at its octets: `offset` to `end` (exclusive) from the start of the frame. */
export interface FrameField {
  readonly name: string;
  readonly value: string;
  readonly offset: number;
  readonly end: number;
  /** Words, in lower case, by which a sentence speaks of it. */
  readonly words: readonly string[];
}

/** The fields that judgements are about, from the outside in; of each layer the one that tells it from its like is last. Never throws. */
export function frameFields(frame: Uint8Array): FrameField[] {
  const isThere = ({ offset, end }: FrameField): boolean => offset < end && end <= frame.length;
  return dissect(frame).layers.flatMap(layer => fieldsOf(layer).filter(isThere));
}

type Located = readonly [name: string, value: string, at: number, octets: number, words: readonly string[]];

function fieldsOf(layer: Layer): FrameField[] {
  return locatedIn(layer).map(([name, value, at, octets, words]) => ({
    name,
    value,
    offset: layer.offset + at,
    end: layer.offset + at + octets,
    words,
  }));
}

/** Places are octets from the start of the layer's header. */
function locatedIn(layer: Layer): readonly Located[] {
  switch (layer.kind) {
    case 'ipv4':
      return [
        ['Header Checksum', layer.checksum, 10, 2, ['header checksum']],
        ['Protocol', String(layer.protocol), 9, 1, ['protocol', 'in the clear']],
        ['DSCP and ECN', `${layer.dscp} and ${layer.ecn}`, 1, 1, ['dscp', 'ecn', 'tos', 'congestion']],
        ['Total Length', String(layer.totalLength), 2, 2, ['total length']],
        ['Time to Live', String(layer.ttl), 8, 1, ['ttl', 'time to live', 'hop limit']],
        ['Flags and Fragment Offset', fragmentText(layer), 6, 2, ['df', 'fragment', 'fragmentation', 'fragmented']],
        ['Source Address', layer.source, 12, 4, ['source', 'source address', 'spoofed']],
        ['Destination Address', layer.destination, 16, 4, ['destination', 'destination address']],
      ];
    case 'ipv6':
      return [
        ['Traffic Class', `DSCP ${layer.dscp}, ECN ${layer.ecn}`, 0, 2, ['dscp', 'ecn', 'traffic class', 'congestion']],
        ['Flow Label', String(layer.flowLabel), 1, 3, ['flow label']],
        ['Next Header', String(layer.nextHeader), 6, 1, ['next header', 'extension header', 'in the clear']],
        ['Hop Limit', String(layer.hopLimit), 7, 1, ['ttl', 'hop limit']],
        ['Source Address', layer.source, 8, 16, ['source', 'source address', 'spoofed']],
        ['Destination Address', layer.destination, 24, 16, ['destination', 'destination address']],
      ];
    case 'icmpv4':
    case 'icmpv6':
      return [
        ['Rest of Header', 'that is the MTU, a pointer or an identifier', 4, 4, ['mtu', 'pointer']],
        ['Type and Code', `${layer.type}, ${layer.code}`, 0, 2, ['icmp', 'too big', 'unreachable', 'error', 'echo']],
      ];
    case 'udp':
      return [
        ['Checksum', layer.checksum, 6, 2, ['udp checksum']],
        ['Ports', `${layer.sourcePort} to ${layer.destinationPort}`, 0, 4, ['port', 'udp', 'delivered']],
      ];
    case 'tcp':
      return [
        ['Sequence Number', String(layer.sequence), 4, 4, ['tcp sequence']],
        ['Ports', `${layer.sourcePort} to ${layer.destinationPort}`, 0, 4, ['port', 'tcp']],
      ];
    case 'esp':
      return [
        ['Protected part', `${layer.octets.length - 8} octets`, 8, layer.octets.length - 8, ESP_WORDS],
        ['SPI', formatSpi(layer.spi), 0, 4, ['spi', 'sa', 'child sa']],
        ['Sequence Number', String(layer.sequence), 4, 4, SEQUENCE_WORDS],
      ];
    case 'ah':
      return [
        ['ICV', `${layer.icv.length} octets`, 12, layer.icv.length, ['icv', 'integrity', 'authentic', 'forged']],
        ['RESERVED', String(layer.reserved), 2, 2, ['reserved']],
        ['SPI', formatSpi(layer.spi), 4, 4, ['spi', 'sa', 'child sa']],
        ['Sequence Number', String(layer.sequence), 8, 4, SEQUENCE_WORDS],
      ];
    case 'ike':
      return ikeFields(layer);
    case 'arp':
      return [['Operation', String(layer.operation), 6, 2, ['arp']]];
    case 'data':
    case 'malformed':
    case 'keepalive':
      return [
        ['Data', `of ${layer.end - layer.offset} octets`, 0, layer.end - layer.offset, ['payload', 'octets', 'data']],
      ];
    case 'ethernet':
    case 'vlan':
      return [];
  }
}

const SEQUENCE_WORDS = [
  'sequence number',
  'sequence',
  'replay',
  'replayed',
  'window',
  'esn',
  'twice',
  'again',
  'counter',
];
const ESP_WORDS = [
  'icv',
  'padding',
  'pad length',
  'tfc',
  'octets of esp',
  'ciphertext',
  'iv',
  'integrity',
  'authentic',
];

const fragmentText = (layer: Extract<Layer, { kind: 'ipv4' }>): string =>
  `${layer.dontFragment ? 'DF, ' : ''}${layer.moreFragments ? 'MF, ' : ''}offset ${layer.fragmentOffset}`;

/** RFC 7296 §3.1, and in the same places RFC 2408 §3.1; payloads of version 2 that are in the clear, or SK itself. */
function ikeFields({ octets, header, payloads }: IkeLayer): Located[] {
  if (header === null) return [['Message', `of ${octets.length} octets`, 0, octets.length, ['message']]];
  const isVersion2 = header.majorVersion === 2;
  const exchange = (isVersion2 ? nameOf(ExchangeType, header.exchangeType) : null) ?? String(header.exchangeType);
  const messageId = String(header.messageId);
  return [
    ["Initiator's SPI", header.initiatorSpi, 0, 8, ['initiator spi', 'ike spi', 'cky i', 'spis']],
    ["Responder's SPI", header.responderSpi, 8, 8, ['responder spi', 'cky r']],
    ['Version', `${header.majorVersion}`, 17, 1, ['version', 'major version', 'minor version']],
    ['Flags', header.isResponse ? 'response' : 'request', 19, 1, ['flag']],
    ['Length', `${octets.length}`, 24, 4, ['length of the message']],
    ['Exchange Type', exchange, 18, 1, ['exchange type', 'exchange']],
    ['Message ID', messageId, 20, 4, ['message id', 'retransmission', 'retransmitted', 'window']],
    ...(isVersion2 && payloads !== null ? payloadFields(octets, payloads, header.isResponse) : []),
  ];
}

const IKE_HEADER_OCTETS = 28;

/** By the chain of Payload Length (RFC 7296 §3.2): as many as were read, as long as each has its place. */
function payloadFields(
  octets: Uint8Array,
  payloads: NonNullable<IkeLayer['payloads']>,
  isResponse: boolean,
): Located[] {
  const fields: Located[] = [];
  let at = IKE_HEADER_OCTETS;
  for (const payload of payloads) {
    const length = ((octets[at + 2] ?? 0) << 8) | (octets[at + 3] ?? 0);
    if (length < 4 || at + length > octets.length) break;
    const name = describePayloads([payload], isResponse);
    fields.push([`Payload ${name}`, `${length} octets`, at, length, wordsOfPayload(payload.type, name)]);
    at += length;
  }
  return fields;
}

/** `N(COOKIE)` is spoken of as COOKIE, or as cookie. */
function wordsOfPayload(type: string, name: string): string[] {
  const inner = /\((\w+)\)/.exec(name)?.[1]?.toLowerCase();
  const spoken: Readonly<Record<string, readonly string[]>> = {
    KE: ['key exchange', 'group'],
    NONCE: ['nonce'],
    SA: ['proposal', 'transform'],
    CERTREQ: ['certificate request'],
    V: ['vendor id'],
  };
  return [...(inner === undefined ? [] : [inner, inner.replaceAll('_', ' ')]), ...(spoken[type] ?? [])];
}
