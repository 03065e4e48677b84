import { type Instant, NS_PER_S } from '../wire/instant.ts';
import type { IkeEvent } from './daemon.ts';

/** As much of what a daemon of either version remembers as its events need. */
export interface Teller {
  readonly now: Instant;
  readonly out: { readonly events: IkeEvent[] };
  readonly counters: Record<string, number>;
  /** Events of messages that were dropped, in this second. */
  readonly refusals: { second: number; told: number };
}

export function tell(teller: Teller, event: IkeEvent): void {
  teller.out.events.push(event);
  count(teller, event);
}

const EVENTS_A_SECOND = 10;

/** What strangers can bring about as often as they like: all of it is counted, not all is told. */
export function tellAtRate(teller: Teller, event: IkeEvent): void {
  const second = Math.floor(teller.now / NS_PER_S);
  const { refusals } = teller;
  if (refusals.second !== second) Object.assign(refusals, { second, told: 0 });
  if (refusals.told >= EVENTS_A_SECOND) return count(teller, event);
  refusals.told++;
  tell(teller, event);
}

function count({ counters }: Teller, { kind }: IkeEvent): void {
  counters[kind] = (counters[kind] ?? 0) + 1;
}
