import type { Instant } from '../../wire/instant.ts';
import type { ConnectionConfig } from '../config.ts';
import type { WantedChild } from '../v2/ike-sa.ts';

/** How a connection gets, and gets back, the children that somebody wants. */
export interface Caller {
  readonly connection: ConnectionConfig;
  /** Negative: its alarm among those of ISAKMP SAs. */
  readonly alarmId: number;
  /** The ISAKMP SA that is being made; null: none. */
  attempt: number | null;
  /** How often it came to nothing, since the last time that it did not. */
  failures: number;
  /** When it begins again; null: nothing is waited for. */
  retryAt: Instant | null;
  /** Children that are wanted and not there, by name. */
  readonly wanted: Map<string, WantedChild>;
  /** Of children that begin by policy, because a loss has made it so. */
  readonly trapped: Set<string>;
  /** The ISAKMP SA that the next one is to replace; null: none. */
  replaces: number | null;
}
