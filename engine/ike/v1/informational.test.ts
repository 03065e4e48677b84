import { describe, expect, it } from 'vitest';
import { kinds, states, twoGateways } from '../testing/gateways.ts';
import type { Network, Station } from '../testing/network.ts';
import { carriesTraffic, sasOf } from '../testing/node-sas.ts';
import { v1Child, v1Pair } from './testing/connection.ts';

const childrenOf = ({ daemon }: Station, { now }: Network) =>
  daemon.status(now).sas.flatMap(({ children }) => children);

function connected(configs = v1Pair()) {
  const scene = twoGateways(configs);
  scene.network.run(5_000);
  expect(carriesTraffic(scene.alice, scene.bob)).toBe(true);
  return scene;
}

describe('Delete', () => {
  it('of a child takes it away at both ends', () => {
    const { network, alice, bob } = connected();
    network.command(alice, { kind: 'terminate', child: 'net' });
    network.run(1_000);
    expect(sasOf(alice)).toEqual([]);
    expect(sasOf(bob)).toEqual([]);
    expect(states(alice, network.now)).toEqual(['established']);
    expect(states(bob, network.now)).toEqual(['established']);
  });

  it('of the ISAKMP SA takes its children away first', () => {
    const { network, alice, bob } = connected();
    network.command(alice, { kind: 'terminate', ike: 'bob' });
    network.run(10_000);
    expect(sasOf(alice)).toEqual([]);
    expect(sasOf(bob)).toEqual([]);
    expect(states(alice, network.now)).toEqual([]);
    expect(states(bob, network.now)).toEqual([]);
  });

  it('of both ends at the same time', () => {
    const { network, alice, bob } = connected();
    network.command(alice, { kind: 'terminate', child: 'net' });
    network.command(bob, { kind: 'terminate', child: 'net' });
    network.run(1_000);
    expect(sasOf(alice)).toEqual([]);
    expect(sasOf(bob)).toEqual([]);
    network.command(alice, { kind: 'initiate', child: 'net' });
    network.run(1_000);
    network.command(alice, { kind: 'terminate', ike: 'bob' });
    network.command(bob, { kind: 'terminate', ike: 'alice' });
    network.run(1_000);
    expect(sasOf(alice)).toEqual([]);
    expect(states(bob, network.now)).toEqual([]);
  });

  it('leads to what the configuration says', () => {
    const { network, alice, bob } = connected(v1Pair({ children: [v1Child({ start: 'start', onClose: 'start' })] }));
    network.command(bob, { kind: 'terminate', child: 'net' });
    network.run(10_000);
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
    expect(childrenOf(alice, network)).toHaveLength(1);
  });
});

describe('dead peer detection', () => {
  it('finds a peer that is gone, and makes everything anew when it is back', () => {
    const configs = v1Pair(
      { livenessSeconds: 10, children: [v1Child({ start: 'start', onDeath: 'restart' })] },
      { livenessTimeoutSeconds: 30 },
    );
    const { network, alice, bob } = connected(configs);
    network.intercept = (datagram, from) => (from === bob ? [] : [datagram]);
    network.run(60_000, () => kinds(alice).includes('peerFailed'));
    expect(kinds(alice)).toContain('peerFailed');
    expect(sasOf(alice)).toEqual([]);
    network.restart(bob, configs.bob);
    bob.commands.length = 0;
    network.intercept = datagram => [datagram];
    network.run(30_000);
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
  });

  it('asks nobody who is heard, and lets a peer that answers live', () => {
    const configs = v1Pair({ livenessSeconds: 10 }, { livenessTimeoutSeconds: 20 });
    const { network, alice, bob } = connected(configs);
    const sent = alice.sent.length + bob.sent.length;
    network.run(300_000);
    expect(kinds(alice)).not.toContain('peerFailed');
    expect(alice.sent.length + bob.sent.length).toBeGreaterThan(sent);
    const [child] = childrenOf(alice, network);
    const quiet = alice.sent.length;
    for (let i = 0; i < 30; i++) {
      if (child !== undefined) alice.heard.set(child.spiIn, network.now);
      const other = childrenOf(bob, network)[0];
      if (other !== undefined) bob.heard.set(other.spiIn, network.now);
      network.run(5_000);
    }
    expect(alice.sent.length).toBe(quiet);
  });

  it('gets on with loss', () => {
    const configs = v1Pair({ livenessSeconds: 5 }, { livenessTimeoutSeconds: 40 });
    const { network, alice } = connected(configs);
    network.weather = { loss: 0.3, duplication: 0.1, jitterMs: 300 };
    network.run(600_000);
    expect(kinds(alice)).not.toContain('peerFailed');
  });
});
