/** What the daemons of one node, of IKEv1 and of IKEv2, must not both give to something of their own. */
export interface Names {
  /** Of the next IKE SA, ISAKMP SA, Child SA, alarm. */
  nextId: number;
  /** Of the next thing to be fetched. */
  nextFetchId: number;
  /** Inbound SPIs of Child SAs, and how many have each: two for a moment, when one is replaced. */
  readonly childSpis: Map<number, number>;
}

export const createNames = (): Names => ({ nextId: 1, nextFetchId: 1, childSpis: new Map() });
