import { createHash } from 'node:crypto';
import { addressKey } from '../../wire/address.ts';
import type { IsakmpHeader } from '../../wire/isakmp/message.ts';
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
  recount(core, before, sa);
}

/** It is gone, for this end. Says nothing to anybody. */
export function removeSa(core: Core, id: number): void {
  const sa = core.sas.get(id);
  if (sa === undefined) return;
  core.sas.delete(id);
  core.unsettled.delete(id);
  core.byCookies.delete(cookies(sa));
  core.ownCookies.delete(localCookie(sa));
  recount(core, sa, null);
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

/** Of a first message, for `Core.byRequest`: the same from elsewhere is another one. */
export function requestDigest(octets: Uint8Array, address: Uint8Array, port: number): string {
  const hash = createHash('sha256')
    .update(Uint8Array.of(port >>> 8, port & 255))
    .update(address);
  return hash.update(octets).digest('base64');
}

/** By which a message is known again. */
export const messageDigest = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('base64');

export function halfOpenOf(core: Core, address: Uint8Array): number {
  return core.halfOpen.bySource.get(sourceKey(address)) ?? 0;
}

const cookies = ({ initiatorCookie, responderCookie }: Pick<IsakmpHeader, 'initiatorCookie' | 'responderCookie'>) =>
  initiatorCookie + responderCookie;

/** Whoever has one address of IPv6 has the 2^64 of its prefix. */
function sourceKey(address: Uint8Array): string {
  return address.length === 16 ? Buffer.from(address.subarray(0, PREFIX_OCTETS)).toString('hex') : addressKey(address);
}

const PREFIX_OCTETS = 8;

/** What is counted of an ISAKMP SA, before and after. */
function recount(core: Core, before: IsakmpSa | null, after: IsakmpSa | null): void {
  const [old, young] = [childrenOf(before), childrenOf(after)];
  if (old !== young) {
    for (const child of young) count(core.names.childSpis, child.spiIn, 1);
    for (const child of old) count(core.names.childSpis, child.spiIn, -1);
  }
  for (const [sa, more] of [
    [after, 1],
    [before, -1],
  ] as const) {
    if (sa === null || !isStranger(sa)) continue;
    core.halfOpen.total += more;
    count(core.halfOpen.bySource, sourceKey(sa.path.remote), more);
  }
}

const NO_CHILDREN: readonly ChildSa[] = [];
const childrenOf = (sa: IsakmpSa | null): readonly ChildSa[] =>
  sa !== null && sa.kind === 'established' ? sa.children : NO_CHILDREN;

function count<K>(counts: Map<K, number>, key: K, more: 1 | -1): void {
  const now = (counts.get(key) ?? 0) + more;
  if (now === 0) counts.delete(key);
  else counts.set(key, now);
}
