import type { IsakmpNotifyPayload } from '../../wire/isakmp/payload.ts';
import { NS_PER_S } from '../../wire/instant.ts';
import { IsakmpProtocol } from '../../wire/isakmp/registry.ts';
import { childByPeerSpi, withChild } from './child-table.ts';
import type { Lifetimes } from './child-lifetimes.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import { type Step, step, unchanged, type World } from './step.ts';

/** RESPONDER-LIFETIME in an Informational exchange, RFC 2407 §4.6.3.1: what the responder grants is less than was agreed on. */
export function shortenLifetime(
  sa: EstablishedIsakmpSa,
  { protocolId, spi }: IsakmpNotifyPayload,
  lifetimes: readonly Lifetimes[],
  { now }: World,
): Step {
  const seconds = lifetimes[0]?.seconds ?? null;
  if (seconds === null) return unchanged(sa);
  if (protocolId === IsakmpProtocol.ISAKMP) {
    return step({ ...sa, ...shortened(sa, sa.establishedAt + seconds * NS_PER_S, now) });
  }
  const child = childByPeerSpi(sa, protocolId, spi);
  if (child === null) return unchanged(sa);
  return step(withChild(sa, { ...child, ...shortened(child, child.installedAt + seconds * NS_PER_S, now) }));
}

interface Ends {
  readonly rekeyAt: number | null;
  readonly expiresAt: number | null;
}

/** Never longer than it was. It is rekeyed when nine tenths of what is left have passed. */
function shortened({ rekeyAt, expiresAt }: Ends, end: number, now: number): Ends {
  if (expiresAt !== null && expiresAt <= end) return { rekeyAt, expiresAt };
  const at = Math.max(end, now);
  const before = now + Math.floor((at - now) * 0.9);
  return { rekeyAt: rekeyAt === null ? before : Math.min(rekeyAt, before), expiresAt: at };
}
