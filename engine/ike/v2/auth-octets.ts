import type { Prf } from '../../crypto/prf.ts';
import { setU32 } from '../../wire/octets.ts';
import type { IdPayload } from '../../wire/ike/payload.ts';

/**
 * What the AUTH payload is computed over, RFC 7296 §2.15, with what RFC 9242 §3.3.2 appends:
 *
 *     InitiatorSignedOctets = RealMessage1 | NonceRData | prf(SK_pi, RestOfInitIDPayload) [| IntAuth]
 *     ResponderSignedOctets = RealMessage2 | NonceIData | prf(SK_pr, RestOfRespIDPayload) [| IntAuth]
 */
export interface SignedParts {
  /** The signer's IKE_SA_INIT (or IKE_SESSION_RESUME) message as it was on the wire, the last one of them. */
  readonly message: Uint8Array;
  /** The value of the other side's nonce. */
  readonly nonce: Uint8Array;
  /** Of the signer: SK_pi or SK_pr, with a PPK mixed in where one is used. */
  readonly skP: Uint8Array;
  readonly id: IdPayload;
  /** null: there was no IKE_INTERMEDIATE exchange. */
  readonly intermediate: IntermediateAuth | null;
}

/** RFC 9242 §3.3.2: what came of all IKE_INTERMEDIATE exchanges, and the Message ID of the first IKE_AUTH request. */
export interface IntermediateAuth {
  /** IntAuth_iN and IntAuth_rN. */
  readonly initiator: Uint8Array;
  readonly responder: Uint8Array;
  readonly authMessageId: number;
}

/** What one side signs, and the other verifies. */
export function signedOctets(prf: Prf, parts: SignedParts): Uint8Array {
  const macedId = prf.compute(parts.skP, idPayloadBody(parts.id));
  const { intermediate } = parts;
  if (intermediate === null) return Buffer.concat([parts.message, parts.nonce, macedId]);
  const messageId = new Uint8Array(4);
  setU32(messageId, 0, intermediate.authMessageId);
  const intAuth = [intermediate.initiator, intermediate.responder, messageId];
  return Buffer.concat([parts.message, parts.nonce, macedId, ...intAuth]);
}

/** An ID payload without its generic header: ID Type, RESERVED, data. RESERVED as it came: it is signed as well. */
export function idPayloadBody(id: IdPayload): Uint8Array {
  return Buffer.concat([Uint8Array.of(id.idType), id.reserved ?? new Uint8Array(3), id.data]);
}

const KEY_PAD = Buffer.from('Key Pad for IKEv2', 'ascii');

/** AUTH of a shared secret, RFC 7296 §2.15; of NULL authentication with SK_pi or SK_pr for the secret, RFC 7619 §2.1. */
export function sharedKeyMac(prf: Prf, secret: Uint8Array, octets: Uint8Array): Uint8Array {
  return prf.compute(prf.compute(secret, KEY_PAD), octets);
}

/** IntAuth_i(n) or IntAuth_r(n), RFC 9242 §3.3.2. */
export function intermediateAuth(prf: Prf, skP: Uint8Array, previous: Uint8Array | null, sent: IntermediateMessage) {
  const adjusted = adjustLengths(sent.associated, sent.inner.length);
  return prf.compute(skP, Buffer.concat([previous ?? new Uint8Array(0), adjusted, sent.inner]));
}

/** One IKE_INTERMEDIATE message, whole: put together again where it came in fragments. */
export interface IntermediateMessage {
  /** From the first octet of the IKE header to the last of the generic header of SK; lengths in it are of no matter. */
  readonly associated: Uint8Array;
  /** The payloads inside of SK, without padding. */
  readonly inner: Uint8Array;
}

const LENGTH_AT = 24;
const GENERIC_HEADER_OCTETS = 4;

/** The lengths that stand in IKE header and SK as if there were no IV, padding and ICV. */
function adjustLengths(associated: Uint8Array, innerOctets: number): Uint8Array {
  const adjusted = Uint8Array.from(associated);
  setU32(adjusted, LENGTH_AT, associated.length + innerOctets);
  const length = GENERIC_HEADER_OCTETS + innerOctets;
  adjusted[adjusted.length - 2] = length >>> 8;
  adjusted[adjusted.length - 1] = length;
  return adjusted;
}
