/**
 * A point on a node's monotonic clock: whole nanoseconds since an origin that the caller chooses (the start of the run in
 * the simulator, of the process on a live node). A safe integer for 104 days.
 */
export type Instant = number;

export const NS_PER_US = 1_000;
export const NS_PER_MS = 1_000_000;
export const NS_PER_S = 1_000_000_000;
