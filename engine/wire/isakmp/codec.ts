import { Reader } from '../reader.ts';
import { Writer } from '../writer.ts';
import { decodeIsakmpHeader, encodeIsakmpHeader, ISAKMP_HEADER_OCTETS } from './header.ts';
import type { IsakmpMessage } from './message.ts';
import type { IsakmpPayload } from './payload.ts';
import { decodeIsakmpBody, encodeIsakmpBody, isakmpPayloadTypeOf } from './payload-body.ts';
import { IsakmpPayloadType } from './registry.ts';

/** More payloads in one message are refused. */
export const ISAKMP_PAYLOADS_MAX = 128;

/** Octets of the generic payload header, RFC 2408 §3.2. */
export const ISAKMP_PAYLOAD_HEADER_OCTETS = 4;

/**
 * A whole message of IKEv1, RFC 2408 §3. What is encrypted stays closed: `body`, and no payloads; a fragment is never encrypted.
 * Up to three octets behind the last payload make a message a multiple of four (§3.6). Throws `WireError`, and nothing else: also
 * for another major version, since only the header is then known, and for more octets than those.
 */
export function decodeIsakmpMessage(octets: Uint8Array): IsakmpMessage {
  const { nextPayload, length: _, ...header } = decodeIsakmpHeader(octets);
  const reader = new Reader(octets, 'ISAKMP');
  if (header.majorVersion !== 1) throw reader.error('Version', 17, `${header.majorVersion}`);
  reader.skip(ISAKMP_HEADER_OCTETS, 'header');
  if (header.isEncrypted && nextPayload !== IsakmpPayloadType.FRAG) {
    return { ...header, payloads: [], firstPayload: nextPayload, body: reader.rest() };
  }
  const payloads = decodeChain(nextPayload, reader);
  const isPadding = reader.remaining < ALIGNMENT && octets.length % ALIGNMENT === 0;
  if (reader.remaining > 0 && !isPadding) {
    throw reader.error('Length', reader.offset, `${reader.remaining} octets behind the last payload`);
  }
  return { ...header, payloads, body: null };
}

const ALIGNMENT = 4;

/** RangeError for a payload of more than 65535 octets. */
export function encodeIsakmpMessage(message: IsakmpMessage): Uint8Array {
  const inside =
    message.body === null
      ? encodeIsakmpPayloads(message.payloads)
      : { first: message.firstPayload, octets: message.body };
  const length = ISAKMP_HEADER_OCTETS + inside.octets.length;
  const out = new Writer(length);
  encodeIsakmpHeader(message, inside.first, length, out);
  out.bytes(inside.octets);
  return out.finish();
}

/** What a message had inside. */
export interface IsakmpChain {
  readonly payloads: IsakmpPayload[];
  /** The payloads with their headers, as they came, without what was added for encryption: a view. */
  readonly octets: Uint8Array;
}

/**
 * The payloads that were encrypted, from the first, of type `first`, on. Padding may be behind the last, of any length and
 * content: RFC 2409 Appendix B wants zeros, and not everybody writes them. Throws `WireError`.
 */
export function decodeIsakmpChain(first: number, octets: Uint8Array): IsakmpChain {
  const reader = new Reader(octets, 'ISAKMP');
  const payloads = decodeChain(first, reader);
  return { payloads, octets: octets.subarray(0, reader.offset) };
}

/** As `decodeIsakmpChain`, the payloads alone. */
export function decodeIsakmpPayloads(first: number, octets: Uint8Array): IsakmpPayload[] {
  return decodeIsakmpChain(first, octets).payloads;
}

/** All behind the first payload of a chain: what the HASH in front of it covers, RFC 2409 §5.5 and §5.7. */
export function octetsBehindFirst(chain: IsakmpChain): Uint8Array {
  const reader = new Reader(chain.octets, 'ISAKMP');
  reader.skip(2, 'header');
  return chain.octets.subarray(reader.u16('Payload Length'));
}

/** Each says the type of the next: `first` is what goes before them. RangeError for one of more than 65535 octets. */
export function encodeIsakmpPayloads(payloads: readonly IsakmpPayload[]): { first: number; octets: Uint8Array } {
  const out = new Writer(256);
  for (const [i, payload] of payloads.entries()) {
    const next = payloads[i + 1];
    encodePayload(payload, next === undefined ? IsakmpPayloadType.NONE : isakmpPayloadTypeOf(next), out);
  }
  const [head] = payloads;
  return { first: head === undefined ? IsakmpPayloadType.NONE : isakmpPayloadTypeOf(head), octets: out.finish() };
}

/** Reads up to where the chain ends. Each payload takes 4 octets at least: there are no loops. */
function decodeChain(first: number, reader: Reader): IsakmpPayload[] {
  const payloads: IsakmpPayload[] = [];
  let type = first;
  while (type !== IsakmpPayloadType.NONE) {
    if (payloads.length === ISAKMP_PAYLOADS_MAX) {
      throw reader.error('Next Payload', reader.offset, `more than ${ISAKMP_PAYLOADS_MAX}`);
    }
    const begin = reader.offset;
    const next = reader.u8('Next Payload');
    reader.skip(1, 'RESERVED');
    const length = reader.u16('Payload Length');
    if (length < ISAKMP_PAYLOAD_HEADER_OCTETS) throw reader.error('Payload Length', begin + 2, `${length}`);
    const octets = reader.bytes(length - ISAKMP_PAYLOAD_HEADER_OCTETS, 'Payload Length');
    payloads.push(decodeIsakmpBody(type, octets, begin + ISAKMP_PAYLOAD_HEADER_OCTETS));
    type = next;
  }
  return payloads;
}

function encodePayload(payload: IsakmpPayload, next: number, out: Writer): void {
  const body = new Writer(256);
  encodeIsakmpBody(payload, body);
  const length = ISAKMP_PAYLOAD_HEADER_OCTETS + body.length;
  if (length > 0xffff) throw new RangeError(`a ${payload.type} payload of ${length} octets`);
  out.u8(next);
  out.u8(0); // RESERVED
  out.u16(length);
  out.bytes(body.finish());
}
