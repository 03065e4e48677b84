import { NS_PER_S } from '../../wire/instant.ts';
import type { IkeSpi } from '../../wire/ike/message.ts';
import type { ConnectionConfig } from '../config.ts';
import { expandIkeKeys, ikeAlgorithms, rekeyedSkeyseed } from './ike-keys.ts';
import { type EstablishedIkeSa, firstSpisOf, hasBegun, type RekeyedIkeSa } from './ike-sa.ts';
import { secretsOf } from './key-log.ts';
import { atFirstMessage } from './mobike-state.ts';
import { lowerNonce } from './nonce.ts';
import { ownCrashToken } from './quick-crash.ts';
import { ticketRequest } from './resume.ts';
import type { Effect, World } from './step.ts';
import type { Task } from './task.ts';
import { windowNotifies } from './window-size.ts';
import { type IkeSuite, ikeSuiteName } from './suite.ts';
import { INITIAL_WINDOWS } from './windows.ts';

/** What an exchange that rekeys an IKE SA has agreed on, RFC 7296 §1.3.2. */
export interface AgreedIke {
  readonly suite: IkeSuite;
  /** Of this end in the exchange, and in the new IKE SA. */
  readonly role: 'initiator' | 'responder';
  readonly initiatorSpi: IkeSpi;
  readonly responderSpi: IkeSpi;
  readonly initiatorNonce: Uint8Array;
  readonly responderNonce: Uint8Array;
  /** g^ir (new), then what additional key exchanges gave, RFC 9370 §2.2.4. */
  readonly secrets: readonly Uint8Array[];
}

/**
 * The IKE SA that takes the place of another: its peer, its path and what was said of extensions, with keys of its own (RFC 7296
 * §2.18) and Message IDs from 0. It has no children yet.
 */
export function ikeSuccessor(old: EstablishedIkeSa, agreed: AgreedIke, world: World): EstablishedIkeSa {
  const { suite, role, initiatorSpi, responderSpi, initiatorNonce, responderNonce } = agreed;
  const algorithms = ikeAlgorithms(suite);
  const [secret = NOTHING, ...additional] = agreed.secrets;
  // SKEYSEED = prf(SK_d (old), SK(0) | Ni | Nr [| SK(1) ...]): RFC 9370 §2.2.4 puts the others behind the nonces.
  const parties = { initiatorNonce, responderNonce, initiatorSpi, responderSpi };
  const behind = Buffer.concat([responderNonce, ...additional]);
  const skeyseed = rekeyedSkeyseed(old.prf, old.keys.skD, { ...parties, responderNonce: behind }, secret);
  const { rival: _, peerCrashToken: _token, followUps: _followUps, ...inherited } = old;
  // Message IDs begin anew, and with them what is older than what (RFC 4555 §3.5).
  const mobike = old.mobike === undefined ? {} : { mobike: { ...old.mobike, updateId: -1, listId: -1 } };
  return {
    ...inherited,
    ...mobike,
    ...algorithms,
    ...ikeLifetime(old.connection, world),
    id: world.newId(),
    role,
    began: hasBegun(old),
    firstSpis: firstSpisOf(old),
    initiatorSpi,
    responderSpi,
    suite,
    keys: expandIkeKeys(algorithms, skeyseed, parties),
    windows: { ...INITIAL_WINDOWS, responses: { ...INITIAL_WINDOWS.responses, size: old.connection.windowSize } },
    tasks: firstTasks(old, { initiatorSpi, responderSpi }, world),
    fragments: [],
    sealed: 0,
    sent: 0,
    received: 0,
    retransmitted: 0,
    createdAt: world.now,
    heardAt: world.now,
    establishedAt: world.now,
    reauthenticateAt: old.reauthenticateAt,
    isRekeying: false,
    children: [],
    lingering: [],
    delayed: [],
    ...(old.mobike === undefined ? {} : { mobike: atFirstMessage(old.mobike) }),
    lowestNonce: lowerNonce(initiatorNonce, responderNonce),
  };
}

/** What was said of the old one says nothing of this one: the size of the window (§1.3.2), the token of RFC 6290 §4.3. */
function firstTasks(
  old: EstablishedIkeSa,
  spis: Pick<AgreedIke, 'initiatorSpi' | 'responderSpi'>,
  { config }: World,
): Task[] {
  const { connection } = old;
  const token = connection.quickCrashDetection ? [ownCrashToken(config, spis)] : [];
  // RFC 5723 §6.2: the ticket of the old one is none for this one.
  const ticket = hasBegun(old) ? ticketRequest(connection) : [];
  const payloads = [...token, ...windowNotifies(connection), ...ticket];
  return payloads.length === 0 ? [] : [{ kind: 'inform', payloads, isLast: false }];
}

/** When an IKE SA is rekeyed, and when it ends if that was not possible; null: never. */
export function ikeLifetime({ rekeySeconds, overSeconds, lifetimeJitter }: ConnectionConfig, world: World) {
  const expiresAt = rekeySeconds === 0 ? null : world.now + (rekeySeconds + overSeconds) * NS_PER_S;
  return { rekeyAt: world.jittered(rekeySeconds, lifetimeJitter), expiresAt };
}

/** All that lives on goes from one to the other, RFC 7296 §2.8. */
export function inherit(from: EstablishedIkeSa, heir: EstablishedIkeSa): EstablishedIkeSa {
  return {
    ...heir,
    children: [...heir.children, ...from.children],
    lingering: [...heir.lingering, ...from.lingering],
    delayed: [...heir.delayed, ...from.delayed],
    tasks: [...heir.tasks, ...from.tasks.filter(({ kind }) => kind !== 'rekeyIke' && kind !== 'liveness')],
  };
}

/** What is left of the old one: it waits for the Delete, or is about to send it. */
export function replacedBy(old: EstablishedIkeSa, heir: EstablishedIkeSa, world: World): RekeyedIkeSa {
  const { rival: _, rekeyAt: _rekeyAt, reauthenticateAt: _at, expiresAt: _expiresAt, isRekeying: _is, ...rest } = old;
  const dropAt = world.now + DROP_NS;
  return { ...rest, kind: 'rekeyed', replacedBy: heir.id, dropAt, children: [], lingering: [], delayed: [], tasks: [] };
}

/** The peer has made a successor, and this end will make none: it inherits. null: it is gone. */
export function yieldToRival(
  sa: EstablishedIkeSa,
  world: World,
): { readonly sa: RekeyedIkeSa; readonly effects: readonly Effect[] } | null {
  const rival = sa.rival === undefined ? null : world.find(sa.rival);
  if (rival?.kind !== 'established') return null;
  return { sa: replacedBy(sa, rival, world), effects: [{ kind: 'put', sa: inherit(sa, rival) }] };
}

/** The effects that come with a new one, in whoever's exchange. */
export function announce(sa: EstablishedIkeSa, old: EstablishedIkeSa): Effect[] {
  const detail = `${old.initiatorSpi}_i ${old.responderSpi}_r is now ${sa.initiatorSpi}_i ${sa.responderSpi}_r: ${ikeSuiteName(sa.suite)}`;
  return [
    { kind: 'secrets', secrets: secretsOf(sa) },
    { kind: 'event', event: { kind: 'ikeRekeyed', connection: sa.connection.name, detail } },
  ];
}

/** For a Delete that was lost to come again. */
const DROP_NS = 60 * NS_PER_S;
const NOTHING = new Uint8Array(0);
