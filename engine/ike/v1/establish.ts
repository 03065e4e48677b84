import { addressesEqual } from '../../wire/address.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import { IsakmpNotify } from '../../wire/isakmp/registry.ts';
import { octetsEqual } from '../../wire/octets.ts';
import { encryptionAlgorithm } from '../../crypto/encryption.ts';
import { keyExchange } from '../../crypto/key-exchange-table.ts';
import type { IkeEvent } from '../daemon.ts';
import { inboundNames, isActive } from './child-table.ts';
import { isDoubtful } from './dead-peer.ts';
import { spiOctets } from '../v2/proposals.ts';
import { protocolIdOf } from './child-table.ts';
import { payloadsOf } from './exchange-table.ts';
import { commonOf } from './common.ts';
import { v1Of } from './extensions.ts';
import { identityText } from './identities.ts';
import { type EstablishedIsakmpSa, type IdentityBody, type IsakmpSa, type KeyedIsakmpSa, nameOf } from './isakmp-sa.ts';
import { NOT_ASKED } from './liveness-state.ts';
import { deletePayload } from './notify.ts';
import type { Effect, World } from './step.ts';
import { inherit, isakmpLifetime, losesTo, retired } from './successor.ts';
import { isakmpSuiteName, type IsakmpSuite } from './suite.ts';
import type { Task } from './task.ts';

/** What phase 1 has brought out, at either end. */
export interface Proven {
  readonly localIdentity: IdentityBody;
  readonly remoteIdentity: IdentityBody;
  readonly localAuthentication: string;
  readonly remoteAuthentication: string;
  /** What it rests on and nobody should rest on any more. */
  readonly remarks: readonly string[];
  /** The ISAKMP SA that this end has begun it for; null: none. */
  readonly replaces: number | null;
}

export type Established =
  | { readonly kind: 'established'; readonly sa: EstablishedIsakmpSa; readonly effects: readonly Effect[] }
  /** The connection keeps the one that stands. */
  | { readonly kind: 'keptOut'; readonly why: string };

/**
 * The ISAKMP SA from here on. It takes over the Child SAs of others with the same peer, which outlive the ISAKMP SA that they were
 * made in (RFC 2408 §2.1); with INITIAL-CONTACT among the payloads the others are gone, and what they had.
 */
export function establish(
  sa: Exclude<KeyedIsakmpSa, EstablishedIsakmpSa>,
  proven: Proven,
  payloads: readonly IsakmpPayload[],
  world: World,
): Established {
  const { connection, suite, keys, iv } = sa;
  const { remarks, replaces: _, ...identities } = proven;
  const v1 = v1Of(connection);
  const older = rivalsOf(sa, proven, world);
  const isContact = hasInitialContact(payloads) && world.steps.heedsInitialContact() && !areInUse(older, sa, world);
  // From where the other one is, it is its successor: phase 1 is how an ISAKMP SA is rekeyed.
  const predecessors = older.filter(other => isSamePlace(other, sa));
  const elsewhere = older.filter(other => !predecessors.includes(other));
  if (connection.unique === 'keep' && !isContact && sa.role === 'responder' && elsewhere.length > 0) {
    return { kind: 'keptOut', why: 'the peer has another ISAKMP SA, which is kept' };
  }
  const fresh: EstablishedIsakmpSa = {
    ...commonOf(sa),
    kind: 'established',
    heardAt: world.now,
    suite,
    keys,
    iv,
    ...identities,
    establishedAt: world.now,
    exchanges: [],
    volume: 0,
    usedIds: [],
    isOpen: v1.xauth === null && v1.modeConfig === 'none',
    user: null,
    virtualAddresses: [],
    children: [],
    lingering: [],
    delayed: [],
    liveness: NOT_ASKED,
    ...isakmpLifetime(sa, world.now, world),
    replacedBy: null,
  };
  const effects: Effect[] = eventsOf(fresh, remarks).map(event => ({ kind: 'event', event }));
  if (isContact) return { kind: 'established', sa: fresh, effects: [...discards(older, FORGOTTEN), ...effects] };
  const rival = predecessors.find(other => other.id !== proven.replaces && losesTo(fresh, other));
  if (rival !== undefined) return { kind: 'established', sa: retired(fresh, rival, world), effects };
  const isRenewed = (other: EstablishedIsakmpSa) => sa.role === 'initiator' && isDoubtful(other, world);
  const heir = predecessors.map(other => (isRenewed(other) ? renewed(other, world) : other)).reduce(inherit, fresh);
  const replaced = predecessors.map((other): Effect => ({ kind: 'put', sa: retired(other, heir, world) }));
  const left = connection.unique === 'replace' ? elsewhere : [];
  const moved = discards(left, 'the peer is elsewhere now');
  const tasks = [...heir.tasks, ...left.flatMap(farewells)];
  return { kind: 'established', sa: { ...heir, tasks }, effects: [...replaced, ...moved, ...effects] };
}

/**
 * Who answers phase 1, and no R-U-THERE under the old keys, may have lost all in between: as responder it cannot say so by
 * INITIAL-CONTACT. A Quick Mode more for each Child SA harms nobody who still has it, and brings it back where it is gone.
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

/** Whether the peer says that it knows of no other ISAKMP SA with this end, RFC 2407 §4.6.3.3. */
export const hasInitialContact = (payloads: readonly IsakmpPayload[]): boolean =>
  payloadsOf(payloads, 'N').some(({ notifyType }) => notifyType === IsakmpNotify['INITIAL-CONTACT']);

/**
 * Whether the peer has sent by what it says to have forgotten, after it began this phase 1: there are peers that say it whenever the
 * identity of before was that of a user, and mean nothing by it.
 */
function areInUse(
  older: readonly EstablishedIsakmpSa[],
  { createdAt }: Pick<IsakmpSa, 'createdAt'>,
  world: World,
): boolean {
  const inbound = older.flatMap(inboundNames);
  const heard = inbound.length === 0 ? null : world.lastHeard(inbound);
  return heard !== null && heard > createdAt;
}

/** Whether this end says so: it has none, and has none under way that was begun before. */
export function isAlone(sa: Pick<IsakmpSa, 'id' | 'connection'>, world: World): boolean {
  for (const other of world.sas) {
    if (other.id !== sa.id && other.connection.name === sa.connection.name && other.kind === 'established')
      return false;
  }
  return v1Of(sa.connection).initialContact;
}

/** Other established ISAKMP SAs of the same connection between the same identities, that nobody has replaced. */
function rivalsOf(sa: IsakmpSa, ends: Proven, world: World): EstablishedIsakmpSa[] {
  const rivals: EstablishedIsakmpSa[] = [];
  for (const other of world.sas) {
    const isSame = other.kind === 'established' && other.connection.name === sa.connection.name && other.id !== sa.id;
    if (!isSame || other.replacedBy !== null) continue;
    if (isSameId(other.localIdentity, ends.localIdentity) && isSameId(other.remoteIdentity, ends.remoteIdentity)) {
      rivals.push(other);
    }
  }
  return rivals;
}

function isSamePlace({ path: a }: EstablishedIsakmpSa, { path: b }: Pick<IsakmpSa, 'path'>): boolean {
  const isSamePort = a.remotePort === b.remotePort || !b.isRemoteNatted;
  return addressesEqual(a.remote, b.remote) && isSamePort;
}

const FORGOTTEN = 'the peer has forgotten it';

function discards(sas: readonly EstablishedIsakmpSa[], why: string): Effect[] {
  return sas.map(({ id }): Effect => ({ kind: 'discard', isakmpSa: id, why }));
}

function eventsOf(sa: EstablishedIsakmpSa, remarks: readonly string[]): IkeEvent[] {
  const { connection, suite, mode, localAuthentication, remoteAuthentication } = sa;
  const ends = `${identityText(sa.localIdentity)} = ${identityText(sa.remoteIdentity)}`;
  const name = nameOf(sa);
  const detail = `${name}: ${ends} (${localAuthentication}, ${remoteAuthentication}) ${isakmpSuiteName(suite)}, ${mode} mode`;
  const old = ['IKEv1 (RFC 9395)', ...modeRemarks(sa), ...weaknesses(suite), ...remarks];
  return [
    { kind: 'ikeEstablished', connection: connection.name, detail },
    { kind: 'deprecated', connection: connection.name, detail: `${name}: ${old.join('; ')}`, remarks: old },
  ];
}

function modeRemarks({ mode, suite }: EstablishedIsakmpSa): string[] {
  if (mode === 'main') return [];
  const psk = suite.method === 'psk' ? ', and whoever has seen it can guess the secret in peace' : '';
  return [`Aggressive Mode shows both identities to everybody${psk}`];
}

function weaknesses({ encryption, hash, keyExchange: group }: IsakmpSuite): string[] {
  const weak = [
    ...(encryptionAlgorithm(encryption)?.legacy === true ? [encryption] : []),
    ...(hash === 'md5' || hash === 'sha1' ? [hash] : []),
    ...(keyExchange(group)?.legacy === true ? [group] : []),
  ];
  return weak.length === 0 ? [] : [`weak algorithms: ${weak.join(', ')}`];
}

const isSameId = (a: IdentityBody, b: IdentityBody): boolean => a.idType === b.idType && octetsEqual(a.data, b.data);
