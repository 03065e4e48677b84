import { expect, test } from 'vitest';
import type { ConnectionConfig, IkeConfig } from './config.ts';
import { pair } from './testing/connection.ts';
import { kinds, twoGateways } from './testing/gateways.ts';

const changed = (config: IkeConfig, childless: ConnectionConfig['childless']): IkeConfig => ({
  ...config,
  connections: config.connections.map(one => ({ ...one, childless })),
});

/** The first exchanges of Alice and what she has at the end. */
function run(here: ConnectionConfig['childless'], there: ConnectionConfig['childless']) {
  const { alice, bob } = pair();
  const gateways = twoGateways({ alice: changed(alice, here), bob: changed(bob, there) });
  gateways.network.run(3000);
  const exchanges = gateways.alice.sent.map(({ octets }) => octets[18]);
  return { events: kinds(gateways.alice), exchanges };
}

test('the first child comes by an exchange of its own where both want that', () => {
  for (const wish of ['prefer', 'force'] as const) {
    const { events, exchanges } = run(wish, 'allow');
    expect(events).toEqual(['ikeEstablished', 'childEstablished']);
    expect(exchanges).toEqual([34, 35, 36]);
  }
});

test('who only prefers it does without where the peer does not know it', () => {
  const { events, exchanges } = run('prefer', 'no');

  expect(events).toEqual(['ikeEstablished', 'childEstablished']);
  expect(exchanges).toEqual([34, 35]);
});

test('who insists has no IKE SA with such a peer', () => {
  const { events } = run('force', 'no');

  expect(events).toContain('authenticationFailed');
  expect(events).not.toContain('ikeEstablished');
});

test('one that has no child is made anew with one where the peer wants it so', () => {
  const { alice, bob } = pair({ childless: 'no' });
  const { network, alice: caller } = twoGateways({ alice, bob });
  network.run(1000);
  network.command(caller, { kind: 'terminate', child: 'net' });
  network.run(1000);
  network.command(caller, { kind: 'reauthenticate', ike: 'bob' });
  network.run(20_000);
  expect(kinds(caller)).not.toContain('authenticationFailed');
  expect(caller.daemon.status(network.now).sas.map(({ state }) => state)).toEqual(['established']);
});
