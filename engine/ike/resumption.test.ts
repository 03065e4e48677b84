import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { prf } from '../crypto/prf-table.ts';
import { must } from '../wire/testing/must.ts';
import { childConfig, pair } from './testing/connection.ts';
import { kinds, twoGateways } from './testing/gateways.ts';
import type { Network, Station } from './testing/network.ts';
import { resumedSkeyseed } from './v2/resume.ts';

const IKE_SA_INIT = 34;
const IKE_SESSION_RESUME = 38;

const configs = () => {
  const both = pair({
    resumption: true,
    livenessSeconds: 5,
    children: [childConfig({ start: 'start', onDeath: 'restart' })],
    proposals: [
      {
        encryption: ['aes256gcm16'],
        integrity: [],
        prf: ['prfsha384'],
        keyExchange: ['x25519'],
        additionalKeyExchanges: [['mlkem512']],
      },
    ],
  });
  // Bob waits to be called.
  const connections = both.bob.connections.map(connection => ({
    ...connection,
    children: connection.children.map(child => ({ ...child, onDeath: 'clear' as const })),
  }));
  return { alice: both.alice, bob: { ...both.bob, connections } };
};

/** Exchanges that a station has begun an IKE SA with. */
const beginnings = ({ sent }: Station): number[] =>
  sent
    .map(({ octets }) => octets[18] ?? 0)
    .filter(type => type === IKE_SA_INIT || type === IKE_SESSION_RESUME)
    .filter((type, i, all) => type !== all[i - 1]);

/** Nothing gets through until Alice has given Bob up. */
function partition(network: Network, alice: Station): void {
  const before = alice.events.length;
  network.intercept = () => [];
  network.run(300_000, () => kinds(alice).slice(before).includes('ikeDeleted'));
  network.intercept = datagram => [datagram];
}

test('SKEYSEED of a resumed IKE SA is prf(SK_d, "Resumption" | Ni | Nr)', () => {
  const [skD, ni, nr] = [1, 2, 3].map(octet => new Uint8Array(32).fill(octet));
  const nonces = { initiatorNonce: must(ni), responderNonce: must(nr) };
  const expected = createHmac('sha256', must(skD)).update('Resumption').update(must(ni)).update(must(nr)).digest();

  expect(Buffer.from(resumedSkeyseed(must(prf('prfsha256')), must(skD), nonces))).toEqual(expected);
});

test('who has lost the peer comes back with its ticket, without an exchange of keys', () => {
  const { network, alice, bob } = twoGateways(configs());
  network.run(3000);
  partition(network, alice);
  const before = alice.events.length;

  network.run(10_000);

  expect(beginnings(alice)).toEqual([IKE_SA_INIT, IKE_SESSION_RESUME]);
  expect(kinds(alice).slice(before)).toEqual(['resumed', 'ikeEstablished', 'childEstablished']);
  const [status] = alice.daemon.status(network.now).sas;
  expect(status).toMatchObject({ localAuthentication: 'psk', remoteAuthentication: 'psk' });
  expect(status?.extensions).toContain('resumption');
  // The old one is gone at the responder as well.
  expect(bob.daemon.status(network.now).sas.filter(({ state }) => state === 'established')).toHaveLength(1);
});

test('a ticket is good for one IKE SA; that has one of its own', () => {
  const { network, alice } = twoGateways(configs());
  network.run(3000);
  partition(network, alice);
  network.run(10_000);
  partition(network, alice);

  network.run(10_000);

  expect(kinds(alice).filter(kind => kind === 'resumed')).toHaveLength(2);
});

test('after a rekey there is a ticket of the new IKE SA', () => {
  const { network, alice, bob } = twoGateways(configs());
  network.run(3000);
  network.command(bob, { kind: 'rekey', ike: 'alice' });
  network.run(3000);
  partition(network, alice);
  const before = alice.events.length;

  network.run(10_000);

  expect(kinds(alice).slice(before)).toEqual(['resumed', 'ikeEstablished', 'childEstablished']);
});

test('a responder that knows no such ticket leads back to IKE_SA_INIT', () => {
  const both = configs();
  const { network, alice, bob } = twoGateways(both);
  network.run(3000);
  partition(network, alice);
  network.restart(bob, both.bob);

  network.run(10_000);

  expect(beginnings(alice)).toEqual([IKE_SA_INIT, IKE_SESSION_RESUME, IKE_SA_INIT]);
  expect(kinds(alice).slice(-2)).toEqual(['ikeEstablished', 'childEstablished']);
});

test('a ticket of an IKE SA that was deleted is forgotten', () => {
  const { network, alice } = twoGateways(configs());
  network.run(3000);
  network.command(alice, { kind: 'terminate', ike: 'bob' });
  network.run(3000);

  network.command(alice, { kind: 'initiate', child: 'net' });
  network.run(3000);

  expect(beginnings(alice)).toEqual([IKE_SA_INIT]);
});

test('who does not give tickets is not asked by one', () => {
  const both = configs();
  const bob = { ...both.bob, connections: both.bob.connections.map(one => ({ ...one, resumption: false })) };
  const { network, alice } = twoGateways({ alice: both.alice, bob });
  network.run(3000);
  partition(network, alice);

  network.run(10_000);

  expect(beginnings(alice)).toEqual([IKE_SA_INIT]);
  expect(kinds(alice).slice(-2)).toEqual(['ikeEstablished', 'childEstablished']);
});

test('the initiator comes again before the responder stops believing it, RFC 4478', () => {
  const both = pair();
  const connections = both.bob.connections.map(one => ({ ...one, reauthenticateSeconds: 600, overSeconds: 60 }));
  const { network, alice, bob } = twoGateways({ alice: both.alice, bob: { ...both.bob, connections } });
  network.run(3000);

  expect(alice.daemon.status(network.now).sas[0]?.reauthenticateSeconds).toBeLessThanOrEqual(540);
  network.run(550_000);

  expect(kinds(alice).filter(kind => kind === 'ikeEstablished')).toHaveLength(2);
  expect(bob.daemon.status(network.now).sas.filter(({ state }) => state === 'established')).toHaveLength(1);
});
