import { Writer } from '../writer.ts';
import { PAYLOAD_HEADER_OCTETS } from './codec.ts';
import { encodeIkeHeader, IKE_HEADER_OCTETS } from './header.ts';
import type { IkeHeader, IkeMessage } from './message.ts';
import { PayloadType } from './registry.ts';

/** Which fragment of how many, RFC 7383 §2.5; numbers count from 1. */
export interface FragmentPlace {
  readonly number: number;
  readonly total: number;
}

/** What stands in the clear around what is encrypted. */
export interface SealedPart {
  /** The type of the first payload inside; 0 in fragments but the first. */
  readonly firstPayload: number;
  /** Octets of IV, ciphertext and ICV together. */
  readonly bodyOctets: number;
  /** null: SK, otherwise SKF. */
  readonly fragment: FragmentPlace | null;
}

const FRAGMENT_OCTETS = 4;

/** Octets of a message with SK, or with SKF, before its IV. */
export const SK_COVERED_OCTETS: number = IKE_HEADER_OCTETS + PAYLOAD_HEADER_OCTETS;
export const SKF_COVERED_OCTETS: number = SK_COVERED_OCTETS + FRAGMENT_OCTETS;

/**
 * A message whose one payload is SK (RFC 7296 §3.14) or SKF (RFC 7383 §2.5), from its first octet up to the IV, lengths filled
 * in: what a cipher authenticates besides. The message is this and the body behind it. RangeError above 65535 octets.
 */
export function sealedMessage(header: IkeHeader, { firstPayload, bodyOctets, fragment }: SealedPart): Uint8Array {
  const payloadOctets = PAYLOAD_HEADER_OCTETS + (fragment === null ? 0 : FRAGMENT_OCTETS) + bodyOctets;
  if (payloadOctets > 0xffff) throw new RangeError(`an encrypted payload of ${payloadOctets} octets`);
  const out = new Writer(SKF_COVERED_OCTETS);
  const type = fragment === null ? PayloadType.SK : PayloadType.SKF;
  encodeIkeHeader(header, type, IKE_HEADER_OCTETS + payloadOctets, out);
  out.u8(firstPayload);
  out.u8(0); // not critical, RESERVED
  out.u16(payloadOctets);
  if (fragment !== null) {
    out.u16(fragment.number);
    out.u16(fragment.total);
  }
  return out.finish();
}

/**
 * The same of a message that came: `octets` up to the IV, a view; `message` is what `decodeIkeMessage` made of them. Throws an
 * Error when it has no SK or SKF.
 */
export function coveredOf(octets: Uint8Array, message: IkeMessage): Uint8Array {
  const last = message.payloads.at(-1);
  if (last?.type !== 'SK' && last?.type !== 'SKF') throw new Error('a message without SK');
  return octets.subarray(0, octets.length - last.body.length);
}
