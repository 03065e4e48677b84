import { createHash } from 'node:crypto';
import type { IsakmpHeader } from '../../wire/isakmp/message.ts';
import { type Counting, recount } from '../counted.ts';
import type { ChildSa } from './child-sa.ts';
import type { Core } from './core.ts';
import { type IsakmpSa, isStranger, localCookie } from './isakmp-sa.ts';

/** Adds an ISAKMP SA, or puts its next value in the place of the one before, with everything by which it is found. */
export function storeSa(core: Core, sa: IsakmpSa): void {
  const before = core.sas.get(sa.id) ?? null;
  core.sas.set(sa.id, sa);
  core.unsettled.add(sa.id);
  const key = cookies(sa);
  if (before !== null && cookies(before) !== key) core.byCookies.delete(cookies(before));
  core.byCookies.set(key, sa.id);
  core.ownCookies.add(localCookie(sa));
  recount(core, before, sa, COUNTING);
}

/** It is gone, for this end. Says nothing to anybody. */
export function removeSa(core: Core, id: number): void {
  const sa = core.sas.get(id);
  if (sa === undefined) return;
  core.sas.delete(id);
  core.unsettled.delete(id);
  core.byCookies.delete(cookies(sa));
  core.ownCookies.delete(localCookie(sa));
  recount(core, sa, null, COUNTING);
  core.alarms.set(id, null);
  core.parked.delete(id);
  const digest = core.requestOf.get(id);
  if (digest === undefined) return;
  core.requestOf.delete(id);
  core.byRequest.delete(digest);
}

/** Which ISAKMP SA a message is about, RFC 2408 §2.5.3. */
export function saOf(core: Core, header: Pick<IsakmpHeader, 'initiatorCookie' | 'responderCookie'>): IsakmpSa | null {
  const id = core.byCookies.get(cookies(header));
  return id === undefined ? null : (core.sas.get(id) ?? null);
}

/** By which a message is known again. */
export const messageDigest = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('base64');

const cookies = ({ initiatorCookie, responderCookie }: Pick<IsakmpHeader, 'initiatorCookie' | 'responderCookie'>) =>
  initiatorCookie + responderCookie;

const NO_CHILDREN: readonly ChildSa[] = [];
const COUNTING: Counting<IsakmpSa> = {
  childrenOf: sa => (sa.kind === 'established' ? sa.children : NO_CHILDREN),
  isStranger,
};
