import type { AlgorithmEntry } from './algorithm-entry.ts';
import type { Random } from './random.ts';

/**
 * A key exchange method, IKEv2 Transform Type 4 (and, through RFC 9370, types 6 to 12): Diffie-Hellman or a KEM. Octets are
 * those of the KE payload. Values of the peer are tested as RFC 6989 demands.
 */
export interface KeyExchangeMethod extends AlgorithmEntry {
  readonly ianaId: number;
  readonly kind: 'modp' | 'ecp' | 'curve' | 'kem';
  /** Octets of Key Exchange Data that the initiator and the responder send. */
  readonly initiatorOctets: number;
  readonly responderOctets: number;
  /** The initiator's half. */
  begin(random: Random): KeyExchangeStart;
  /** What the responder can do before it knows whom it answers; absent: nothing, of a KEM. */
  readonly draw?: (random: Random) => KeyPair;
  /** The responder's half. `drawn`: a pair that has answered nobody else. */
  respond(initiatorData: Uint8Array, random: Random, drawn?: KeyPair): KeyExchangeAnswer;
}

/** Of Diffie-Hellman: a private value, and the public one as it goes into the KE payload. */
export interface KeyPair {
  readonly secret: Uint8Array;
  readonly data: Uint8Array;
}

export interface KeyExchangeStart {
  readonly data: Uint8Array;
  /** g^ir, RFC 7296 §2.14 (padded to the modulus), or the secret of the KEM. May be called again: several may answer (§2.4). */
  finish(responderData: Uint8Array): KeyExchangeResult;
}

export type KeyExchangeResult =
  | { readonly kind: 'shared'; readonly secret: Uint8Array }
  /** Of the wrong length, not in the group, not on the curve, of small order. */
  | { readonly kind: 'invalid'; readonly why: string };

export type KeyExchangeAnswer =
  /** `secret`: worked out when it is first asked for, which may be after `data` has left; the initiator's value must stay until then. */
  | { readonly kind: 'shared'; readonly secret: Uint8Array; readonly data: Uint8Array }
  | { readonly kind: 'invalid'; readonly why: string };
