import type { KeyExchangeAnswer, KeyExchangeResult } from '../crypto/key-exchange.ts';
import type { Prf } from '../crypto/prf.ts';
import type { IkeMessage } from '../wire/ike/message.ts';
import type { PeerVerdict } from './v2/authenticate.ts';

/**
 * The decisions that a daemon is composed of, as `EspSteps` are of the kernel. The engine has one of each; a subject that is
 * broken on purpose replaces one. Each message that leaves passes `outgoing`, by which a tester alters it.
 */
export interface IkeSteps {
  /** A message before it is sealed: all payloads, also those that go inside of SK. What it returns is sent; null: nothing. */
  outgoing(message: IkeMessage): IkeMessage | null;
  /** The same as octets, sealed and cut: one datagram. */
  outgoingOctets(octets: Uint8Array): Uint8Array | null;
  /** RFC 7296 §2.6: whether the cookie that came back is one of those that this node gives out now. */
  isOwnCookie(cookie: Uint8Array, valid: readonly Uint8Array[]): boolean;
  /** §2.5: types of payloads that are critical and not known, of all that came; the first is answered. */
  unsupportedCritical(payloads: IkeMessage['payloads']): number | null;
  /** §2.10: whether a nonce is long enough for the PRF, and not longer than it may be. */
  isNonceFit(nonce: Uint8Array, prf: Prf): boolean;
  /** What came of the peer's value, RFC 6989. */
  keyExchanged<R extends KeyExchangeResult | KeyExchangeAnswer>(result: R): R;
  /** §2.15: whether the peer is who it says. */
  peerJudged(verdict: PeerVerdict): PeerVerdict;
  /** §2.1: whether a request that was answered is answered again, in the same octets. */
  repeatsResponse(messageId: number): boolean;
}

export const STEPS: IkeSteps = {
  outgoing: message => message,
  outgoingOctets: octets => octets,
  isOwnCookie: (cookie, valid) => valid.some(one => Buffer.compare(one, cookie) === 0),
  unsupportedCritical: payloads => {
    for (const payload of payloads) {
      if (payload.type === 'unknown' && payload.critical === true) return payload.payloadType;
    }
    return null;
  },
  isNonceFit: (nonce, prf) => nonce.length >= Math.max(16, prf.keyOctets / 2) && nonce.length <= 256,
  keyExchanged: result => result,
  peerJudged: verdict => verdict,
  repeatsResponse: () => true,
};
