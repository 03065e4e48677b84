import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { ProposalSubstructure, SaPayload } from './payload.ts';
import { decodeTransform, encodeTransform, transformOctets } from './transform.ts';

/** More proposals in one payload are refused; transforms are at most 255, since their number has 8 bits. */
export const PROPOSALS_MAX = 128;

const PROPOSAL_HEADER_OCTETS = 8;

/** Last Substruc of a proposal that another follows. */
const MORE_PROPOSALS = 2;

/**
 * Body of the Security Association payload, RFC 7296 §3.3: proposals, each of transforms, each of attributes. Throws
 * `WireError` when there is none, or when lengths, numbers and Last Substruc do not agree.
 */
export function decodeSa(body: Reader): SaPayload {
  const proposals: ProposalSubstructure[] = [];
  for (let isLast = false; !isLast; ) {
    if (proposals.length === PROPOSALS_MAX) throw body.error('Proposals', body.offset, `more than ${PROPOSALS_MAX}`);
    isLast = lastSubstruc(body, MORE_PROPOSALS);
    proposals.push(decodeProposal(body));
  }
  if (body.remaining > 0) {
    throw body.error('Last Substruc', body.offset, `${body.remaining} octets behind the last proposal`);
  }
  return { type: 'SA', proposals };
}

/** RangeError for a proposal of more than 255 transforms, or an SPI of more than 255 octets. */
export function encodeSa(sa: SaPayload, out: Writer): void {
  for (const [i, proposal] of sa.proposals.entries()) {
    out.u8(i === sa.proposals.length - 1 ? 0 : MORE_PROPOSALS);
    encodeProposal(proposal, out);
  }
}

/** Reads Last Substruc: 0 in the last one, `more` in each before it. */
function lastSubstruc(body: Reader, more: number): boolean {
  const at = body.offset;
  const value = body.u8('Last Substruc');
  if (value !== 0 && value !== more) throw body.error('Last Substruc', at, `${value}, not 0 or ${more}`);
  return value === 0;
}

/**
 * §3.3.1, from behind Last Substruc.
 *     | Last Substruc |   RESERVED    |         Proposal Length       |
 *     | Proposal Num  |  Protocol ID  |    SPI Size   |Num  Transforms|
 *     |  SPI ...  |  Transforms ...
 */
function decodeProposal(body: Reader): ProposalSubstructure {
  const begin = body.offset - 1;
  body.skip(1, 'RESERVED');
  const end = begin + body.u16('Proposal Length');
  const number = body.u8('Proposal Num');
  const protocolId = body.u8('Protocol ID');
  const spiOctets = body.u8('SPI Size');
  const count = body.u8('Num Transforms');
  const spi = body.bytes(spiOctets, 'SPI');
  const transforms = Array.from({ length: count }, (_, i) => {
    const at = body.offset;
    if (lastSubstruc(body, MORE_TRANSFORMS) !== (i === count - 1)) {
      throw body.error('Last Substruc', at, `transform ${i + 1} of ${count}`);
    }
    return decodeTransform(body);
  });
  if (body.offset !== end) {
    throw body.error('Proposal Length', begin + 2, `${end - begin}, ${body.offset - begin} octets in its parts`);
  }
  return { number, protocolId, spi, transforms };
}

/** Last Substruc of a transform that another follows. */
const MORE_TRANSFORMS = 3;

function encodeProposal({ number, protocolId, spi, transforms }: ProposalSubstructure, out: Writer): void {
  if (transforms.length > 0xff) throw new RangeError(`${transforms.length} transforms in one proposal`);
  if (spi.length > 0xff) throw new RangeError(`an SPI of ${spi.length} octets`);
  out.u8(0); // RESERVED
  out.u16(transforms.reduce((sum, transform) => sum + transformOctets(transform), PROPOSAL_HEADER_OCTETS + spi.length));
  out.u8(number);
  out.u8(protocolId);
  out.u8(spi.length);
  out.u8(transforms.length);
  out.bytes(spi);
  for (const [i, transform] of transforms.entries()) {
    out.u8(i === transforms.length - 1 ? 0 : MORE_TRANSFORMS);
    encodeTransform(transform, out);
  }
}
