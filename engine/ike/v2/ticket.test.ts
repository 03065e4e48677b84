import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Random } from '../../crypto/random.ts';
import { must } from '../../wire/testing/must.ts';
import { readTicket, ticketNotify, Tickets, type TicketState } from './ticket.ts';

let drawn = 0;
const RANDOM: Random = {
  bytes: count => Uint8Array.from(createHash('shake256', { outputLength: count }).update(String(drawn++)).digest()),
};
const AT = 1_800_000_000;
const STATE: Omit<TicketState, 'serial'> = {
  expiresAt: AT + 3600,
  connection: 'alice-bob',
  initiator: { idType: 2, data: Uint8Array.of(1, 2) },
  responder: { idType: 11, data: Uint8Array.of(3) },
  initiatorAuthentication: 'psk',
  responderAuthentication: 'ed25519',
  suite: {
    encryption: 'aes256gcm16',
    integrity: null,
    prf: 'prfsha384',
    keyExchange: 'x25519',
    additionalKeyExchanges: [{ type: 6, token: 'mlkem768' }],
  },
  skD: new Uint8Array(48).fill(9),
};

test('a ticket brings back what was sealed in it, and shows nothing of it', () => {
  const tickets = new Tickets(RANDOM);
  const ticket = tickets.seal(STATE);

  expect(tickets.open(ticket, AT)).toEqual({ ...STATE, serial: 1 });
  expect(Buffer.from(ticket).includes(Buffer.from('alice'))).toBe(false);
});

test('it is good until its time is over, once, and for who made it', () => {
  const tickets = new Tickets(RANDOM);
  const ticket = tickets.seal(STATE);

  expect(tickets.open(ticket, AT + 3600)).toBeNull();
  expect(new Tickets(RANDOM).open(ticket, AT)).toBeNull();
  tickets.use(must(tickets.open(ticket, AT)).serial);
  expect(tickets.open(ticket, AT)).toBeNull();
  expect(tickets.open(tickets.seal(STATE), AT)).not.toBeNull();
});

test('no octet of it can be changed, and none left out', () => {
  const tickets = new Tickets(RANDOM);
  const ticket = tickets.seal(STATE);

  for (let at = 0; at < ticket.length; at++) {
    const altered = ticket.map((octet, i) => (i === at ? octet ^ 0x40 : octet));
    expect([tickets.open(altered, AT), tickets.open(ticket.subarray(0, at), AT)]).toEqual([null, null]);
  }
});

test('a ticket goes over the wire with the seconds for which it is good', () => {
  const notify = ticketNotify(Uint8Array.of(1, 2, 3), 3600);

  expect(readTicket(notify)).toEqual({ ticket: Uint8Array.of(1, 2, 3), lifetimeSeconds: 3600 });
  expect(readTicket({ ...notify, data: notify.data.subarray(0, 4) })).toBeNull();
});
