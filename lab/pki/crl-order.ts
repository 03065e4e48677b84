import type { CrlOrder } from '../../engine/pki/encode-crl.ts';

/**
 * The list of those that are revoked at a time, made at `period` or at the last revocation since, and good for so many seconds.
 * All in seconds since the Unix epoch; numbers grow with time.
 */
export function crlOrder(
  issued: readonly {
    readonly serial: Uint8Array;
    readonly revoked: { readonly at: number; readonly reason: string } | null;
  }[],
  at: number,
  period: number,
  seconds: number,
): CrlOrder {
  const revoked = issued.flatMap(({ serial, revoked }) =>
    revoked === null || revoked.at > at ? [] : [{ serial, ...revoked }],
  );
  const thisUpdate = Math.max(period, ...revoked.map(entry => entry.at));
  return { revoked, thisUpdate, nextUpdate: thisUpdate + seconds, number: thisUpdate, scheme: null };
}
