import type { Impairment } from './model.ts';

/** How many frames wait where a link has a rate, unless a topology says so. */
export const QUEUE_FRAMES = 100;

/** One direction of a link that does nothing to its frames. */
export const UNIMPAIRED: Impairment = {
  delayNs: 0,
  jitterNs: 0,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  corrupt: 0,
  rateBitsPerSecond: null,
  queueFrames: QUEUE_FRAMES,
};
