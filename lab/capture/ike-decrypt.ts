import { timingSafeEqual } from 'node:crypto';
import { decodeIkeMessage, decodePayloads } from '../../engine/wire/ike/codec.ts';
import { coveredOf } from '../../engine/wire/ike/encrypted.ts';
import type { IkeHeader, IkeMessage } from '../../engine/wire/ike/message.ts';
import type { EncryptedFragmentPayload, EncryptedPayload, Payload } from '../../engine/wire/ike/payload.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { type EspAlgorithm, espAlgorithm } from './esp-algorithm.ts';
import type { IkeSaKeys } from './key-log.ts';
import { unlessMalformed } from './unless-malformed.ts';

/** What an encrypted IKE message shows to someone with the keys. */
export type IkeOpening =
  /** The ICV is right: what was in SK, or in all fragments together. */
  | { readonly kind: 'ikeOpened'; readonly header: IkeHeader; readonly payloads: readonly Payload[] }
  /** A fragment whose ICV is right, and others are missing yet (RFC 7383). */
  | { readonly kind: 'ikeFragment'; readonly header: IkeHeader; readonly number: number; readonly total: number }
  | { readonly kind: 'ikeUnknownSa'; readonly header: IkeHeader }
  | { readonly kind: 'ikeRejected'; readonly header: IkeHeader; readonly why: string };

/** Messages in fragments that are waited for at a time: the oldest is forgotten first. */
const FRAGMENTED_MAX = 64;

/**
 * Opens IKE messages with keys from a log, independently of the engine (RFC 7296 §3.14, RFC 5282, RFC 7383). An IKE SA may
 * be in the log more than once: its keys change with each IKE_INTERMEDIATE that exchanges some (RFC 9370).
 */
export class IkeDecryptor {
  readonly #log: () => readonly IkeSaKeys[];
  readonly #fragments = new Map<string, Map<number, Piece>>();

  constructor(keys: () => readonly IkeSaKeys[]) {
    this.#log = keys;
  }

  /** The payload of UDP, non-ESP marker taken off; null when it is no IKEv2 message, or nothing is encrypted. Throws nothing. */
  open(octets: Uint8Array): IkeOpening | null {
    const message = unlessMalformed(() => decodeIkeMessage(octets));
    const last = message?.payloads.at(-1);
    if (message === null || (last?.type !== 'SK' && last?.type !== 'SKF')) return null;
    const { payloads: _, ...header } = message;
    const sas = this.#log()
      .filter(sa => isOf(sa, header))
      .toReversed(); // the newest keys first
    if (sas.length === 0) return { kind: 'ikeUnknownSa', header };
    const answers = sas.map(sa => plaintextOf(sa, octets, message, last));
    const plaintext = answers.find(answer => typeof answer !== 'string') ?? answers[0] ?? '';
    if (typeof plaintext === 'string') return { kind: 'ikeRejected', header, why: plaintext };
    return this.#assembled(header, last, plaintext);
  }

  #assembled(header: IkeHeader, payload: Encrypted, plaintext: Uint8Array): IkeOpening {
    if (payload.type === 'SK') return opened(header, payload.firstPayload, plaintext);
    const { fragmentNumber: number, totalFragments: total } = payload;
    const key = [header.initiatorSpi, header.responderSpi, header.isInitiator, header.messageId, total].join();
    const pieces = this.#fragments.get(key) ?? new Map<number, Piece>();
    pieces.set(number, { firstPayload: payload.firstPayload, plaintext });
    this.#remember(key, pieces);
    const first = pieces.get(1);
    if (pieces.size < total || first === undefined) return { kind: 'ikeFragment', header, number, total };
    const inOrder = [...pieces].toSorted(([a], [b]) => a - b).map(([, piece]) => piece.plaintext);
    return opened(header, first.firstPayload, new Uint8Array(Buffer.concat(inOrder)));
  }

  #remember(key: string, pieces: Map<number, Piece>): void {
    this.#fragments.set(key, pieces);
    if (this.#fragments.size <= FRAGMENTED_MAX) return;
    const [oldest] = this.#fragments.keys();
    if (oldest !== undefined) this.#fragments.delete(oldest);
  }
}

type Encrypted = EncryptedPayload | EncryptedFragmentPayload;

interface Piece {
  readonly firstPayload: number;
  readonly plaintext: Uint8Array;
}

const isOf = (sa: IkeSaKeys, header: IkeHeader): boolean =>
  sa.version === 2 && sa.initiatorSpi === header.initiatorSpi && sa.responderSpi === header.responderSpi;

function opened(header: IkeHeader, firstPayload: number, plaintext: Uint8Array): IkeOpening {
  const payloads = unlessMalformed(() => decodePayloads(firstPayload, plaintext));
  if (payloads === null) return { kind: 'ikeRejected', header, why: 'the payloads inside are malformed' };
  return { kind: 'ikeOpened', header, payloads };
}

/** Without padding; a string says why there is none. */
function plaintextOf(sa: IkeSaKeys, octets: Uint8Array, message: IkeMessage, { body }: Encrypted): Uint8Array | string {
  const algorithm = espAlgorithm(sa.integrity === null ? sa.encryption : `${sa.encryption}-${sa.integrity}`);
  if (algorithm === null) return `${sa.encryption} is not known here`;
  const { cipher, icvOctets } = algorithm;
  const textOctets = body.length - cipher.ivOctets - icvOctets;
  // RFC 5282 §3 and RFC 5930: these need no padding, whatever ESP does with them.
  const isAligned = cipher.blockOctets <= 4 || textOctets % cipher.blockOctets === 0;
  if (textOctets < 1 || !isAligned) return `${body.length} octets cannot be IV, ciphertext and ICV`;
  const parts: Parts = {
    covered: coveredOf(octets, message),
    iv: body.subarray(0, cipher.ivOctets),
    ciphertext: body.subarray(cipher.ivOctets, cipher.ivOctets + textOctets),
    icv: body.subarray(cipher.ivOctets + textOctets),
  };
  // SK_ei and SK_ai are those of the original initiator, §2.14.
  const [encryption, integrity] = message.isInitiator ? [sa.skEi, sa.skAi] : [sa.skEr, sa.skAr];
  const text = openedText(algorithm, Buffer.from(encryption, 'hex'), Buffer.from(integrity, 'hex'), parts);
  if (text === null) return 'the ICV is wrong';
  const padLength = u8At(text, text.length - 1);
  return padLength >= text.length ? `${padLength} octets of padding do not fit` : text.subarray(0, -1 - padLength);
}

interface Parts {
  /** From the header to the IV. */
  readonly covered: Uint8Array;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly icv: Uint8Array;
}

/** With padding and Pad Length; null: the ICV is wrong. */
function openedText(
  { cipher, integrity }: EspAlgorithm,
  encryptionKey: Uint8Array,
  integrityKey: Uint8Array,
  { covered, iv, ciphertext, icv }: Parts,
): Uint8Array | null {
  const key = encryptionKey.subarray(0, cipher.keyOctets);
  const input = { key, salt: encryptionKey.subarray(cipher.keyOctets), iv, aad: covered, text: ciphertext };
  const isRight =
    integrity === null
      ? cipher.tagIsRight(input, icv)
      : timingSafeEqual(integrity.icv(integrityKey, Buffer.concat([covered, iv, ciphertext]), NO_IV), icv);
  return isRight ? new Uint8Array(cipher.decrypt(input)) : null;
}

const NO_IV = new Uint8Array(0);
