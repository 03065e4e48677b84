import { describe, expect, test } from 'vitest';
import { decodeIkeHeader } from '../wire/ike/header.ts';
import { ExchangeType } from '../wire/ike/registry.ts';
import { NS_PER_MS } from '../wire/instant.ts';
import { childConfig, pair } from './testing/connection.ts';
import { kinds, messages, states, twoGateways } from './testing/gateways.ts';
import type { IkeDatagram } from './daemon.ts';

/** Drops the messages (of both, from 0) whose number is in the list. */
function dropping(numbers: readonly number[]) {
  let number = 0;
  return (datagram: IkeDatagram) => (numbers.includes(number++) ? [] : [datagram]);
}

describe('a message that is lost, RFC 7296 §2.1', () => {
  test.each([0, 1, 2, 3])('number %i comes again in the same octets', lost => {
    const { network, alice, bob } = twoGateways();
    network.intercept = dropping([lost]);
    network.run(5000);
    expect(states(alice, network.now)).toEqual(['established']);
    expect(states(bob, network.now)).toEqual(['established']);
    expect(new Set(messages(alice)).size).toBe(2);
    expect(new Set(messages(bob)).size).toBe(2);
  });

  test('comes ever later, and as often as is configured', () => {
    const { network, alice } = twoGateways(pair({ attempts: 1 }));
    const times: number[] = [];
    network.intercept = (_, from) => {
      if (from === alice) times.push(network.now / NS_PER_MS);
      return [];
    };
    network.run(200_000);
    const gaps = times.slice(1).map((time, i) => Math.round(time - (times[i] ?? 0)));
    expect(gaps).toEqual([500, 900, 1620, 2916, 5249]);
    expect(new Set(messages(alice)).size).toBe(1);
    expect(kinds(alice)).toEqual(['peerFailed', 'negotiationFailed']);
    expect(states(alice, network.now)).toEqual([]);
    expect(alice.daemon.wakeAt()).toBeNull();
  });
});

test('a message that comes twice is answered twice and taken once', () => {
  const { network, alice, bob } = twoGateways();
  network.intercept = datagram => [datagram, datagram];
  network.run(3000);
  expect(kinds(alice)).toEqual(['ikeEstablished', 'childEstablished']);
  expect(kinds(bob)).toEqual(['ikeEstablished', 'childEstablished']);
  expect(new Set(messages(bob)).size).toBe(2);
});

test.each(Array.from({ length: 30 }, (_, i) => i))('through bad weather, seed %i', seed => {
  const weather = { loss: 0.3, duplication: 0.2, jitterMs: 300 };
  const { network, alice, bob } = twoGateways(pair(), `weather ${seed}`, weather);
  network.run(60_000, () => [alice, bob].every(one => states(one, network.now).includes('established')));
  network.weather = { loss: 0, duplication: 0, jitterMs: 0 };
  network.run(200_000);
  expect(states(alice, network.now)).toEqual(['established']);
  expect(states(bob, network.now)).toEqual(['established']);
});

describe('a peer that is silent', () => {
  test('is asked whether it lives, and lives', () => {
    const { network, alice, bob } = twoGateways();
    network.run(40_000);
    const informational = bob.sent.filter(
      ({ octets }) => decodeIkeHeader(octets).exchangeType === ExchangeType.INFORMATIONAL,
    );
    expect(informational.length).toBeGreaterThan(0);
    expect(states(alice, network.now)).toEqual(['established']);
  });

  test('is found dead, its SAs leave the node, and it is called again', () => {
    const child = childConfig({ start: 'start', onDeath: 'restart' });
    const { network, alice, bob } = twoGateways(pair({ children: [child] }));
    network.run(5000);
    network.intercept = () => [];
    network.run(60_000);
    expect(kinds(alice)).toContain('peerFailed');
    expect(alice.commands.filter(({ kind }) => kind === 'deleteSa')).toHaveLength(2);
    expect(alice.commands.filter(({ kind }) => kind === 'installSa')).toHaveLength(2);
    network.intercept = datagram => [datagram];
    network.run(120_000);
    expect(states(alice, network.now)).toEqual(['established']);
    expect(states(bob, network.now)).toEqual(['established']);
  });
});

test('a daemon that has forgotten everything is recognized by its first contact, RFC 7296 §2.4', () => {
  const { alice: config, bob: other } = pair();
  const { network, alice, bob } = twoGateways({ alice: config, bob: other });
  network.run(5000);
  network.restart(alice, config);
  network.run(5000);
  expect(states(alice, network.now)).toEqual(['established']);
  expect(states(bob, network.now)).toEqual(['established']);
  const [first] = bob.daemon.status(network.now).sas;
  expect(first?.initiatorSpi).toBe(alice.daemon.status(network.now).sas[0]?.initiatorSpi);
});

describe('two that call each other at the same time', () => {
  test.each(Array.from({ length: 20 }, (_, i) => i))('end with one IKE SA, seed %i', seed => {
    const { alice: config, bob: other } = pair({ children: [childConfig({ start: 'start' })] });
    const starts = {
      ...other,
      connections: other.connections.map(connection => ({
        ...connection,
        children: connection.children.map(child => ({ ...child, start: 'start' as const })),
      })),
    };
    const weather = { loss: seed % 2 === 0 ? 0 : 0.2, duplication: 0, jitterMs: seed * 3 };
    const { network, alice, bob } = twoGateways({ alice: config, bob: starts }, `both ${seed}`, weather);
    network.run(60_000);
    network.weather = { loss: 0, duplication: 0, jitterMs: 0 };
    network.run(120_000);
    expect(states(alice, network.now)).toEqual(['established']);
    expect(states(bob, network.now)).toEqual(['established']);
    const [a, b] = [alice, bob].map(one => one.daemon.status(network.now).sas[0]);
    expect(a?.initiatorSpi).toBe(b?.initiatorSpi);
    expect(a?.children).toHaveLength(1);
    expect(b?.children.map(child => child.spiIn)).toEqual(a?.children.map(child => child.spiOut));
  });
});
