import type { Address } from '../../wire/address.ts';

/** What an IKE SA remembers of RFC 4555 besides its path. */
export interface MobikeState {
  /** ADDITIONAL_*_ADDRESS of the peer: where else it may be reached. */
  readonly peerAddresses: readonly Address[];
  /** What of this node's addresses the peer was told last, text. */
  readonly told: readonly string[];
  /** Message IDs of the newest requests that changed the path and the list; -1: none did. Older ones change nothing (§3.5). */
  readonly updateId: number;
  readonly listId: number;
  /** NAT_DETECTION_DESTINATION_IP as the peer said it last: it shows when a NAT has changed its mind (§3.8). */
  readonly seenAs: Uint8Array | null;
}

export const NO_MOBIKE: MobikeState = { peerAddresses: [], told: [], updateId: -1, listId: -1, seenAs: null };

/** Addresses of a peer that are kept: more are of no use to anybody. */
export const PEER_ADDRESSES_MAX = 16;

/** The same for an IKE SA whose Message IDs begin anew: what the last one said is older than all that comes. */
export function atFirstMessage(state: MobikeState): MobikeState {
  return { ...state, updateId: NO_MOBIKE.updateId, listId: NO_MOBIKE.listId };
}
