/** Pieces of one message of the peer, payload 132: no more than one message at a time, and no more octets than a message may have. */
export interface FragmentSet {
  /** All pieces of a message have the same. */
  readonly fragmentId: number;
  /** By number, from 1 on. */
  readonly pieces: ReadonlyMap<number, Uint8Array>;
  /** The number of the last; null: it has not come. */
  readonly last: number | null;
  readonly octets: number;
}
