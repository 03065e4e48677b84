import type { Instant } from '../../wire/instant.ts';
import type { ChildSa as ChildSaOfV2 } from '../v2/child-sa.ts';

export type { ChildOrigin, LingeringSa } from '../v2/child-sa.ts';

/**
 * A pair of ESP or AH SAs in the node that Quick Mode has made. `installing`: this end was the responder, and the initiator has
 * not shown yet that it has the answer: only the inbound half is there. `rekeyed`: another has taken its place, and at
 * `retireAt` this end takes it away.
 */
export interface ChildSa extends Omit<ChildSaOfV2, 'state'> {
  readonly state: ChildSaOfV2['state'] | 'installing';
  /** Absent: it has not been replaced. */
  readonly retireAt?: Instant;
}
