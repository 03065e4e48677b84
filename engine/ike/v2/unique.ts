import { addressesEqual } from '../../wire/address.ts';
import type { IdPayload, Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import { LINGER_NS } from './child-closing.ts';
import { rivalsOf } from './establish.ts';
import { type AuthenticatingIkeSa, type EstablishedIkeSa, firstSpisOf, hasBegun, isProven } from './ike-sa.ts';
import { notifyOf } from './notify.ts';
import type { Effect, World } from './step.ts';

/**
 * What becomes of older IKE SAs with the same peer when a new one is established, RFC 7296 §2.4. INITIAL_CONTACT: the peer
 * knows of none that stood before it began this one. Otherwise the connection's `unique` decides. `replaced` are
 * those that this one was made to replace: they are closed anyway. Who has proven nothing replaces nobody (RFC 7619 §2.3): all
 * such peers may have the same name.
 */
export function replaceOlder(
  sa: EstablishedIkeSa,
  payloads: readonly Payload[],
  replaced: readonly number[],
  world: World,
): Effect[] {
  const { connection, localIdentity, remoteIdentity } = sa;
  if (!isProven(sa)) return [];
  const isContact = notifyOf(payloads, NotifyType.INITIAL_CONTACT) !== null;
  const older = rivalsOf(connection, localIdentity, remoteIdentity, world).filter(({ id }) => id !== sa.id);
  return older.flatMap((other): Effect[] => {
    const isOlder = other.establishedAt < sa.createdAt;
    if (isContact && isOlder) return [{ kind: 'discard', ikeSa: other.id, why: 'the peer has forgotten it' }];
    if (connection.unique !== 'replace') return [];
    if (hasBegun(sa) !== hasBegun(other)) {
      // One from each end: the higher SPIs stay, and whoever has begun the other one closes it.
      const redundant = isHigher(sa, other) ? other : sa;
      return hasBegun(redundant) && !replaced.includes(other.id) ? [deleteLater(redundant, world)] : [];
    }
    // Whoever has begun a new one knows what it is for, and says what is to become of the old one.
    return hasBegun(sa) ? [] : [deleteLater(other, world)];
  });
}

/** `keep`: whether an IKE SA that stands keeps a new one out. */
export function isKeptOut(
  sa: Pick<EstablishedIkeSa, 'connection' | 'createdAt' | 'remoteAuthentication'>,
  local: IdPayload,
  remote: IdPayload,
  payloads: readonly Payload[],
  world: World,
): boolean {
  if (sa.connection.unique !== 'keep' || !isProven(sa)) return false;
  if (notifyOf(payloads, NotifyType.INITIAL_CONTACT) !== null) return false;
  return rivalsOf(sa.connection, local, remote, world).some(other => other.establishedAt < sa.createdAt);
}

/**
 * INITIAL_CONTACT, §2.4: this node knows of no other IKE SA with that peer. A peer may look at identities alone, so other
 * connections to it count as well, also one that is under way and was begun before this one.
 */
export function isAlone({ id, connection, path }: AuthenticatingIkeSa, world: World): boolean {
  const expected = connection.authentication.remote.identity;
  for (const other of world.sas) {
    const isThere = other.kind === 'established' || (other.kind === 'authenticating' && other.id < id);
    if (!isThere) continue;
    if (other.connection.name !== connection.name) {
      if (other.connection.authentication.remote.identity === expected && isExact(expected)) return false;
    } else if (other.kind === 'established' && addressesEqual(other.path.remote, path.remote)) return false;
  }
  return true;
}

/** Of one peer, and not of some. */
const isExact = (identity: string): boolean => identity !== '%any' && !identity.includes('*');

/** Packets that are on their way, and answers, have some time. */
function deleteLater(sa: EstablishedIkeSa, { now }: World): Effect {
  // What the other one does not have is still wanted.
  return { kind: 'delay', ikeSa: sa.id, at: now + LINGER_NS, task: { kind: 'deleteIke', cause: 'failed' } };
}

/** One of them may have been rekeyed since the other end has compared them. */
function isHigher(a: EstablishedIkeSa, b: EstablishedIkeSa): boolean {
  return firstSpisOf(a) > firstSpisOf(b);
}
