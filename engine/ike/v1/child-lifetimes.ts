import type { Random } from '../../crypto/random.ts';
import type { LifetimeLimits } from '../../ipsec/lifetime.ts';
import { type Instant, NS_PER_S } from '../../wire/instant.ts';
import type { ChildConfig, ConnectionConfig } from '../config.ts';
import type { V1Config } from '../v1-config.ts';
import { type ChildLifetime, fraction, GRACE_SECONDS } from '../v2/child-lifetime.ts';

/** SA Life Duration by its two types, RFC 2407 §4.5; null: not said. */
export interface Lifetimes {
  readonly seconds: number | null;
  readonly kilobytes: number | null;
}

/** What is assumed where nothing is said, RFC 2407 §4.5. */
export const DEFAULT_SECONDS = 28_800;

/** What a child is offered with. A limit of 0 seconds, or none, is not said: the peer assumes the default. */
export function configuredLifetimes({ rekey }: Pick<ChildConfig, 'rekey'>): Lifetimes {
  const seconds = rekey.seconds === null || rekey.seconds === 0 ? null : Math.max(1, Math.round(rekey.seconds));
  const kilobytes = rekey.octets === null ? null : Math.max(1, Math.floor(rekey.octets / OCTETS_PER_KILOBYTE));
  return { seconds, kilobytes };
}

export type LifetimeAgreement =
  | {
      readonly kind: 'agreed';
      readonly lifetimes: Lifetimes;
      /** RESPONDER-LIFETIME is to tell the initiator of them, RFC 2407 §4.6.3.1. */
      readonly tells: boolean;
    }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * The responder's choice, RFC 2407 §4.5.4: what is offered (`obey`), no longer than its own (`strict`), which it tells (`claim`), or
 * nothing at all (`exact`). Peers offer what is longer than they mean to use, so a longer lifetime is no reason to refuse.
 */
export function agreeLifetimes(
  offered: Lifetimes,
  own: Lifetimes,
  check: V1Config['lifetimeCheck'],
): LifetimeAgreement {
  const asked = { seconds: offered.seconds ?? DEFAULT_SECONDS, kilobytes: offered.kilobytes };
  if (check === 'obey') return { kind: 'agreed', lifetimes: asked, tells: false };
  const limit = { seconds: own.seconds ?? (check === 'exact' ? DEFAULT_SECONDS : null), kilobytes: own.kilobytes };
  for (const unit of ['seconds', 'kilobytes'] as const) {
    const [want, have] = [asked[unit], limit[unit]];
    if (check === 'exact' && want !== have) {
      return { kind: 'refused', why: `a lifetime of ${want ?? 'no'} ${unit}, and not ${have ?? 'any'}` };
    }
  }
  const lifetimes = {
    seconds: least(asked.seconds, limit.seconds),
    kilobytes: least(asked.kilobytes, limit.kilobytes),
  };
  const tells = lifetimes.seconds !== asked.seconds || lifetimes.kilobytes !== asked.kilobytes;
  return { kind: 'agreed', lifetimes, tells: tells && check === 'claim' };
}

/** The initiator's: no longer than it has offered, and no longer than the responder says. */
export function shortest(...all: readonly Lifetimes[]): Lifetimes {
  return all.reduce((a, b) => ({ seconds: least(a.seconds, b.seconds), kilobytes: least(a.kilobytes, b.kilobytes) }), {
    seconds: null,
    kilobytes: null,
  });
}

/**
 * When SAs of this lifetime are replaced and when they end: at the end of what was agreed on, and so much earlier that the peer,
 * who counts the same, is not the first to end them. Packets are each end's own.
 */
export function childLifetimeOf(
  { seconds, kilobytes }: Lifetimes,
  { rekey, over }: Pick<ChildConfig, 'rekey' | 'over'>,
  { lifetimeJitter }: Pick<ConnectionConfig, 'lifetimeJitter'>,
  random: Random,
  now: Instant,
): ChildLifetime {
  const part = (1 - lifetimeJitter * fraction(random)) / (1 + Math.max(over, LEAST_OVER));
  const octets = kilobytes === null ? null : kilobytes * OCTETS_PER_KILOBYTE;
  const soft: LifetimeLimits = { seconds: null, octets: scaled(octets, part), packets: scaled(rekey.packets, part) };
  const hard: LifetimeLimits = {
    // Time is IKE's to watch: it tries again where it did not succeed at once.
    seconds: seconds === null ? null : Math.round(seconds) + GRACE_SECONDS,
    octets,
    packets: scaled(rekey.packets, 1 + over),
  };
  const at = (limit: number | null) => (limit === null ? null : now + Math.round(limit * NS_PER_S));
  return { limits: { soft, hard }, rekeyAt: at(seconds === null ? null : seconds * part), expiresAt: at(seconds) };
}

const OCTETS_PER_KILOBYTE = 1024;
/** Some time is needed to rekey, whatever the configuration says. */
const LEAST_OVER = 0.05;

function scaled(limit: number | null, factor: number): number | null {
  return limit === null ? null : Math.max(1, Math.floor(limit * factor));
}

function least(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}
