import { createHash } from 'node:crypto';
import { type Address, addressKey } from '../wire/address.ts';
import type { Names } from './names.ts';

/** What a daemon of either version counts of its IKE SAs: SPIs of their Child SAs, and what strangers take. */
export interface Counted {
  readonly names: Pick<Names, 'childSpis'>;
  readonly halfOpen: HalfOpen;
}

/** IKE SAs of responders whose peer has not proven anything, in total and by its address. */
export interface HalfOpen {
  total: number;
  readonly bySource: Map<string, number>;
}

/** What is to be known of an IKE SA for that. */
export interface Counting<Sa> {
  readonly childrenOf: (sa: Sa) => readonly { readonly spiIn: number }[];
  readonly isStranger: (sa: Sa) => boolean;
}

/** Before and after; null: it was, or is, not there. */
export function recount<Sa extends { readonly path: { readonly remote: Address } }>(
  { names, halfOpen }: Counted,
  before: Sa | null,
  after: Sa | null,
  { childrenOf, isStranger }: Counting<Sa>,
): void {
  const [old, young] = [before, after].map(sa => (sa === null ? NONE : childrenOf(sa)));
  if (old !== undefined && young !== undefined && old !== young) {
    for (const { spiIn } of young) count(names.childSpis, spiIn, 1);
    for (const { spiIn } of old) count(names.childSpis, spiIn, -1);
  }
  for (const [sa, more] of [
    [after, 1],
    [before, -1],
  ] as const) {
    if (sa === null || !isStranger(sa)) continue;
    halfOpen.total += more;
    count(halfOpen.bySource, sourceKey(sa.path.remote), more);
  }
}

const NONE: readonly { readonly spiIn: number }[] = [];

/** Without what there is none of. */
export function count<K>(counts: Map<K, number>, key: K, more: 1 | -1): void {
  const now = (counts.get(key) ?? 0) + more;
  if (now === 0) counts.delete(key);
  else counts.set(key, now);
}

export function halfOpenOf({ halfOpen }: Pick<Counted, 'halfOpen'>, address: Address): number {
  return halfOpen.bySource.get(sourceKey(address)) ?? 0;
}

/** Of a first message: the same from elsewhere is another one. */
export function requestDigest(octets: Uint8Array, address: Address, port: number): string {
  const hash = createHash('sha256')
    .update(Uint8Array.of(port >>> 8, port & 255))
    .update(address);
  return hash.update(octets).digest('base64');
}

/** Whoever has one address of IPv6 has the 2^64 of its prefix, RFC 8019 §4.2. */
function sourceKey(address: Address): string {
  return address.length === 16 ? Buffer.from(address.subarray(0, PREFIX_OCTETS)).toString('hex') : addressKey(address);
}

const PREFIX_OCTETS = 8;
