import type { EstablishedIsakmpSa } from './isakmp-sa.ts';

/** Message IDs that are remembered of one ISAKMP SA: what comes again of older ones is refused by what it says. */
const REMEMBERED = 512;

/** The exchange of this Message ID is over: it is not opened again, by a replay of its first message for instance. */
export function withUsedId(sa: EstablishedIsakmpSa, messageId: number): EstablishedIsakmpSa {
  if (sa.usedIds.includes(messageId)) return sa;
  return { ...sa, usedIds: [...sa.usedIds, messageId].slice(-REMEMBERED) };
}

/** The same, and what was known of the exchange is forgotten. */
export function closed(sa: EstablishedIsakmpSa, messageId: number): EstablishedIsakmpSa {
  const exchanges = sa.exchanges.filter(one => one.messageId !== messageId);
  return withUsedId({ ...sa, exchanges }, messageId);
}
