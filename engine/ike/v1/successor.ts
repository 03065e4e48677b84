import { type Instant, NS_PER_S } from '../../wire/instant.ts';
import { v1Of } from './extensions.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import { ownSeconds } from './phase1-proposals.ts';
import type { World } from './step.ts';

/**
 * One ISAKMP SA in the place of another, RFC 2408 §2.1: Child SAs outlive the one that they were made in. Nothing in IKEv1 says which of
 * two takes over, so both are kept for a moment, and whichever the peer closes first, the other has what there is.
 */

/** What an ISAKMP SA has, and what it was about to do, is the heir's. */
export function inherit(heir: EstablishedIsakmpSa, from: EstablishedIsakmpSa): EstablishedIsakmpSa {
  return {
    ...heir,
    children: [...from.children, ...heir.children],
    lingering: [...from.lingering, ...heir.lingering],
    delayed: [...from.delayed, ...heir.delayed],
    tasks: [...from.tasks.filter(({ kind }) => INHERITED.includes(kind)), ...heir.tasks],
    virtualAddresses: heir.virtualAddresses.length > 0 ? heir.virtualAddresses : from.virtualAddresses,
    user: heir.user ?? from.user,
  };
}

/** What is about Child SAs. The rest is about the ISAKMP SA itself. */
const INHERITED: readonly string[] = ['quick', 'deleteChild', 'inform'];

/**
 * What is on its way under the old keys is still understood for a while. Where both ends have begun one, each may have retired the
 * other's: they do not go at the same time.
 */
export function retired(
  sa: EstablishedIsakmpSa,
  { id, initiatorCookie }: EstablishedIsakmpSa,
  { now }: World,
): EstablishedIsakmpSa {
  const seconds = sa.initiatorCookie < initiatorCookie ? RETIRED_SECONDS : RETIRED_SECONDS_LATER;
  return { ...emptied(sa), rekeyAt: null, reauthenticateAt: null, expiresAt: now + seconds * NS_PER_S, replacedBy: id };
}

const RETIRED_SECONDS = 5;
const RETIRED_SECONDS_LATER = 8;

/** It has handed over what it had. */
export const emptied = (sa: EstablishedIsakmpSa): EstablishedIsakmpSa => ({
  ...sa,
  children: [],
  lingering: [],
  delayed: [],
  tasks: [],
  virtualAddresses: [],
});

/** The peer has closed the heir: one that was replaced by it, and is still there, takes back what there is. null: there is none. */
export function revived(heir: EstablishedIsakmpSa, world: World): EstablishedIsakmpSa | null {
  for (const sa of world.sas) {
    if (sa.kind !== 'established' || sa.replacedBy !== heir.id || sa.isForgotten === true) continue;
    return inherit({ ...sa, ...isakmpLifetime(sa, sa.establishedAt, world), replacedBy: null }, heir);
  }
  return null;
}

/**
 * Both ends have begun phase 1 at the same time, and each sees its end in an order of its own: of the two that are there the one of
 * the lower CKY-I goes, whichever came last.
 */
export function losesTo(fresh: EstablishedIsakmpSa, other: EstablishedIsakmpSa): boolean {
  const isMet = other.role !== fresh.role && fresh.createdAt < other.establishedAt;
  return isMet && fresh.initiatorCookie < other.initiatorCookie;
}

/**
 * RFC 2409 App. A: as agreed, and no longer than this end's own limit. The initiator makes the next one; the responder, a little
 * later, if it has not.
 */
export function isakmpLifetime(
  sa: Pick<EstablishedIsakmpSa, 'connection' | 'role' | 'suite'>,
  since: Instant,
  world: World,
): Pick<EstablishedIsakmpSa, 'rekeyAt' | 'reauthenticateAt' | 'expiresAt'> {
  const { connection, role } = sa;
  const { lifeSeconds } = sa.suite;
  const own = v1Of(connection).lifetimeCheck === 'obey' ? null : ownSeconds(connection);
  const limits = [lifeSeconds, own].filter(limit => limit !== null);
  const seconds = limits.length === 0 ? null : Math.min(...limits);
  if (seconds === null) return { rekeyAt: null, reauthenticateAt: null, expiresAt: null };
  const part = role === 'initiator' ? REKEYS_AT : REKEYS_AT_AS_RESPONDER;
  const jittered = world.jittered(seconds * part, Math.min(connection.lifetimeJitter, 0.5));
  const rekeyAt = jittered === null ? null : jittered - world.now + since;
  return { rekeyAt, reauthenticateAt: null, expiresAt: since + Math.round(seconds * NS_PER_S) };
}

const REKEYS_AT = 0.9;
const REKEYS_AT_AS_RESPONDER = 0.97;
