import { type Core, tellAtRate } from './core.ts';
import { type IsakmpSa, nameOf } from './isakmp-sa.ts';

/** A message is dropped. */
export function refuseMessage(core: Core, sa: IsakmpSa | null, why: string): void {
  const detail = sa === null ? why : `${nameOf(sa)}: ${why}`;
  tellAtRate(core, { kind: 'messageRefused', connection: sa?.connection.name ?? null, detail });
}
