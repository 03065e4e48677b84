import { addressesEqual } from '../../wire/address.ts';
import { octetsEqual } from '../../wire/octets.ts';
import { spiOctets } from '../v2/proposals.ts';
import { inboundNames, isActive, protocolIdOf } from './child-table.ts';
import { isDoubtful } from './dead-peer.ts';
import type { EstablishedIsakmpSa, Succession } from './isakmp-sa.ts';
import { deletePayload } from './notify.ts';
import { isSamePeer } from './same-peer.ts';
import type { Effect, World } from './step.ts';
import { inherit, losesTo, retired } from './successor.ts';
import type { Task } from './task.ts';

export type TakenOver =
  | { readonly kind: 'taken'; readonly sa: EstablishedIsakmpSa; readonly effects: readonly Effect[] }
  /** The connection keeps the one that stands. */
  | { readonly kind: 'keptOut'; readonly why: string };

/**
 * A new ISAKMP SA, of whose peer all is known, takes over the Child SAs of others with it, which outlive the ISAKMP SA that they
 * were made in (RFC 2408 §2.1); after INITIAL-CONTACT the others are gone, and what they had.
 */
export function takeOver(fresh: EstablishedIsakmpSa, { isContact, replaces }: Succession, world: World): TakenOver {
  const { connection, role } = fresh;
  const older = rivalsOf(fresh, world);
  const isAlone = isContact && world.steps.heedsInitialContact() && !areInUse(older, fresh, world);
  // From where the other one is, it is its successor: phase 1 is how an ISAKMP SA is rekeyed.
  const predecessors = older.filter(other => isSamePlace(other, fresh));
  const elsewhere = older.filter(other => !predecessors.includes(other));
  if (connection.unique === 'keep' && !isAlone && role === 'responder' && elsewhere.length > 0) {
    return { kind: 'keptOut', why: 'the peer has another ISAKMP SA, which is kept' };
  }
  if (isAlone && role === 'responder') {
    return { kind: 'taken', sa: fresh, effects: discards(older, 'the peer has forgotten it') };
  }
  const rival = predecessors.find(other => other.id !== replaces && losesTo(fresh, other));
  if (rival !== undefined) return { kind: 'taken', sa: retired(fresh, rival, world), effects: [] };
  const isRenewed = (other: EstablishedIsakmpSa) => role === 'initiator' && (isAlone || isDoubtful(other, world));
  const heir = predecessors.map(other => (isRenewed(other) ? renewed(other, world) : other)).reduce(inherit, fresh);
  const replaced = predecessors.map((other): Effect => ({ kind: 'put', sa: retired(other, heir, world) }));
  const left = connection.unique === 'replace' ? elsewhere : [];
  const tasks = [...heir.tasks, ...left.flatMap(farewells)];
  return {
    kind: 'taken',
    sa: { ...heir, tasks },
    effects: [...replaced, ...discards(left, 'the peer is elsewhere now')],
  };
}

/** XAuth has said who the peer is: what has waited for it. */
export function userKnown({ succession, ...sa }: EstablishedIsakmpSa, world: World): TakenOver {
  return succession === undefined ? { kind: 'taken', sa, effects: [] } : takeOver(sa, succession, world);
}

/**
 * Who answers phase 1 with INITIAL-CONTACT, or has answered no R-U-THERE under the old keys, may have lost all in between. A Quick
 * Mode more for each Child SA harms nobody who still has it, and brings it back where it is gone.
 */
function renewed(sa: EstablishedIsakmpSa, { now }: World): EstablishedIsakmpSa {
  return { ...sa, children: sa.children.map(child => (isActive(child) ? { ...child, rekeyAt: now } : child)) };
}

/**
 * A peer whose NAT has given it another port has taken its Child SAs along, and is told that they are gone here; another one of
 * the same name knows nothing of them. Each in a message of its own: there are peers that read no more than the first Delete.
 */
function farewells({ children }: EstablishedIsakmpSa): Task[] {
  return children.map(child => ({
    kind: 'inform',
    payloads: [deletePayload(protocolIdOf(child), [spiOctets(child.spiIn)])],
  }));
}

/**
 * Whether the peer has sent by what it says to have forgotten, after it began this phase 1: there are peers that say it whenever the
 * identity of before was that of a user, and mean nothing by it.
 */
function areInUse(older: readonly EstablishedIsakmpSa[], { createdAt }: EstablishedIsakmpSa, world: World): boolean {
  const inbound = older.flatMap(inboundNames);
  const heard = inbound.length === 0 ? null : world.lastHeard(inbound);
  return heard !== null && heard > createdAt;
}

/** Other established ISAKMP SAs of the same connection with the same peer, that nobody has replaced. */
function rivalsOf(fresh: EstablishedIsakmpSa, world: World): EstablishedIsakmpSa[] {
  const rivals: EstablishedIsakmpSa[] = [];
  for (const other of world.sas) {
    const isOther = other.kind === 'established' && other.id !== fresh.id && other.replacedBy === null;
    if (isOther && other.succession === undefined && isSameNode(other, fresh) && isSamePeer(other, fresh))
      rivals.push(other);
  }
  return rivals;
}

/** This end may have several names. */
function isSameNode({ localIdentity: a }: EstablishedIsakmpSa, { localIdentity: b }: EstablishedIsakmpSa): boolean {
  return a.idType === b.idType && octetsEqual(a.data, b.data);
}

function isSamePlace({ path: a }: EstablishedIsakmpSa, { path: b }: EstablishedIsakmpSa): boolean {
  const isSamePort = a.remotePort === b.remotePort || !b.isRemoteNatted;
  return addressesEqual(a.remote, b.remote) && isSamePort;
}

function discards(sas: readonly EstablishedIsakmpSa[], why: string): Effect[] {
  return sas.map(({ id }): Effect => ({ kind: 'discard', isakmpSa: id, why }));
}
