import type { ChildSa as ChildSaOfV2 } from '../v2/child-sa.ts';

export type { LingeringSa } from '../v2/child-sa.ts';

/** A pair of ESP or AH SAs in the node that Quick Mode has made. */
export type ChildSa = Omit<ChildSaOfV2, 'origin'>;
