import type { IkeEvent } from '../daemon.ts';
import { NS_PER_S } from '../../wire/instant.ts';
import { type Core, tell } from './core.ts';
import { nameOf } from './end.ts';
import type { IkeSa } from './ike-sa.ts';

/** A message is dropped. */
export function refuseMessage(core: Core, sa: IkeSa | null, why: string): void {
  const detail = sa === null ? why : `${nameOf(sa)}: ${why}`;
  tellAtRate(core, { kind: 'messageRefused', connection: sa?.connection.name ?? null, detail });
}

const EVENTS_A_SECOND = 10;

/** What strangers can bring about as often as they like: all of it is counted, not all is told. */
export function tellAtRate(core: Core, event: IkeEvent): void {
  const second = Math.floor(core.now / NS_PER_S);
  const { refusals } = core;
  if (refusals.second !== second) Object.assign(refusals, { second, told: 0 });
  if (refusals.told < EVENTS_A_SECOND) {
    refusals.told++;
    tell(core, event);
  } else core.counters[event.kind] = (core.counters[event.kind] ?? 0) + 1;
}
