import { octetsEqual } from '../octets.ts';
import type { Reader } from '../reader.ts';
import { Writer } from '../writer.ts';
import type { IsakmpProposal, IsakmpSaPayload } from './payload.ts';
import { Doi, IsakmpPayloadType, Situation } from './registry.ts';
import { decodeTransform, encodeTransform, transformOctets } from './transform.ts';

/** More proposals in one payload are refused; transforms are at most 255, since their number has 8 bits. */
export const ISAKMP_PROPOSALS_MAX = 128;

const PROPOSAL_HEADER_OCTETS = 8;

/**
 * Body of the Security Association payload, RFC 2408 §3.4: DOI, situation and proposals, each of transforms, each of attributes.
 * Of another DOI or situation the rest is kept unread: it is refused by name, RFC 2408 §5.4. Throws `WireError` when there is no
 * proposal, or when lengths, numbers and Next Payload do not agree.
 *     |              Domain of Interpretation  (DOI)                  |
 *     |                           Situation                           |
 */
export function decodeSa(octets: Uint8Array, body: Reader): IsakmpSaPayload {
  const doi = body.u32('Domain of Interpretation');
  if (doi !== Doi.IPSEC) return { type: 'SA', doi, situation: null, proposals: [], unread: body.rest() };
  const situation = body.u32('Situation');
  if (situation !== Situation.SIT_IDENTITY_ONLY) {
    return { type: 'SA', doi, situation, proposals: [], unread: body.rest() };
  }
  const proposals: IsakmpProposal[] = [];
  for (let isLast = false; !isLast; ) {
    if (proposals.length === ISAKMP_PROPOSALS_MAX) {
      throw body.error('Proposals', body.offset, `more than ${ISAKMP_PROPOSALS_MAX}`);
    }
    isLast = isLastOf(body, IsakmpPayloadType.P);
    proposals.push(decodeProposal(body));
  }
  if (body.remaining > 0) throw body.error('Proposals', body.offset, `${body.remaining} octets behind the last`);
  const sa: IsakmpSaPayload = { type: 'SA', doi, situation, proposals };
  return octetsEqual(bodyOf(sa), octets) ? sa : { ...sa, octets };
}

/** RangeError for a proposal of more than 255 transforms, or an SPI of more than 255 octets. */
export function encodeSa(sa: IsakmpSaPayload, out: Writer): void {
  out.u32(sa.doi);
  if (sa.situation !== null) out.u32(sa.situation);
  for (const [i, proposal] of sa.proposals.entries()) {
    out.u8(i === sa.proposals.length - 1 ? IsakmpPayloadType.NONE : IsakmpPayloadType.P);
    encodeProposal(proposal, out);
  }
  if (sa.unread !== undefined) out.bytes(sa.unread);
}

function bodyOf(sa: IsakmpSaPayload): Uint8Array {
  const out = new Writer(256);
  encodeSa(sa, out);
  return out.finish();
}

/** Reads Next Payload of a proposal or transform: 0 in the last one, `own` in each before it, RFC 2408 §3.5 and §3.6. */
function isLastOf(body: Reader, own: number): boolean {
  const at = body.offset;
  const next = body.u8('Next Payload');
  if (next !== IsakmpPayloadType.NONE && next !== own) throw body.error('Next Payload', at, `${next}, not 0 or ${own}`);
  return next === IsakmpPayloadType.NONE;
}

/**
 * RFC 2408 §3.5, from behind Next Payload.
 *     | Next Payload  |   RESERVED    |         Payload Length        |
 *     |  Proposal #   |  Protocol-Id  |    SPI Size   |# of Transforms|
 *     |  SPI ...  |  Transforms ...
 */
function decodeProposal(body: Reader): IsakmpProposal {
  const begin = body.offset - 1;
  body.skip(1, 'RESERVED');
  const end = begin + body.u16('Proposal Length');
  const number = body.u8('Proposal #');
  const protocolId = body.u8('Protocol-Id');
  const spiOctets = body.u8('SPI Size');
  const count = body.u8('# of Transforms');
  const spi = body.bytes(spiOctets, 'SPI');
  const transforms = Array.from({ length: count }, (_, i) => {
    const at = body.offset;
    if (isLastOf(body, IsakmpPayloadType.T) !== (i === count - 1)) {
      throw body.error('Next Payload', at, `transform ${i + 1} of ${count}`);
    }
    return decodeTransform(body);
  });
  if (body.offset !== end) {
    throw body.error('Proposal Length', begin + 2, `${end - begin}, ${body.offset - begin} octets in its parts`);
  }
  return { number, protocolId, spi, transforms };
}

function encodeProposal({ number, protocolId, spi, transforms }: IsakmpProposal, out: Writer): void {
  if (transforms.length > 0xff) throw new RangeError(`${transforms.length} transforms in one proposal`);
  if (spi.length > 0xff) throw new RangeError(`an SPI of ${spi.length} octets`);
  const octets = transforms.reduce(
    (sum, transform) => sum + transformOctets(transform),
    PROPOSAL_HEADER_OCTETS + spi.length,
  );
  if (octets > 0xffff) throw new RangeError(`a proposal of ${octets} octets`);
  out.u8(0); // RESERVED
  out.u16(octets);
  out.u8(number);
  out.u8(protocolId);
  out.u8(spi.length);
  out.u8(transforms.length);
  out.bytes(spi);
  for (const [i, transform] of transforms.entries()) {
    out.u8(i === transforms.length - 1 ? IsakmpPayloadType.NONE : IsakmpPayloadType.T);
    encodeTransform(transform, out);
  }
}
