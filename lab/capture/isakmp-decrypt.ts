import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  decodeIsakmpChain,
  decodeIsakmpMessage,
  type IsakmpChain,
  octetsBehindFirst,
} from '../../engine/wire/isakmp/codec.ts';
import type { IsakmpHeader, IsakmpMessage, SealedIsakmpMessage } from '../../engine/wire/isakmp/message.ts';
import type { IsakmpFragmentPayload, IsakmpPayload } from '../../engine/wire/isakmp/payload.ts';
import { IsakmpExchange } from '../../engine/wire/isakmp/registry.ts';
import { espCipher } from './crypto/esp-cipher.ts';
import { IsakmpTrail, messageIdOctets } from './isakmp-trail.ts';
import type { IkeSaKeys } from './key-log.ts';
import { unlessMalformed } from './unless-malformed.ts';

/** What an encrypted message of IKEv1, or one in fragments, shows to someone with the keys. */
export type IsakmpOpening =
  /**
   * `isAuthentic`: its HASH is right, RFC 2409 §5.5 and §5.7; null: of phase 1, or in the clear, where a key log does not tell. In the
   * clear is only what came in fragments.
   */
  | {
      readonly kind: 'isakmpOpened';
      readonly header: IsakmpHeader;
      readonly payloads: readonly IsakmpPayload[];
      readonly isAuthentic: true | null;
    }
  /** Others are missing yet. */
  | { readonly kind: 'isakmpFragment'; readonly header: IsakmpHeader; readonly fragment: IsakmpFragmentPayload }
  | { readonly kind: 'isakmpUnknownSa'; readonly header: IsakmpHeader }
  | { readonly kind: 'isakmpRejected'; readonly header: IsakmpHeader; readonly why: string };

/** ISAKMP SAs, and messages in fragments, that are remembered at a time: the oldest is forgotten first. */
const REMEMBERED_MAX = 256;

/**
 * Opens messages of IKEv1 with keys from a log, independently of the engine (RFC 2409 Appendix B). Their IVs come from what was sent
 * before: it must see all messages of an ISAKMP SA, those in the clear too, in order of capture.
 */
export class IsakmpDecryptor {
  readonly #log: () => readonly IkeSaKeys[];
  /** By CKY-I. */
  readonly #trails = new Map<string, IsakmpTrail>();
  readonly #fragments = new Map<string, Map<number, IsakmpFragmentPayload>>();

  constructor(keys: () => readonly IkeSaKeys[]) {
    this.#log = keys;
  }

  /** The payload of UDP, non-ESP marker taken off; null when it is no message of IKEv1, or in the clear. Throws nothing. */
  open(octets: Uint8Array): IsakmpOpening | null {
    const message = unlessMalformed(() => decodeIsakmpMessage(octets));
    if (message === null) return null;
    const [first] = message.payloads;
    if (first?.type !== 'FRAG') return this.#openWhole(message);
    const header = headerOf(message);
    const whole = this.#assembled(header, first);
    if (whole === null) return { kind: 'isakmpFragment', header, fragment: first };
    const inside = unlessMalformed(() => decodeIsakmpMessage(whole));
    if (inside === null || inside.payloads[0]?.type === 'FRAG') {
      return { kind: 'isakmpRejected', header, why: 'the fragments together are malformed' };
    }
    const opening = this.#openWhole(inside);
    return opening ?? { kind: 'isakmpOpened', header: headerOf(inside), payloads: inside.payloads, isAuthentic: null };
  }

  #openWhole(message: IsakmpMessage): IsakmpOpening | null {
    const trail = remembered(this.#trails, message.initiatorCookie, () => new IsakmpTrail());
    if (message.body === null) {
      trail.noteClear(message);
      return null;
    }
    const header = headerOf(message);
    const sas = this.#log().filter(sa => isOf(sa, header));
    const opened = sas.length === 0 ? null : firstOpened(sas, message, trail);
    trail.noteSealed(message, opened?.payloads ?? null);
    if (opened !== null) return { kind: 'isakmpOpened', header, ...opened };
    if (sas.length === 0) return { kind: 'isakmpUnknownSa', header };
    const why = message.messageId === 0 ? 'no payloads come of any IV' : 'no payloads and HASH come of any IV';
    return { kind: 'isakmpRejected', header, why };
  }

  /** The message that all fragments make together; null: some are missing. */
  #assembled(header: IsakmpHeader, fragment: IsakmpFragmentPayload): Uint8Array | null {
    const { initiatorCookie, responderCookie, exchangeType, messageId } = header;
    const key = [initiatorCookie, responderCookie, exchangeType, messageId, fragment.fragmentId].join();
    const pieces = remembered(this.#fragments, key, () => new Map<number, IsakmpFragmentPayload>());
    pieces.set(fragment.number, fragment);
    const inOrder = [...pieces.values()].toSorted((a, b) => a.number - b.number);
    const last = inOrder.find(piece => piece.isLast);
    if (last === undefined || inOrder.some((piece, i) => piece.number !== i + 1) || inOrder.at(-1) !== last)
      return null;
    this.#fragments.delete(key);
    return new Uint8Array(Buffer.concat(inOrder.map(piece => piece.data)));
  }
}

function headerOf(message: IsakmpMessage): IsakmpHeader {
  const { initiatorCookie, responderCookie, majorVersion, minorVersion, exchangeType, messageId } = message;
  const { isEncrypted, isCommit, isAuthenticationOnly } = message;
  const flags = { isEncrypted, isCommit, isAuthenticationOnly };
  return { initiatorCookie, responderCookie, majorVersion, minorVersion, exchangeType, ...flags, messageId };
}

const isOf = (sa: IkeSaKeys, header: IsakmpHeader): boolean =>
  sa.version === 1 && sa.initiatorSpi === header.initiatorCookie && sa.responderSpi === header.responderCookie;

interface Opened {
  readonly payloads: readonly IsakmpPayload[];
  readonly isAuthentic: true | null;
}

/** With the first key and IV of which something comes that makes sense; of phase 2 the HASH must be right too. */
function firstOpened(sas: readonly IkeSaKeys[], message: SealedIsakmpMessage, trail: IsakmpTrail): Opened | null {
  for (const sa of sas.toReversed()) {
    const cipher = espCipher(sa.encryption);
    const isCbc = cipher !== null && cipher.tagOctets === 0 && cipher.ivOctets === cipher.blockOctets;
    if (!isCbc || sa.integrity === null || message.body.length % cipher.blockOctets !== 0) continue;
    const key = Buffer.from(sa.skEi, 'hex');
    if (key.length !== cipher.keyOctets) continue;
    for (const iv of trail.ivs(message, sa.integrity, cipher.blockOctets)) {
      const text = Uint8Array.from(cipher.decrypt({ key, salt: NOTHING, iv, aad: NOTHING, text: message.body }));
      const chain = unlessMalformed(() => decodeIsakmpChain(message.firstPayload, text));
      if (chain === null || chain.payloads.length === 0) continue;
      const isAuthentic = message.messageId === 0 ? null : hashIsRight(sa, message, chain, trail);
      if (isAuthentic !== false) return { payloads: chain.payloads, isAuthentic };
    }
  }
  return null;
}

const NOTHING = new Uint8Array(0);

/** HASH(1) to HASH(3), RFC 2409 §5.5; those of Informational (§5.7) and of Transaction exchanges are as HASH(1). */
function hashIsRight(
  sa: IkeSaKeys,
  message: SealedIsakmpMessage,
  chain: IsakmpChain,
  trail: IsakmpTrail,
): boolean | null {
  const [hash] = chain.payloads;
  if (hash?.type !== 'HASH' || sa.integrity === null) return false;
  if (sa.skAi === '') return null;
  const [id, rest] = [messageIdOctets(message.messageId), octetsBehindFirst(chain)];
  const covered = [[id, rest]];
  if (message.exchangeType === IsakmpExchange.QUICK_MODE) {
    const [ni, nr] = trail.nonces(message.messageId);
    if (ni !== undefined) covered.push([id, ni, rest]);
    if (ni !== undefined && nr !== undefined) covered.push([Uint8Array.of(0), id, ni, nr, rest]);
  }
  return covered.some(parts => {
    const expected = createHmac(sa.integrity ?? '', Buffer.from(sa.skAi, 'hex'))
      .update(Buffer.concat(parts))
      .digest();
    return expected.length === hash.data.length && timingSafeEqual(expected, hash.data);
  });
}

function remembered<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  const [oldest] = map.keys();
  if (map.size > REMEMBERED_MAX && oldest !== undefined) map.delete(oldest);
  return made;
}
