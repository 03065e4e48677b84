import { describe, expect, it } from 'vitest';
import { NS_PER_S } from '../../wire/instant.ts';
import { states, twoGateways } from '../testing/gateways.ts';
import type { Network, Station, Weather } from '../testing/network.ts';
import { carriesTraffic } from '../testing/node-sas.ts';
import { v1Child, v1Pair } from './testing/connection.ts';

const childrenOf = ({ daemon }: Station, { now }: Network) =>
  daemon.status(now).sas.flatMap(({ children }) => children);
const activeOf = (end: Station, network: Network) =>
  childrenOf(end, network).filter(({ state }) => state === 'installed');
const count = ({ events }: Station, kind: string) => events.filter(one => one.kind === kind).length;

const shortLived = (seconds: number) =>
  v1Child({ start: 'start', rekey: { seconds, octets: null, packets: null }, onDeath: 'restart', onClose: 'start' });

function scene(configs = v1Pair({ children: [shortLived(120)] }), seed = 'seed', weather?: Weather) {
  const { network, alice, bob } = twoGateways(configs, seed, weather);
  network.run(10_000, () => activeOf(alice, network).length > 0 && activeOf(bob, network).length > 0);
  network.run(1_000);
  return { network, alice, bob };
}

/** Runs on and looks after each datagram whether a packet of either end would have got through; returns how often not. */
function lostPackets(network: Network, alice: Station, bob: Station, forMs: number): number {
  let lost = 0;
  let commands = -1;
  network.run(forMs, () => {
    const known = alice.commands.length + bob.commands.length;
    if (known !== commands && !(carriesTraffic(alice, bob) && carriesTraffic(bob, alice))) lost++;
    commands = known;
    return false;
  });
  return lost;
}

describe('another Quick Mode for the same traffic', () => {
  it('comes in time, and no packet is lost', () => {
    const { network, alice, bob } = scene();
    expect(lostPackets(network, alice, bob, 400_000)).toBe(0);
    expect(count(alice, 'childRekeyed')).toBeGreaterThanOrEqual(3);
    expect(activeOf(alice, network)).toHaveLength(1);
    expect(activeOf(bob, network)).toHaveLength(1);
    // Old ones are taken away.
    expect(childrenOf(alice, network).length).toBeLessThanOrEqual(2);
  });

  it.each(['alice', 'bob'] as const)('is begun by %s when somebody says so', name => {
    const { network, alice, bob } = scene(v1Pair());
    const [before] = activeOf(alice, network);
    network.command(name === 'alice' ? alice : bob, { kind: 'rekey', child: 'net' });
    expect(lostPackets(network, alice, bob, 2_000)).toBe(0);
    expect(activeOf(alice, network)).toMatchObject([{ state: 'installed' }]);
    expect(activeOf(alice, network)[0]?.spiIn).not.toBe(before?.spiIn);
    expect(lostPackets(network, alice, bob, 60_000)).toBe(0);
    expect(childrenOf(alice, network)).toHaveLength(1);
    expect(childrenOf(bob, network)).toHaveLength(1);
  });

  it('without end leaves no more than a few of the older ones to die, and no packet is lost', () => {
    const { network, alice, bob } = scene(v1Pair());
    for (let i = 0; i < 16; i++) {
      network.command(i % 2 === 0 ? alice : bob, { kind: 'rekey', child: 'net' });
      expect(lostPackets(network, alice, bob, 1_500)).toBe(0);
    }
    expect(count(alice, 'childRekeyed')).toBe(16);
    for (const end of [alice, bob]) expect(childrenOf(end, network).length).toBeLessThanOrEqual(9);
    expect(lostPackets(network, alice, bob, 60_000)).toBe(0);
    for (const end of [alice, bob]) expect(childrenOf(end, network)).toMatchObject([{ state: 'installed' }]);
  });

  it('comes to one when both ends begin at the same time', () => {
    const { network, alice, bob } = scene(v1Pair());
    network.command(alice, { kind: 'rekey', child: 'net' });
    network.command(bob, { kind: 'rekey', child: 'net' });
    expect(lostPackets(network, alice, bob, 3_000)).toBe(0);
    const [a] = activeOf(alice, network);
    expect(activeOf(alice, network)).toHaveLength(1);
    expect(activeOf(bob, network)).toMatchObject([{ spiIn: a?.spiOut, spiOut: a?.spiIn }]);
    expect(lostPackets(network, alice, bob, 70_000)).toBe(0);
    expect(childrenOf(alice, network)).toHaveLength(1);
    expect(childrenOf(bob, network)).toHaveLength(1);
  });

  it('goes on through loss and reordering', () => {
    for (const seed of ['a', 'b', 'c', 'd']) {
      const weather = { loss: 0.2, duplication: 0.1, jitterMs: 200 };
      const { network, alice, bob } = scene(v1Pair({ children: [shortLived(200)], livenessSeconds: 0 }), seed, weather);
      expect(lostPackets(network, alice, bob, 600_000), seed).toBe(0);
      expect(count(alice, 'childRekeyed') + count(bob, 'childRekeyed'), seed).toBeGreaterThanOrEqual(3);
    }
  });

  it('brings the old one back when the responder takes away what was never confirmed', () => {
    const { network, alice, bob } = scene(v1Pair({ livenessSeconds: 0 }));
    const known = activeOf(bob, network).length;
    network.command(alice, { kind: 'rekey', child: 'net' });
    // Nothing of Alice arrives once Bob has answered.
    network.intercept = (datagram, from) =>
      from === alice && childrenOf(bob, network).length > known ? [] : [datagram];
    network.run(60_000, () => childrenOf(bob, network).length === known && network.now > 3 * NS_PER_S);
    network.intercept = datagram => [datagram];
    network.run(2_000);
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
    expect(activeOf(alice, network)).toHaveLength(1);
    // It has never left the node: sequence numbers, and with them IVs, go on.
    const keys = alice.commands.flatMap(command =>
      command.kind === 'installSa' && command.sa.direction === 'outbound' ? [command.sa.encryptionKey] : [],
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('ends what cannot be replaced, and makes it anew', () => {
    const { network, alice, bob } = scene(v1Pair({ children: [shortLived(60)], livenessSeconds: 0 }));
    network.intercept = () => [];
    network.run(90_000);
    expect(activeOf(alice, network)).toEqual([]);
    network.intercept = datagram => [datagram];
    network.run(120_000);
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
  });
});

describe('another phase 1', () => {
  it('takes the Child SAs over, and no packet is lost', () => {
    const { network, alice, bob } = scene(v1Pair({ rekeySeconds: 100, livenessSeconds: 0 }));
    const [before] = activeOf(alice, network);
    expect(lostPackets(network, alice, bob, 350_000)).toBe(0);
    expect(count(alice, 'ikeEstablished')).toBeGreaterThanOrEqual(4);
    expect(activeOf(alice, network)).toMatchObject([{ spiIn: before?.spiIn }]);
    expect(activeOf(bob, network)).toMatchObject([{ spiOut: before?.spiIn }]);
    expect(states(alice, network.now).filter(state => state === 'established')).toHaveLength(1);
  });

  it('of both, in loss, with rekeyed children, loses nothing either', () => {
    for (const seed of ['a', 'b', 'c']) {
      const configs = v1Pair({ rekeySeconds: 90, children: [shortLived(150)], livenessSeconds: 0 });
      const { network, alice, bob } = scene(configs, seed, { loss: 0.1, duplication: 0.1, jitterMs: 100 });
      expect(lostPackets(network, alice, bob, 500_000), seed).toBe(0);
    }
  });
});
