import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Random } from '../../crypto/random.ts';
import type { NotifyPayload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import type { Instant } from '../../wire/instant.ts';
import { Reader } from '../../wire/reader.ts';
import { WireError } from '../../wire/wire-error.ts';
import { Writer } from '../../wire/writer.ts';
import { notifyPayload } from './notify.ts';
import type { IkeSuite } from './suite.ts';

/**
 * What a ticket brings back, RFC 5723 §5: all that is "from the ticket" there. `skD` is of the IKE SA that was. Identities are
 * ID Type and data; `serial` tells tickets of one key apart.
 */
export interface TicketState {
  readonly serial: number;
  /** Seconds since the Unix epoch by the responder's own clock. */
  readonly expiresAt: number;
  readonly connection: string;
  readonly initiator: TicketIdentity;
  readonly responder: TicketIdentity;
  /** As in `IkeSaStatus`: how each has proven who it is. */
  readonly initiatorAuthentication: string;
  readonly responderAuthentication: string;
  readonly suite: IkeSuite;
  readonly skD: Uint8Array;
}

export interface TicketIdentity {
  readonly idType: number;
  readonly data: Uint8Array;
}

/** What an initiator keeps with a ticket: the same, as it knows it. */
export interface StoredTicket extends Resumed {
  readonly ticket: Uint8Array;
  readonly expiresAt: Instant;
  readonly suite: IkeSuite;
  readonly skD: Uint8Array;
  /** The IKE SA that it is of. */
  readonly ikeSa: number;
}

/** Who the ends of a resumed IKE SA are, and how they had proven it. */
export interface Resumed {
  readonly localIdentity: TicketIdentity;
  readonly remoteIdentity: TicketIdentity;
  readonly localAuthentication: string;
  readonly remoteAuthentication: string;
  /** The responder's name for the ticket; null at the initiator. */
  readonly serial: number | null;
}

/**
 * Seals and opens the tickets of one responder, §6.1: AES-256-GCM by a key that nobody else has and that ends with the daemon.
 *     | format 1 | key id (4) | nonce (12) | sealed state ... | tag (16) |
 */
export class Tickets {
  readonly #key: Uint8Array;
  readonly #id: Uint8Array;
  readonly #random: Random;
  #nextSerial = 1;
  /** Serials of tickets that led to an IKE SA, the oldest first, §4.3.1: each is good for one. */
  readonly #used = new Set<number>();

  constructor(random: Random) {
    this.#random = random;
    this.#id = random.bytes(KEY_ID_OCTETS);
    this.#key = random.bytes(32);
  }

  seal(state: Omit<TicketState, 'serial'>): Uint8Array {
    const header = Buffer.concat([Uint8Array.of(FORMAT), this.#id]);
    const nonce = this.#random.bytes(NONCE_OCTETS);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    cipher.setAAD(header);
    const sealed = cipher.update(writeState({ ...state, serial: this.#nextSerial++ }));
    return Buffer.concat([header, nonce, sealed, cipher.final(), cipher.getAuthTag()]);
  }

  /** null: not of this key, altered, expired or used. */
  open(ticket: Uint8Array, epochSeconds: number): TicketState | null {
    const state = this.#decrypt(ticket);
    if (state === null || state.expiresAt <= epochSeconds || this.#isUsed(state.serial)) return null;
    return state;
  }

  /** An IKE SA was established by it. */
  use(serial: number): void {
    this.#used.add(serial);
    const [oldest] = this.#used;
    if (this.#used.size > USED_MAX && oldest !== undefined) this.#used.delete(oldest);
  }

  /** What is so old that its use could have been forgotten counts as used. */
  #isUsed(serial: number): boolean {
    return this.#used.has(serial) || serial <= this.#nextSerial - 1 - SERIALS_KEPT;
  }

  #decrypt(ticket: Uint8Array): TicketState | null {
    const headerOctets = 1 + KEY_ID_OCTETS;
    if (ticket.length < headerOctets + NONCE_OCTETS + TAG_OCTETS || ticket.length > TICKET_OCTETS_MAX) return null;
    const header = ticket.subarray(0, headerOctets);
    if (Buffer.compare(header, Buffer.concat([Uint8Array.of(FORMAT), this.#id])) !== 0) return null;
    const body = ticket.subarray(headerOctets + NONCE_OCTETS, ticket.length - TAG_OCTETS);
    const opening = createDecipheriv(
      'aes-256-gcm',
      this.#key,
      ticket.subarray(headerOctets, headerOctets + NONCE_OCTETS),
    );
    opening.setAAD(header);
    opening.setAuthTag(ticket.subarray(ticket.length - TAG_OCTETS));
    const plain = opening.update(body);
    try {
      opening.final();
    } catch {
      return null; // not what this node has sealed
    }
    return readState(plain);
  }
}

const FORMAT = 1;
const KEY_ID_OCTETS = 4;
const NONCE_OCTETS = 12;
const TAG_OCTETS = 16;
const TICKET_OCTETS_MAX = 4096;
const USED_MAX = 20_000;
/** No more tickets than that are good at any time, so none is forgotten to have been used while it is good. */
const SERIALS_KEPT = USED_MAX;

/** TICKET_LT_OPAQUE, §7.1: the seconds for which it is good, and the ticket. */
export function ticketNotify(ticket: Uint8Array, lifetimeSeconds: number): NotifyPayload {
  const out = new Writer();
  out.u32(lifetimeSeconds);
  out.bytes(ticket);
  return notifyPayload(NotifyType.TICKET_LT_OPAQUE, out.finish());
}

/** null: cut off, or a ticket without an octet. */
export function readTicket(notify: NotifyPayload): { ticket: Uint8Array; lifetimeSeconds: number } | null {
  if (notify.data.length <= 4) return null;
  const reader = new Reader(notify.data, 'TICKET_LT_OPAQUE');
  const lifetimeSeconds = reader.u32('Lifetime');
  return { lifetimeSeconds, ticket: Uint8Array.from(reader.rest()) };
}

function writeState(state: TicketState): Uint8Array {
  const out = new Writer(256);
  const octets = (value: Uint8Array) => {
    out.u16(value.length);
    out.bytes(value);
  };
  const text = (value: string) => octets(Buffer.from(value, 'utf8'));
  out.u32(state.serial);
  out.u64(BigInt(Math.floor(state.expiresAt)));
  text(state.connection);
  for (const { idType, data } of [state.initiator, state.responder]) {
    out.u8(idType);
    octets(data);
  }
  text(state.initiatorAuthentication);
  text(state.responderAuthentication);
  text(JSON.stringify(state.suite));
  octets(state.skD);
  return out.finish();
}

/** What was sealed here is read as it was written; null where an older daemon wrote otherwise. */
function readState(plain: Uint8Array): TicketState | null {
  const reader = new Reader(plain, 'ticket');
  const octets = (field: string) => Uint8Array.from(reader.bytes(reader.u16(field), field));
  const text = (field: string) => Buffer.from(octets(field)).toString('utf8');
  const identity = (field: string): TicketIdentity => ({ idType: reader.u8(field), data: octets(field) });
  try {
    return {
      serial: reader.u32('serial'),
      expiresAt: Number(reader.u64('expiry')),
      connection: text('connection'),
      initiator: identity('initiator'),
      responder: identity('responder'),
      initiatorAuthentication: text('authentication'),
      responderAuthentication: text('authentication'),
      suite: JSON.parse(text('suite')) as IkeSuite,
      skD: octets('SK_d'),
    };
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}
