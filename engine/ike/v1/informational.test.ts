import { describe, expect, it } from 'vitest';
import { kinds, states, twoGateways } from '../testing/gateways.ts';
import { attributeOf, encodeAttributes } from '../../wire/isakmp/attribute.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import { Doi, IsakmpExchange, IsakmpNotify, IsakmpProtocol } from '../../wire/isakmp/registry.ts';
import { Writer } from '../../wire/writer.ts';
import { STEPS } from '../steps.ts';
import { Network, type Station } from '../testing/network.ts';
import { V1_STEPS, type V1Steps } from './steps.ts';
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

it('RESPONDER-LIFETIME shortens what was agreed on, and makes nothing longer (RFC 2407 §4.6.3.1)', () => {
  for (const [seconds, expected] of [
    [600, 600],
    [100_000, 3600],
  ] as const) {
    const configs = v1Pair({ livenessSeconds: 0 });
    const network = new Network('seed');
    let spi: Uint8Array = new Uint8Array(4);
    const tells: V1Steps['outgoing'] = message =>
      message.exchangeType === IsakmpExchange.INFORMATIONAL
        ? { ...message, payloads: [...message.payloads.slice(0, 1), lifetime(spi, seconds)] }
        : message;
    const alice = network.add('alice', ['192.0.2.1'], configs.alice, STEPS, { ...V1_STEPS, hashJudged: () => true });
    const bob = network.add('bob', ['192.0.2.2'], configs.bob, STEPS, { ...V1_STEPS, outgoing: tells });
    network.run(3_000);
    const [child] = childrenOf(bob, network);
    spi = Buffer.from((child?.spiIn ?? 0).toString(16).padStart(8, '0'), 'hex');
    // What Bob says in its place: the Delete does not get out.
    network.command(bob, { kind: 'terminate', child: 'net' });
    network.run(1_000);
    const [shortened] = childrenOf(alice, network);
    expect(shortened?.rekeySeconds).toBeLessThan(expected);
    expect(shortened?.rekeySeconds).toBeGreaterThan(expected * 0.7);
  }
});

function lifetime(spi: Uint8Array, seconds: number): IsakmpPayload {
  const out = new Writer(16);
  encodeAttributes([{ type: 1, value: 1 }, attributeOf(2, seconds)], out);
  const notifyType = IsakmpNotify['RESPONDER-LIFETIME'];
  return { type: 'N', doi: Doi.IPSEC, protocolId: IsakmpProtocol.ESP, spi, notifyType, data: out.finish() };
}

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
