import { type Instant, NS_PER_S } from '../wire/instant.ts';

/** What an SA may do before something happens, RFC 4301 §4.4.2.1; null: as much as it likes. */
export interface LifetimeLimits {
  /** From its installation. */
  readonly seconds: number | null;
  /** Octets that the cipher (or, in AH, the ICV) was applied to. */
  readonly octets: number | null;
  readonly packets: number | null;
}

/** Soft: somebody is told, so that a successor can be made. Hard: the SA is deleted. */
export interface SaLifetime {
  readonly installedAt: Instant;
  readonly soft: LifetimeLimits;
  readonly hard: LifetimeLimits;
}

export const UNLIMITED: LifetimeLimits = { seconds: null, octets: null, packets: null };

/** What of an SA its lifetime is measured by. */
export interface SaUse {
  readonly lifetime: SaLifetime;
  readonly packets: number;
  readonly octets: number;
}

export interface ReachedLimit {
  readonly level: 'soft' | 'hard';
  /** Which of the limits it was; the first of them where there are several. */
  readonly unit: keyof LifetimeLimits;
}

/** The limit that an SA has reached, the hard one before the soft one; null: none. The packet that reaches it was the last. */
export function reachedLimit(sa: SaUse, now: Instant): ReachedLimit | null {
  for (const level of ['hard', 'soft'] as const) {
    const unit = reachedUnit(sa, sa.lifetime[level], now);
    if (unit !== null) return { level, unit };
  }
  return null;
}

/** When the next limit of time is reached, after `now`; null: never. Octets and packets are looked at with each packet. */
export function nextLimitAt({ lifetime }: SaUse, now: Instant): Instant | null {
  const dues = [dueAt(lifetime, lifetime.soft), dueAt(lifetime, lifetime.hard)].filter(
    due => due !== null && due > now,
  );
  return dues.reduce((first, due) => (first === null || (due !== null && due < first) ? due : first), null);
}

function reachedUnit(sa: SaUse, limits: LifetimeLimits, now: Instant): keyof LifetimeLimits | null {
  const due = dueAt(sa.lifetime, limits);
  if (due !== null && now >= due) return 'seconds';
  if (limits.octets !== null && sa.octets >= limits.octets) return 'octets';
  if (limits.packets !== null && sa.packets >= limits.packets) return 'packets';
  return null;
}

function dueAt({ installedAt }: SaLifetime, { seconds }: LifetimeLimits): Instant | null {
  return seconds === null ? null : installedAt + seconds * NS_PER_S;
}
