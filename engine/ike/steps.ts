import type { KeyExchangeAnswer, KeyExchangeResult } from '../crypto/key-exchange.ts';
import type { Prf } from '../crypto/prf.ts';
import type { IkeMessage } from '../wire/ike/message.ts';
import type { NotifyPayload } from '../wire/ike/payload.ts';
import type { ProtocolError } from './protocol-error.ts';
import type { PeerVerdict } from './v2/authenticate.ts';
import type { DetectedNats } from './v2/nat-detection.ts';
import { isNonceFit } from './v2/nonce.ts';
import type { RequestPlace } from './v2/windows.ts';

/**
 * The decisions that a daemon is composed of, as `EspSteps` are of the kernel. The engine has one of each; a subject that is
 * broken on purpose replaces one. Each message that leaves passes `outgoing`, by which a tester alters it.
 */
export interface IkeSteps {
  /** A message before it is sealed: all payloads, also those that go inside of SK. What it returns is sent; null: nothing. */
  outgoing(message: IkeMessage): IkeMessage | null;
  /** The same as octets, sealed and cut: one datagram. */
  outgoingOctets(octets: Uint8Array): Uint8Array | null;
  /** A message that came, opened and put together, before anything is made of its payloads; null: it never came. */
  incoming(message: IkeMessage): IkeMessage | null;
  /** RFC 7296 §2.21.4: whether a message about an IKE SA is taken for the peer's although its keys do not protect it. */
  believesClear(message: IkeMessage): boolean;
  /** §2.3: where a request is in the window; what is `new` is handled. */
  placed(place: RequestPlace, messageId: number): RequestPlace;
  /** §2.5 and §3.10.1: what the table of an exchange finds wrong with a message. */
  checked(error: ProtocolError | null): ProtocolError | null;
  /** §2.21: what is answered to an error. */
  answered(notify: NotifyPayload | 'drop', error: ProtocolError): NotifyPayload | 'drop';
  /** §2.23: what the digests of the other end say; null: it has sent none. */
  natsDetected(nats: DetectedNats | null): DetectedNats | null;
  /** §2.6: whether the cookie that came back is one of those that this node gives out now. */
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
  incoming: message => message,
  believesClear: () => false,
  placed: place => place,
  checked: error => error,
  answered: notify => notify,
  natsDetected: nats => nats,
  isOwnCookie: (cookie, valid) => valid.some(one => Buffer.compare(one, cookie) === 0),
  unsupportedCritical: payloads => {
    for (const payload of payloads) {
      if (payload.type === 'unknown' && payload.critical === true) return payload.payloadType;
    }
    return null;
  },
  isNonceFit,
  keyExchanged: result => result,
  peerJudged: verdict => verdict,
  repeatsResponse: () => true,
};
