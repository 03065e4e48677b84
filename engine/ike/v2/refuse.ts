import { type Core, tell } from './core.ts';
import { nameOf } from './end.ts';
import type { IkeSa } from './ike-sa.ts';

/** Events of messages that were dropped, of a second at most: strangers can send as many as they like. */
const EVENTS_A_SECOND = 10;

/** A message is dropped. All are counted; not all are told of. */
export function refuseMessage(core: Core, sa: IkeSa | null, why: string): void {
  const second = Math.floor(core.now / 1_000_000_000);
  const { refusals } = core;
  if (refusals.second !== second) Object.assign(refusals, { second, told: 0 });
  if (refusals.told >= EVENTS_A_SECOND) {
    core.counters['messageRefused'] = (core.counters['messageRefused'] ?? 0) + 1;
    return;
  }
  refusals.told++;
  tell(core, {
    kind: 'messageRefused',
    connection: sa?.connection.name ?? null,
    detail: sa === null ? why : `${nameOf(sa)}: ${why}`,
  });
}
