import type { IkeHeader } from '../../wire/ike/message.ts';
import { count, type Counting, recount } from '../counted.ts';
import type { ChildSa } from './child-sa.ts';
import type { Core } from './core.ts';
import { type IkeSa, isAuthenticated, localSpi } from './ike-sa.ts';

/** Adds an IKE SA, or puts its next value in the place of the one before, with everything by which it is found. */
export function storeSa(core: Core, sa: IkeSa): void {
  const before = core.sas.get(sa.id) ?? null;
  core.sas.set(sa.id, sa);
  core.unsettled.add(sa.id);
  if (before === null) {
    core.bySpis.set(sa.initiatorSpi + sa.responderSpi, sa.id);
    count(core.ownSpis, localSpi(sa), 1);
  }
  recount(core, before, sa, COUNTING);
}

/** It is gone, for this end. Says nothing to anybody. */
export function removeSa(core: Core, id: number): void {
  const sa = core.sas.get(id);
  if (sa === undefined) return;
  core.sas.delete(id);
  core.unsettled.delete(id);
  core.bySpis.delete(sa.initiatorSpi + sa.responderSpi);
  count(core.ownSpis, localSpi(sa), -1);
  recount(core, sa, null, COUNTING);
  core.alarms.set(id, null);
  core.parked.delete(id);
  const digest = core.requestOf.get(id);
  if (digest === undefined) return;
  core.requestOf.delete(id);
  core.byRequest.delete(digest);
}

/** Which IKE SA a message is about: by both SPIs, RFC 7296 §2.6. */
export function saOf(core: Core, { initiatorSpi, responderSpi }: Pick<IkeHeader, 'initiatorSpi' | 'responderSpi'>) {
  const id = core.bySpis.get(initiatorSpi + responderSpi);
  return id === undefined ? null : (core.sas.get(id) ?? null);
}

const NO_CHILDREN: readonly ChildSa[] = [];
const COUNTING: Counting<IkeSa> = {
  childrenOf: sa => (isAuthenticated(sa) ? sa.children : NO_CHILDREN),
  isStranger: sa => sa.kind === 'halfOpen' || (sa.kind === 'closed' && sa.isStranger),
};
