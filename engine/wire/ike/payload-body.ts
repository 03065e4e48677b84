import { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { Payload } from './payload.ts';
import { decodeAuth, encodeAuth } from './payload-auth.ts';
import { decodeCert, decodeCertreq, encodeCert } from './payload-cert.ts';
import { decodeCp, encodeCp } from './payload-cp.ts';
import { decodeDelete, encodeDelete } from './payload-delete.ts';
import { decodeSk, decodeSkf, encodeEncrypted } from './payload-encrypted.ts';
import { decodeId, encodeId } from './payload-id.ts';
import { decodeKe, encodeKe } from './payload-ke.ts';
import { decodeNonce, encodeNonce } from './payload-nonce.ts';
import { decodeNotify, encodeNotify } from './payload-notify.ts';
import { decodeSa, encodeSa } from './payload-sa.ts';
import { decodeTs, encodeTs } from './payload-ts.ts';
import { PayloadType } from './registry.ts';

/** The number of a payload's type, RFC 7296 §3.2. */
export function payloadTypeOf(payload: Payload): number {
  return payload.type === 'unknown' ? payload.payloadType : PayloadType[payload.type];
}

/**
 * What is behind the generic header, by the payload's type. `next` is Next Payload, which SK and SKF have a use for; `base` is
 * where `octets` stand in the message, for errors. Throws `WireError`.
 */
export function decodeBody(payloadType: number, next: number, octets: Uint8Array, base: number): Payload {
  const name = NAMES.get(payloadType);
  const body = new Reader(octets, name ?? '', base);
  switch (name) {
    case 'SA':
      return decodeSa(body);
    case 'KE':
      return decodeKe(body);
    case 'IDi':
    case 'IDr':
      return decodeId(name, body);
    case 'CERT':
      return decodeCert(body);
    case 'CERTREQ':
      return decodeCertreq(body);
    case 'AUTH':
      return decodeAuth(body);
    case 'NONCE':
      return decodeNonce(body);
    case 'N':
      return decodeNotify(body);
    case 'D':
      return decodeDelete(body);
    case 'TSi':
    case 'TSr':
      return decodeTs(name, body);
    case 'SK':
      return decodeSk(next, body);
    case 'SKF':
      return decodeSkf(next, body);
    case 'CP':
      return decodeCp(body);
    // §3.12, §3.16, RFC 8019 §8.2: no fields that we would look at.
    case 'V':
    case 'EAP':
    case 'PS':
      return { type: name, data: octets };
    case undefined:
      return { type: 'unknown', payloadType, data: octets };
  }
}

export function encodeBody(payload: Payload, out: Writer): void {
  switch (payload.type) {
    case 'SA':
      return encodeSa(payload, out);
    case 'KE':
      return encodeKe(payload, out);
    case 'IDi':
    case 'IDr':
      return encodeId(payload, out);
    case 'CERT':
    case 'CERTREQ':
      return encodeCert(payload, out);
    case 'AUTH':
      return encodeAuth(payload, out);
    case 'NONCE':
      return encodeNonce(payload, out);
    case 'N':
      return encodeNotify(payload, out);
    case 'D':
      return encodeDelete(payload, out);
    case 'TSi':
    case 'TSr':
      return encodeTs(payload, out);
    case 'SK':
    case 'SKF':
      return encodeEncrypted(payload, out);
    case 'CP':
      return encodeCp(payload, out);
    case 'V':
    case 'EAP':
    case 'PS':
    case 'unknown':
      return out.bytes(payload.data);
  }
}

type KnownType = Exclude<Payload['type'], 'unknown'>;

const NAMES: ReadonlyMap<number, KnownType> = new Map(
  (Object.keys(PayloadType) as (keyof typeof PayloadType)[]).flatMap(name =>
    name === 'NONE' ? [] : [[PayloadType[name], name]],
  ),
);
