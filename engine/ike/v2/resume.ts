import type { Prf } from '../../crypto/prf.ts';
import type { NotifyPayload, Payload } from '../../wire/ike/payload.ts';
import { ExchangeType, NotifyType } from '../../wire/ike/registry.ts';
import { NS_PER_S } from '../../wire/instant.ts';
import type { ConnectionConfig } from '../config.ts';
import type { ExchangeTable } from './exchange-table.ts';
import type { AttemptNote, EstablishedIkeSa } from './ike-sa.ts';
import type { KeyParties } from './ike-keys.ts';
import { notifyOf, notifyPayload } from './notify.ts';
import type { Effect, World } from './step.ts';
import { readTicket, type StoredTicket, ticketNotify } from './ticket.ts';

/**
 * RFC 5723 §4.3.2, in the place of IKE_SA_INIT; N(TICKET_NACK) alone sends the initiator there:
 *
 *     HDR, [N(COOKIE),] Ni, N(TICKET_OPAQUE) [,N...]  -->
 *                                    <--  HDR, Nr [,N...]
 */
export const IKE_SESSION_RESUME: ExchangeTable = {
  name: 'IKE_SESSION_RESUME',
  exchangeType: ExchangeType.IKE_SESSION_RESUME,
  isProtected: false,
  request: { required: ['NONCE'], optional: ['PS'], repeated: ['N', 'V'] },
  response: { required: ['NONCE'], optional: [], repeated: ['N', 'V'] },
};

/** SKEYSEED = prf(SK_d_old, "Resumption" | Ni | Nr), §5.1. */
export function resumedSkeyseed(
  prf: Prf,
  skD: Uint8Array,
  { initiatorNonce, responderNonce }: Pick<KeyParties, 'initiatorNonce' | 'responderNonce'>,
): Uint8Array {
  return prf.compute(skD, Buffer.concat([Buffer.from('Resumption', 'ascii'), initiatorNonce, responderNonce]));
}

/** The ticket that an attempt begins with; null: none. */
export function ticketOf(notes: readonly AttemptNote[]): StoredTicket | null {
  for (const note of notes) if (note.kind === 'ticket') return note.ticket;
  return null;
}

/** What an initiator asks for, in IKE_AUTH and after a rekey, §4.1. */
export function ticketRequest({ resumption }: Pick<ConnectionConfig, 'resumption'>): readonly NotifyPayload[] {
  return resumption ? [notifyPayload(NotifyType.TICKET_REQUEST)] : [];
}

/** What the responder gives where it was asked: a ticket of this IKE SA. */
export function ticketFor(sa: EstablishedIkeSa, request: readonly Payload[], world: World): readonly NotifyPayload[] {
  const { connection, localIdentity, remoteIdentity } = sa;
  if (notifyOf(request, NotifyType.TICKET_REQUEST) === null || connection.version !== 2) return [];
  if (!connection.resumption) return [notifyPayload(NotifyType.TICKET_NACK)];
  const lifetimeSeconds = ticketSeconds(connection);
  const ticket = world.tickets().seal({
    expiresAt: world.epochSeconds + lifetimeSeconds,
    connection: connection.name,
    initiator: { idType: remoteIdentity.idType, data: remoteIdentity.data },
    responder: { idType: localIdentity.idType, data: localIdentity.data },
    initiatorAuthentication: sa.remoteAuthentication,
    responderAuthentication: sa.localAuthentication,
    suite: sa.suite,
    skD: sa.keys.skD,
  });
  return [ticketNotify(ticket, lifetimeSeconds)];
}

/** The initiator keeps what it was given. */
export function takeTicket(sa: EstablishedIkeSa, response: readonly Payload[], world: World): readonly Effect[] {
  const notify = notifyOf(response, NotifyType.TICKET_LT_OPAQUE);
  const given = notify === null ? null : readTicket(notify);
  if (given === null || !sa.connection.resumption) return [];
  const { localIdentity, remoteIdentity } = sa;
  const lifetimeSeconds = Math.min(given.lifetimeSeconds, LONGEST_SECONDS);
  const ticket: StoredTicket = {
    ticket: given.ticket,
    expiresAt: world.now + lifetimeSeconds * NS_PER_S,
    suite: sa.suite,
    skD: sa.keys.skD,
    ikeSa: sa.id,
    localIdentity: { idType: localIdentity.idType, data: localIdentity.data },
    remoteIdentity: { idType: remoteIdentity.idType, data: remoteIdentity.data },
    localAuthentication: sa.localAuthentication,
    remoteAuthentication: sa.remoteAuthentication,
    serial: null,
  };
  return [{ kind: 'ticket', ticket }];
}

const LONGEST_SECONDS = 86_400;

/** No longer than the IKE SA would live, or be believed, §6.2. */
function ticketSeconds({ rekeySeconds, overSeconds, reauthenticateSeconds }: ConnectionConfig): number {
  const lifetimes = [LONGEST_SECONDS];
  if (rekeySeconds > 0) lifetimes.push(rekeySeconds + overSeconds);
  if (reauthenticateSeconds > 0) lifetimes.push(reauthenticateSeconds);
  return Math.floor(Math.min(...lifetimes));
}
