import type { Instant } from '../wire/instant.ts';

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
