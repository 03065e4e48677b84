import { decodeIsakmpMessage, decodeIsakmpPayloads, encodeIsakmpPayloads } from '../../../engine/wire/isakmp/codec.ts';
import { ISAKMP_HEADER_OCTETS } from '../../../engine/wire/isakmp/header.ts';
import type { IsakmpMessage } from '../../../engine/wire/isakmp/message.ts';
import type { IsakmpPayload } from '../../../engine/wire/isakmp/payload.ts';
import { u16At, u8At } from '../../../engine/wire/octets.ts';
import { WireError } from '../../../engine/wire/wire-error.ts';
import { type CbcCipher, padded } from './cbc.ts';

/** What a message of the subject's holds. */
export type Opened =
  | { readonly kind: 'clear'; readonly message: IsakmpMessage; readonly payloads: readonly IsakmpPayload[] }
  | {
      readonly kind: 'opened';
      readonly message: IsakmpMessage;
      readonly payloads: readonly IsakmpPayload[];
      /** Of the payloads, padding included. */
      readonly text: Uint8Array;
    }
  | { readonly kind: 'sealed'; readonly message: IsakmpMessage; readonly why: string }
  | { readonly kind: 'malformed'; readonly why: string };

/** null where it is no message of IKEv1. */
export function readMessage(octets: Uint8Array): IsakmpMessage | null {
  try {
    return decodeIsakmpMessage(octets);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

export interface Chain {
  readonly cipher: CbcCipher;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

/** `chain`: null while there are no keys. */
export function openIsakmp(octets: Uint8Array, chain: Chain | null): Opened {
  const message = readMessage(octets);
  if (message === null) return { kind: 'malformed', why: 'it is no message of IKEv1' };
  if (message.body === null) return { kind: 'clear', message, payloads: message.payloads };
  if (chain === null) return { kind: 'sealed', message, why: 'the tester has no keys' };
  const text = chain.cipher.decrypt(chain.key, chain.iv, message.body);
  if (text === null) return { kind: 'sealed', message, why: `${message.body.length} octets are no whole blocks` };
  const payloads = payloadsIn(message.firstPayload, text);
  return payloads === null
    ? { kind: 'sealed', message, why: 'what it decrypts to are no payloads' }
    : { kind: 'opened', message, payloads, text };
}

function payloadsIn(first: number, text: Uint8Array): IsakmpPayload[] | null {
  try {
    const payloads = decodeIsakmpPayloads(first, text);
    return payloads.some(({ type }) => type === 'UNKNOWN') ? null : payloads;
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

/** How to seal, and what to do wrong on the way. */
export interface SealingTraits {
  /** In the place of the one that is due. */
  readonly iv?: Uint8Array;
  /** Blocks of padding that nobody asked for. */
  readonly extraBlocks?: number;
  /** The octets of the padding. */
  readonly padOctet?: number;
  /** Octets in the place of the payloads, and the type of the first. */
  readonly inside?: { readonly first: number; readonly octets: Uint8Array };
  /** Octets cut off the ciphertext. */
  readonly cut?: number;
}

/** What goes behind the header, and the type of its first payload; `chain.iv` is not looked at where `traits` has one. */
export function sealIsakmp(
  { cipher, key, iv }: Chain,
  payloads: readonly IsakmpPayload[],
  traits: SealingTraits = {},
): { readonly first: number; readonly body: Uint8Array } {
  const { first, octets } = traits.inside ?? encodeIsakmpPayloads(payloads);
  const text = padded(cipher, octets, traits.extraBlocks);
  if (traits.padOctet !== undefined) text.fill(traits.padOctet, octets.length);
  const body = cipher.encrypt(key, traits.iv ?? iv, text);
  return { first, body: body.subarray(0, body.length - (traits.cut ?? 0)) };
}

/** The body of the first payload of a message in the clear, as it crossed the wire: of message 1 it is SAi_b. */
export function firstBody(octets: Uint8Array): Uint8Array {
  return octets.subarray(ISAKMP_HEADER_OCTETS + 4, ISAKMP_HEADER_OCTETS + u16At(octets, ISAKMP_HEADER_OCTETS + 2));
}

/** All that is behind the first payload of a text, up to where the chain ends: what HASH(1) and HASH(2) are over. */
export function behindFirst(text: Uint8Array): Uint8Array {
  const begin = u16At(text, 2);
  let [at, next] = [begin, u8At(text, 0)];
  while (next !== 0 && at + 4 <= text.length) {
    next = u8At(text, at);
    at += Math.max(4, u16At(text, at + 2));
  }
  return text.subarray(begin, at);
}

/** A payload's body, generic header taken off: IDii_b, IDir_b. */
export function bodyOf(payload: IsakmpPayload): Uint8Array {
  return encodeIsakmpPayloads([payload]).octets.subarray(4);
}
