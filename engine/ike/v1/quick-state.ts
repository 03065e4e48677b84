import type { KeyExchangeStart } from '../../crypto/key-exchange.ts';
import type { TrafficSelector } from '../../wire/ike/payload.ts';
import type { ChildConfig } from '../config.ts';
import type { Phase2Choice } from './phase2-attributes.ts';

/** What Quick Mode remembers between its messages, RFC 2409 §5.5. */
export type QuickState = QuickOffered | QuickAnswered | QuickConcluded;

/** The initiator after message 1. */
export interface QuickOffered {
  readonly kind: 'quickOffered';
  readonly offer: QuickOffer;
}

/** The responder after message 2: the Child SA is `installing`. */
export interface QuickAnswered {
  readonly kind: 'quickAnswered';
  readonly childId: number;
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
}

/** Both have said all; the initiator may have to wait for CONNECTED before it sends by the Child SA, RFC 2408 §3.1. */
export interface QuickConcluded {
  readonly kind: 'quickConcluded';
  readonly childId: number;
  readonly awaitsConnected: boolean;
}

/** To be held against the answer. */
export interface QuickOffer {
  readonly config: ChildConfig;
  readonly spiIn: number;
  readonly choices: readonly Phase2Choice[];
  /** From this node's side: one of each. */
  readonly pair: SelectorsOfSa;
  /** `ChildSa.id` of the one that is rekeyed; null: none. */
  readonly replaces: number | null;
  readonly nonce: Uint8Array;
  /** This end's half of the exchange for PFS; null: none. */
  readonly keyExchange: KeyExchangeStart | null;
}

/** IKEv1 has one traffic selector a side. */
export interface SelectorsOfSa {
  readonly local: TrafficSelector;
  readonly remote: TrafficSelector;
}
