import { tellAtRate } from '../tell.ts';
import { type Core } from './core.ts';
import { nameOf } from './end.ts';
import type { IkeSa } from './ike-sa.ts';

/** A message is dropped. */
export function refuseMessage(core: Core, sa: IkeSa | null, why: string): void {
  const detail = sa === null ? why : `${nameOf(sa)}: ${why}`;
  tellAtRate(core, { kind: 'messageRefused', connection: sa?.connection.name ?? null, detail });
}
