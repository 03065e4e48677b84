import { describe, expect, test } from 'vitest';
import { ExchangeType, NotifyType } from '../wire/ike/registry.ts';
import type { IkeConfig } from './config.ts';
import { altering } from './testing/alter.ts';
import { childConfig, pair } from './testing/connection.ts';
import { kinds, states, twoGateways } from './testing/gateways.ts';
import { Network, type Station } from './testing/network.ts';
import { carriesTraffic } from './testing/node-sas.ts';
import { notifyOf } from './v2/notify.ts';

/** SAs that are in the node, by SPI and direction. */
function inNode({ commands }: Station): Set<string> {
  const sas = new Set<string>();
  for (const command of commands) {
    if (command.kind === 'installSa') sas.add(`${command.sa.direction} ${command.sa.spi}`);
    if (command.kind === 'deleteSa') sas.delete(`${command.direction} ${command.spi}`);
  }
  return sas;
}

const THREE = [
  childConfig({ name: 'one', start: 'start' }),
  childConfig({ name: 'two', start: 'start', local: [{ addresses: '10.2.0.0/24', protocol: 'any', ports: 'any' }] }),
  childConfig({ name: 'three', start: 'none', local: [{ addresses: '10.3.0.0/24', protocol: 'any', ports: 'any' }] }),
];

describe('children', () => {
  test('that start come one after the other in one IKE SA; others when they are asked for', () => {
    const { network, alice, bob } = twoGateways(pair({ children: THREE }));
    network.run(2000);
    const names = (station: Station) =>
      station.daemon.status(network.now).sas.map(sa => sa.children.map(child => child.name));
    expect(names(alice)).toEqual([['one', 'two']]);
    network.command(alice, { kind: 'initiate', child: 'three' });
    network.run(1000);
    expect(names(alice)).toEqual([['one', 'two', 'three']]);
    expect(names(bob)).toEqual([['one', 'two', 'three']]);
    expect(inNode(bob).size).toBe(6);
  });

  test('are closed by name, and the IKE SA stays', () => {
    const { network, alice, bob } = twoGateways(pair({ children: THREE }));
    network.run(2000);
    network.command(alice, { kind: 'terminate', child: 'one' });
    network.run(10_000);
    expect(inNode(alice).size).toBe(2);
    expect(inNode(bob).size).toBe(2);
    expect(states(bob, network.now)).toEqual(['established']);
  });

  test('begin when a policy wants them', () => {
    const { network, alice } = twoGateways(pair({ children: [childConfig({ start: 'trap' })] }));
    network.run(2000);
    expect(alice.sent).toEqual([]);
    const flow = {
      source: '10.0.0.5',
      destination: '10.0.1.6',
      protocol: 17,
      sourcePort: 1000,
      destinationPort: 53,
    };
    const wanted = { policy: 'net', transform: 0, flow };
    network.command(alice, { kind: 'noted', event: { kind: 'saWanted', detail: '', wanted } });
    network.command(alice, { kind: 'noted', event: { kind: 'saWanted', detail: '', wanted } });
    network.run(2000);
    expect(kinds(alice)).toEqual(['ikeEstablished', 'childEstablished']);
  });
});

describe('an IKE SA', () => {
  test('is closed by command, with its children, at both ends', () => {
    const { network, alice, bob } = twoGateways();
    network.run(2000);
    network.command(bob, { kind: 'terminate', ike: 'alice' });
    network.run(2000);
    expect([inNode(alice).size, inNode(bob).size]).toEqual([0, 0]);
    expect(states(alice, network.now)).toEqual([]);
    expect(states(bob, network.now)).toEqual([]);
    network.run(60_000);
    expect(alice.daemon.wakeAt()).toBeNull();
    expect(bob.daemon.wakeAt()).toBeNull();
  });

  test('begins again where the configuration says so', () => {
    const { network, alice, bob } = twoGateways(
      pair({ children: [childConfig({ start: 'start', onClose: 'start' })] }),
    );
    network.run(2000);
    network.command(bob, { kind: 'terminate', ike: 'alice' });
    network.run(10_000);
    expect(states(alice, network.now)).toEqual(['established']);
    expect(inNode(alice).size).toBe(2);
  });

  test('is closed at both ends when its Deletes cross, or get lost', () => {
    const { network, alice, bob } = twoGateways();
    network.run(2000);
    let number = 0;
    network.intercept = datagram => (number++ < 3 ? [] : [datagram]);
    network.command(alice, { kind: 'terminate', ike: 'bob' });
    network.command(bob, { kind: 'terminate', ike: 'alice' });
    network.run(60_000);
    expect([inNode(alice).size, inNode(bob).size]).toEqual([0, 0]);
    expect(states(alice, network.now)).toEqual([]);
    expect(states(bob, network.now)).toEqual([]);
  });

  test('ends with the connection that is not configured any more', () => {
    const { alice: config, bob: other } = pair();
    const { network, alice, bob } = twoGateways({ alice: config, bob: other });
    network.run(2000);
    network.command(alice, { kind: 'configure', config: { ...config, connections: [] } });
    network.run(2000);
    expect([inNode(alice).size, inNode(bob).size]).toEqual([0, 0]);
  });

  test('stays over a day of rekeying, of itself and of its children', () => {
    const { network, alice, bob } = twoGateways();
    network.run(24 * 3600_000);
    expect(states(alice, network.now)).toEqual(['established']);
    expect(kinds(alice).filter(kind => kind === 'ikeRekeyed').length).toBeGreaterThan(4);
    expect(kinds(alice).filter(kind => kind === 'childRekeyed').length).toBeGreaterThan(20);
    expect([inNode(alice).size, inNode(bob).size]).toEqual([2, 2]);
    expect(kinds(alice)).not.toContain('peerFailed');
  });
});

/** Two connections to the same peer. */
const twice = (config: IkeConfig): IkeConfig => ({
  ...config,
  connections: config.connections.flatMap(one => [one, { ...one, name: `${one.name}-2` }]),
});

test('INITIAL_CONTACT is said of a peer that no other connection has to do with (§2.4)', () => {
  const { alice, bob } = pair();
  const network = new Network('seed');
  let contacts = 0;
  const steps = altering(ExchangeType.IKE_AUTH, 'request', payloads => {
    if (notifyOf(payloads, NotifyType.INITIAL_CONTACT) !== null) contacts++;
    return payloads;
  });
  network.add('bob', ['192.0.2.2'], { ...bob, connections: bob.connections.map(one => ({ ...one, unique: 'no' })) });
  const caller = network.add('alice', ['192.0.2.1'], twice(alice), steps);
  network.run(2000);
  expect(states(caller, network.now)).toEqual(['established', 'established']);
  expect(contacts).toBe(1);
});

test.each(['alice', 'bob'] as const)(
  'after %s has reauthenticated, both receive by the old SAs for some seconds',
  who => {
    const { network, alice, bob } = twoGateways(pair({ makeBeforeBreak: true }));
    network.run(1000);
    network.command(who === 'alice' ? alice : bob, { kind: 'reauthenticate', ike: who === 'alice' ? 'bob' : 'alice' });
    network.run(3000);
    for (const station of [alice, bob]) {
      expect(states(station, network.now)).toEqual(['established']);
      expect([...inNode(station)].filter(name => name.startsWith('in'))).toHaveLength(2);
      expect([...inNode(station)].filter(name => name.startsWith('out'))).toHaveLength(1);
    }
    network.run(20_000);
    for (const station of [alice, bob]) expect(inNode(station).size).toBe(2);
  },
);

test('nothing stays in the node of a peer that fails while the old SAs are still there', () => {
  const { network, alice, bob } = twoGateways(pair({ makeBeforeBreak: true }));
  network.run(1000);
  network.command(alice, { kind: 'reauthenticate', ike: 'bob' });
  const isMade = () => alice.events.filter(({ kind }) => kind === 'childEstablished').length > 1;
  network.run(3000, isMade);
  network.intercept = () => [];
  network.run(600_000);
  for (const station of [alice, bob]) {
    expect(station.events.map(({ kind }) => kind)).toContain('peerFailed');
    expect([...inNode(station)]).toEqual([]);
  }
});

test('a reauthentication leaves no child without SAs: those that come later as well are there before the old ones go', () => {
  const second = childConfig({
    name: 'second',
    policy: 'second',
    start: 'start',
    ...sides('10.2.0.0/24', '10.3.0.0/24'),
  });
  const { network, alice, bob } = twoGateways(
    pair({ makeBeforeBreak: true, children: [childConfig({ start: 'start' }), second] }),
  );
  network.run(1000);
  network.command(alice, { kind: 'reauthenticate', ike: 'bob' });
  for (let i = 0; i < 4000; i++) {
    network.run(5);
    // The other way packets follow the answer that lets Alice install what they come by.
    expect([i, ...['net', 'second'].map(name => carriesTraffic(alice, bob, name))]).toEqual([i, true, true]);
  }
  expect(states(alice, network.now)).toEqual(['established']);
});

/** All that passes between two networks. */
const sides = (local: string, remote: string) => ({
  local: [{ addresses: local, protocol: 'any', ports: 'any' }] as const,
  remote: [{ addresses: remote, protocol: 'any', ports: 'any' }] as const,
});
