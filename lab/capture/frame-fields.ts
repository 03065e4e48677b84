import { dissect } from '../../engine/wire/dissect.ts';
import type { IkeLayer, Layer } from '../../engine/wire/dissection.ts';
import { ExchangeType, nameOf } from '../../engine/wire/ike/registry.ts';
import { formatSpi } from '../../engine/wire/spi.ts';
import { describePayloads } from './describe-ike.ts';
import { describeIsakmpPayloads } from './describe-isakmp.ts';

/** A header field of a frame, for people who look at its octets: `offset` to `end` (exclusive) from the start of the frame. */
export interface FrameField {
  readonly name: FieldName;
  readonly value: string;
  readonly offset: number;
  readonly end: number;
  /** Words, in lower case, by which a sentence speaks of it. */
  readonly words: readonly string[];
}

/** As the standards name them; a payload of IKE as a line of the capture does: `Payload N(COOKIE)`. */
export type FieldName =
  | 'Header Checksum'
  | 'Protocol'
  | 'DSCP and ECN'
  | 'Total Length'
  | 'Time to Live'
  | 'Flags and Fragment Offset'
  | 'Source Address'
  | 'Destination Address'
  | 'Traffic Class'
  | 'Flow Label'
  | 'Next Header'
  | 'Hop Limit'
  | 'Rest of Header'
  | 'Type and Code'
  | 'Checksum'
  | 'Ports'
  | 'Sequence Number'
  | 'Protected part'
  | 'SPI'
  | 'ICV'
  | 'RESERVED'
  | 'Operation'
  | 'Data'
  | 'Message'
  | "Initiator's SPI"
  | "Responder's SPI"
  | 'Version'
  | 'Flags'
  | 'Length'
  | 'Exchange Type'
  | 'Message ID'
  | 'Encrypted part'
  | `Payload ${string}`;

/** The fields that judgements are about, from the outside in; of each layer the one that tells it from its like is last. Never throws. */
export function frameFields(frame: Uint8Array): FrameField[] {
  const isThere = ({ offset, end }: FrameField): boolean => offset < end && end <= frame.length;
  return dissect(frame).layers.flatMap(layer => fieldsOf(layer).filter(isThere));
}

/**
 * The innermost field of that name, or null. A payload is found by its type as well: `Payload SK` whatever it holds, `Payload N` with
 * any notify.
 */
export function fieldNamed(fields: readonly FrameField[], name: FieldName): FrameField | null {
  const isOfType = (field: FrameField): boolean => /^[(, ]/.test(field.name.slice(name.length));
  const isPayload = name.startsWith('Payload ');
  return (
    fields.findLast(field => field.name === name || (isPayload && field.name.startsWith(name) && isOfType(field))) ??
    null
  );
}

type Located = readonly [name: FieldName, value: string, at: number, octets: number, words: readonly string[]];

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
        ['Next Header', String(layer.nextHeader), 0, 1, []],
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

/** RFC 7296 §3.1, and in the same places RFC 2408 §3.1; payloads that are in the clear, and SK or what is encrypted as a whole. */
function ikeFields({ octets, header, payloads, isakmp }: IkeLayer): Located[] {
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
    ...(payloads ?? []).flatMap(payloadFields(octets, payload => describePayloads([payload], header.isResponse))),
    ...(isakmp?.payloads ?? []).flatMap(payloadFields(octets, payload => describeIsakmpPayloads([payload]))),
    ...(isakmp === null || isakmp.body === null ? [] : [encryptedPart(isakmp.body)]),
  ];
}

const encryptedPart = (body: Uint8Array): Located => [
  'Encrypted part',
  `${body.length} octets`,
  IKE_HEADER_OCTETS,
  body.length,
  ['ciphertext'],
];

const IKE_HEADER_OCTETS = 28;

/**
 * For one payload after the other, by the chain of Payload Length (RFC 7296 §3.2, RFC 2408 §3.2): as many as were read, as long as each
 * has its place.
 */
function payloadFields<P extends { readonly type: string }>(
  octets: Uint8Array,
  describe: (payload: P) => string,
): (payload: P) => Located[] {
  let at = IKE_HEADER_OCTETS;
  return payload => {
    const offset = at;
    const length = ((octets[offset + 2] ?? 0) << 8) | (octets[offset + 3] ?? 0);
    const end = length < 4 ? Number.POSITIVE_INFINITY : offset + length;
    at = end;
    if (end > octets.length) return [];
    const name = describe(payload);
    return [[`Payload ${name}`, `${length} octets`, offset, length, wordsOfPayload(payload.type, name)]];
  };
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
    VID: ['vendor id'],
  };
  return [...(inner === undefined ? [] : [inner, inner.replaceAll('_', ' ')]), ...(spoken[type] ?? [])];
}
