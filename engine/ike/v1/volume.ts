import type { Instant } from '../../wire/instant.ts';
import { v1Of } from './extensions.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';

const OCTETS_PER_KILOBYTE = 1024;
/** Of the limit: then another phase 1 begins. */
const REKEYS_AT = 0.9;

/**
 * So many octets more have gone under the cipher of an ISAKMP SA, either way: its life may be counted in kilobytes, RFC 2409 App. A.
 * Near the limit it is replaced, at it it ends.
 */
export function withVolume(sa: EstablishedIsakmpSa, octets: number, now: Instant): EstablishedIsakmpSa {
  const volume = sa.volume + octets;
  const counted = { ...sa, volume };
  const limit = limitOf(sa);
  if (limit === null || sa.replacedBy !== null) return counted;
  if (volume >= limit) return { ...counted, expiresAt: now };
  const isNear = sa.volume < limit * REKEYS_AT && volume >= limit * REKEYS_AT;
  return isNear ? { ...counted, rekeyAt: now } : counted;
}

/** What was agreed on, and no more than this end's own; null: nothing is counted. */
function limitOf({ suite, connection }: EstablishedIsakmpSa): number | null {
  const { lifetimeCheck, lifetimeKilobytes } = v1Of(connection);
  const own = lifetimeCheck === 'obey' ? null : lifetimeKilobytes;
  const limits = [suite.lifeKilobytes, own].filter(limit => limit !== null);
  return limits.length === 0 ? null : Math.min(...limits) * OCTETS_PER_KILOBYTE;
}
