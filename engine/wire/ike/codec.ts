import { Reader } from '../reader.ts';
import { Writer } from '../writer.ts';
import { type DecodedIkeHeader, decodeIkeHeader, encodeIkeHeader, IKE_HEADER_OCTETS } from './header.ts';
import type { IkeMessage } from './message.ts';
import type { Payload } from './payload.ts';
import { decodeBody, encodeBody, payloadTypeOf } from './payload-body.ts';
import { PayloadType } from './registry.ts';

/** More payloads in one message, or in one SK payload, are refused. */
export const PAYLOADS_MAX = 128;

/** Octets of the generic payload header, RFC 7296 §3.2. */
export const PAYLOAD_HEADER_OCTETS = 4;

const CRITICAL = 0x80;

/**
 * A whole message of IKEv2, RFC 7296 §3. What is inside of SK or SKF stays closed. Throws `WireError`, and nothing else: also for
 * another major version, since only the header is then known (`decodeIkeHeader` reads it).
 */
export function decodeIkeMessage(octets: Uint8Array): IkeMessage {
  const { nextPayload, length: _, ...header }: DecodedIkeHeader = decodeIkeHeader(octets);
  const reader = new Reader(octets, 'IKE');
  if (header.majorVersion !== 2) throw reader.error('Major Version', 17, `${header.majorVersion}`);
  reader.skip(IKE_HEADER_OCTETS, 'header');
  return { ...header, payloads: decodeChain(nextPayload, reader) };
}

/** RangeError for a payload of more than 65535 octets. */
export function encodeIkeMessage(message: IkeMessage): Uint8Array {
  const { first, octets } = encodePayloads(message.payloads);
  const length = IKE_HEADER_OCTETS + octets.length;
  const out = new Writer(length);
  encodeIkeHeader(message, first, length, out);
  out.bytes(octets);
  return out.finish();
}

/**
 * The payloads that were inside of SK, RFC 7296 §3.14, from the first, of type `first`, to the last octet before the padding.
 * Throws `WireError`: also for SK or SKF, which are never inside of another.
 */
export function decodePayloads(first: number, octets: Uint8Array): Payload[] {
  const reader = new Reader(octets, 'IKE');
  const payloads = decodeChain(first, reader);
  if (payloads.some(({ type }) => type === 'SK' || type === 'SKF')) throw reader.error('SK', 0, 'inside of another');
  return payloads;
}

/** Each says the type of the next: `first` is what goes before them. RangeError for one of more than 65535 octets. */
export function encodePayloads(payloads: readonly Payload[]): { first: number; octets: Uint8Array } {
  const out = new Writer(256);
  for (const [i, payload] of payloads.entries()) {
    const next = payloads[i + 1];
    const isEncrypted = payload.type === 'SK' || payload.type === 'SKF';
    if (isEncrypted && next !== undefined) throw new Error(`${payload.type} is always the last payload`);
    const nextType = isEncrypted ? payload.firstPayload : next === undefined ? PayloadType.NONE : payloadTypeOf(next);
    encodePayload(payload, nextType, out);
  }
  const [head] = payloads;
  return { first: head === undefined ? PayloadType.NONE : payloadTypeOf(head), octets: out.finish() };
}

/** Reads all that is left, which must end where the chain does. Each payload takes 4 octets at least: there are no loops. */
function decodeChain(first: number, reader: Reader): Payload[] {
  const payloads: Payload[] = [];
  let type = first;
  while (type !== PayloadType.NONE) {
    if (payloads.length === PAYLOADS_MAX)
      throw reader.error('Next Payload', reader.offset, `more than ${PAYLOADS_MAX}`);
    const begin = reader.offset;
    const next = reader.u8('Next Payload');
    const flags = reader.u8('Critical');
    const length = reader.u16('Payload Length');
    if (length < PAYLOAD_HEADER_OCTETS) throw reader.error('Payload Length', begin + 2, `${length}`);
    const octets = reader.bytes(length - PAYLOAD_HEADER_OCTETS, 'Payload Length');
    const payload = decodeBody(type, next, octets, begin + PAYLOAD_HEADER_OCTETS);
    payloads.push((flags & CRITICAL) !== 0 ? { ...payload, critical: true } : payload);
    if (type === PayloadType.SK || type === PayloadType.SKF) break; // Next Payload is of the first inside
    type = next;
  }
  if (reader.remaining > 0)
    throw reader.error('Length', reader.offset, `${reader.remaining} octets behind the last payload`);
  return payloads;
}

function encodePayload(payload: Payload, next: number, out: Writer): void {
  const body = new Writer(64);
  encodeBody(payload, body);
  const length = PAYLOAD_HEADER_OCTETS + body.length;
  if (length > 0xffff) throw new RangeError(`a payload ${payload.type} of ${length} octets`);
  out.u8(next);
  out.u8(payload.critical === true ? CRITICAL : 0);
  out.u16(length);
  out.bytes(body.finish());
}
