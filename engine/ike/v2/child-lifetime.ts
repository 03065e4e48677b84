import type { Random } from '../../crypto/random.ts';
import type { LifetimeLimits } from '../../ipsec/lifetime.ts';
import type { SaInput } from '../../ipsec/sa-input.ts';
import { type Instant, NS_PER_S } from '../../wire/instant.ts';
import type { ChildConfig, ConnectionConfig } from '../config.ts';

export interface ChildLifetime {
  /** For the node: it counts packets and octets, and takes away what nobody has taken away. */
  readonly limits: Required<NonNullable<SaInput['lifetime']>>;
  /** null: never. */
  readonly rekeyAt: Instant | null;
  readonly expiresAt: Instant | null;
}

/**
 * When a Child SA is rekeyed and when it ends, RFC 7296 §2.8: each end for itself. Soft limits have a part of them taken off at
 * random, the same of all, so that both ends seldom begin at once (§2.8.1).
 */
export function childLifetime(
  { rekey, over }: Pick<ChildConfig, 'rekey' | 'over'>,
  { lifetimeJitter }: Pick<ConnectionConfig, 'lifetimeJitter'>,
  random: Random,
  now: Instant,
): ChildLifetime {
  const part = 1 - lifetimeJitter * fraction(random);
  const soft = scaled(rekey, part);
  const hard = scaled(rekey, 1 + over);
  const at = (seconds: number | null) => (seconds === null ? null : now + Math.round(seconds * NS_PER_S));
  return {
    // Time is IKE's to watch: it tries again where it did not succeed at once.
    limits: {
      soft: { ...soft, seconds: null },
      hard: { ...hard, seconds: hard.seconds === null ? null : Math.round(hard.seconds) + GRACE_SECONDS },
    },
    rekeyAt: at(soft.seconds),
    expiresAt: at(hard.seconds),
  };
}

/** 0 to 1, without 1. */
export function fraction(random: Random): number {
  const [a = 0, b = 0, c = 0] = random.bytes(3);
  return (a * 0x1_0000 + b * 0x100 + c) / 0x100_0000;
}

/** For the Delete to be sent and answered before the node acts by itself. */
export const GRACE_SECONDS = 10;

function scaled(limits: LifetimeLimits, factor: number): LifetimeLimits {
  const { seconds, octets, packets } = limits;
  const whole = (limit: number | null) => (limit === null ? null : Math.max(1, Math.floor(limit * factor)));
  // 0 seconds: never.
  return {
    seconds: seconds === null || seconds === 0 ? null : seconds * factor,
    octets: whole(octets),
    packets: whole(packets),
  };
}
