import { expect, test } from 'vitest';
import { encodeIsakmpMessage } from '../wire/isakmp/codec.ts';
import type { IkeConfig } from './config.ts';
import { kinds, states, twoGateways } from './testing/gateways.ts';
import { pair } from './testing/connection.ts';
import { v1Child, v1Pair, withConnection } from './v1/testing/connection.ts';

const nothing = (config: IkeConfig): IkeConfig => ({ ...config, connections: [] });

test('a node has both versions at once, and numbers that are of one of them only', () => {
  const one = v1Pair();
  const two = v1Pair({ version: 2, proposals: MODERN, children: [v1Child({ name: 'other', start: 'start' })] });
  const rename = (config: typeof one.alice, name: string) => withConnection(config, { name });
  const together = (a: typeof one.alice, b: typeof one.alice) => ({
    ...a,
    connections: [...rename(a, 'old').connections, ...rename(b, 'new').connections],
  });
  const { network, alice, bob } = twoGateways({
    alice: together(one.alice, two.alice),
    bob: together(one.bob, two.bob),
  });
  network.run(5000);
  for (const { daemon } of [alice, bob]) {
    const { sas } = daemon.status(network.now);
    expect(new Set(sas.map(({ version }) => version))).toEqual(new Set([1, 2]));
    expect(sas).toHaveLength(2);
    const ids = sas.flatMap(({ id, children }) => [id, ...children.map(child => child.id)]);
    expect(new Set(ids).size).toBe(4);
  }
  network.command(alice, { kind: 'terminate', ike: 'old' });
  network.run(2000);
  expect(alice.daemon.status(network.now).sas.map(({ version }) => version)).toEqual([2]);
});

const MODERN = [
  {
    encryption: ['aes256'],
    integrity: ['sha256'],
    prf: ['prfsha256'],
    keyExchange: ['ecp256'],
    additionalKeyExchanges: [],
  },
];

test('a node without a connection of version 1 drops its messages without a word', () => {
  const { network, bob } = twoGateways(pair());
  network.run(1000);
  const before = bob.sent.length;
  const header = {
    initiatorCookie: '0102030405060708',
    responderCookie: '0000000000000000',
    majorVersion: 1,
    minorVersion: 0,
    exchangeType: 2,
    isEncrypted: false,
    isCommit: false,
    isAuthenticationOnly: false,
    messageId: 0,
  };
  network.inject({
    local: Uint8Array.of(192, 0, 2, 1),
    localPort: 500,
    remote: Uint8Array.of(192, 0, 2, 2),
    remotePort: 500,
    octets: encodeIsakmpMessage({ ...header, payloads: [], body: null }),
  });
  network.run(1000);
  expect(bob.sent).toHaveLength(before);
  expect(kinds(bob)).toContain('messageRefused');
});

test('a connection of version 1 may come with another configuration, and go again', () => {
  const { alice: aliceConfig, bob: bobConfig } = v1Pair();
  const { network, alice, bob } = twoGateways({ alice: nothing(aliceConfig), bob: nothing(bobConfig) });
  network.run(1000);
  expect(alice.daemon.wakeAt()).toBeNull();
  network.command(bob, { kind: 'configure', config: bobConfig });
  network.command(alice, { kind: 'configure', config: aliceConfig });
  network.run(3000);
  expect(states(alice, network.now)).toEqual(['established']);
  expect(states(bob, network.now)).toEqual(['established']);
  network.command(alice, { kind: 'configure', config: nothing(aliceConfig) });
  network.run(3000);
  expect(states(bob, network.now)).toEqual([]);
});
