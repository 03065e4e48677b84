import { Reader } from '../reader.ts';
import { Writer } from '../writer.ts';
import type { IsakmpPayload } from './payload.ts';
import { decodeAttr, encodeAttr } from './payload-attr.ts';
import { decodeCert, decodeCertRequest, encodeCert } from './payload-cert.ts';
import { decodeDelete, encodeDelete } from './payload-delete.ts';
import { decodeFrag, encodeFrag } from './payload-frag.ts';
import { decodeId, encodeId } from './payload-id.ts';
import { decodeNatOa, encodeNatOa } from './payload-natoa.ts';
import { decodeNotify, encodeNotify } from './payload-notify.ts';
import { decodeSa, encodeSa } from './payload-sa.ts';
import { IsakmpPayloadType } from './registry.ts';

/** The number of a payload's type, RFC 2408 §3.1. */
export function isakmpPayloadTypeOf(payload: IsakmpPayload): number {
  if (payload.type === 'UNKNOWN') return payload.payloadType;
  if (payload.type === 'NATD' && payload.isDraft === true) return IsakmpPayloadType.NATD_DRAFT;
  if (payload.type === 'NATOA' && payload.isDraft === true) return IsakmpPayloadType.NATOA_DRAFT;
  return IsakmpPayloadType[payload.type];
}

/**
 * What RFC 2409 §3.2 writes with `_b` (`SAi_b`, `IDii_b`): the body without its generic header, as it came or, of a payload that was
 * made here, as it is sent.
 */
export function isakmpBodyOf(payload: IsakmpPayload): Uint8Array {
  if (payload.type === 'SA' && payload.octets !== undefined) return payload.octets;
  const out = new Writer(256);
  encodeIsakmpBody(payload, out);
  return out.finish();
}

/** What is behind the generic header, by the payload's type; `base` is where `octets` stand in the message, for errors. Throws `WireError`. */
export function decodeIsakmpBody(payloadType: number, octets: Uint8Array, base: number): IsakmpPayload {
  const name = NAMES.get(payloadType);
  const body = new Reader(octets, name ?? '', base);
  switch (name) {
    case 'SA':
      return decodeSa(octets, body);
    case 'ID':
      return decodeId(body);
    case 'CERT':
      return decodeCert(body);
    case 'CR':
      return decodeCertRequest(body);
    case 'N':
      return decodeNotify(body);
    case 'D':
      return decodeDelete(body);
    case 'ATTR':
      return decodeAttr(body);
    case 'FRAG':
      return decodeFrag(body);
    case 'NATD_DRAFT':
      return { type: 'NATD', data: octets, isDraft: true };
    case 'NATOA':
      return decodeNatOa(body);
    case 'NATOA_DRAFT':
      return { ...decodeNatOa(body), isDraft: true };
    // RFC 2408 §3.7, §3.11 to §3.13, §3.16, RFC 3947 §3.2: no fields but their octets.
    case 'KE':
    case 'HASH':
    case 'SIG':
    case 'NONCE':
    case 'VID':
    case 'NATD':
      return { type: name, data: octets };
    // Proposals and transforms are inside of SA only.
    case 'P':
    case 'T':
    case undefined:
      return { type: 'UNKNOWN', payloadType, data: octets };
  }
}

export function encodeIsakmpBody(payload: IsakmpPayload, out: Writer): void {
  switch (payload.type) {
    case 'SA':
      return encodeSa(payload, out);
    case 'ID':
      return encodeId(payload, out);
    case 'CERT':
    case 'CR':
      return encodeCert(payload, out);
    case 'N':
      return encodeNotify(payload, out);
    case 'D':
      return encodeDelete(payload, out);
    case 'ATTR':
      return encodeAttr(payload, out);
    case 'FRAG':
      return encodeFrag(payload, out);
    case 'NATOA':
      return encodeNatOa(payload, out);
    case 'KE':
    case 'HASH':
    case 'SIG':
    case 'NONCE':
    case 'VID':
    case 'NATD':
    case 'UNKNOWN':
      return out.bytes(payload.data);
  }
}

type KnownType = Exclude<keyof typeof IsakmpPayloadType, 'NONE'>;

const NAMES: ReadonlyMap<number, KnownType> = new Map(
  (Object.keys(IsakmpPayloadType) as (keyof typeof IsakmpPayloadType)[]).flatMap(name =>
    name === 'NONE' ? [] : [[IsakmpPayloadType[name], name]],
  ),
);
