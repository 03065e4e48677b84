import type { TrafficSelector } from '../../wire/ike/payload.ts';
import type { Instant } from '../../wire/instant.ts';
import type { SaInput } from '../../ipsec/sa-input.ts';
import type { ChildConfig } from '../config.ts';

/** A Child SA: a pair of ESP or AH SAs in the node, RFC 7296 §2.9. */
export interface ChildSa {
  /** The number in `IkeStatus`, never used twice. */
  readonly id: number;
  readonly config: ChildConfig;
  /**
   * `rekeying`: this end's request to replace it is under way. `rekeyed`: another has taken its place, and one of the ends
   * is to delete it. `deleting`: this end's Delete is under way.
   */
  readonly state: 'installed' | 'rekeying' | 'rekeyed' | 'deleting';
  readonly spiIn: number;
  readonly spiOut: number;
  /** As they were given to the node. The outbound half may wait for the peer (`isOutboundInstalled`). */
  readonly inbound: SaInput;
  readonly outbound: SaInput;
  readonly isOutboundInstalled: boolean;
  /** As in `ChildSaStatus.suite`. */
  readonly suite: string;
  /** As negotiated, from this node's side. */
  readonly local: readonly TrafficSelector[];
  readonly remote: readonly TrafficSelector[];
  readonly installedAt: Instant;
  /** null: never. */
  readonly rekeyAt: Instant | null;
  /** When it is deleted unless it was replaced; null: never. */
  readonly expiresAt: Instant | null;
  readonly origin: ChildOrigin;
}

/** How a Child SA came to be: what decides which of two is redundant, RFC 7296 §2.8.1. */
export interface ChildOrigin {
  /** Who was the initiator of the exchange that made it. */
  readonly madeBy: 'us' | 'peer';
  /** `ChildSa.id` of the one that it took the place of; null: of none. */
  readonly replaces: number | null;
  /** The lower of the two nonces of that exchange; null: it was the one of IKE_SA_INIT, and is nothing to compare. */
  readonly lowestNonce: Uint8Array | null;
  /** That of the first of those that have replaced one another: an end that has only the last of them knows it as well. */
  readonly lineNonce: Uint8Array | null;
}

/** The inbound half of a Child SA that another has replaced: packets may be on their way still. */
export interface LingeringSa {
  readonly inbound: SaInput;
  /** When it leaves the node. */
  readonly until: Instant;
}
