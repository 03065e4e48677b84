import { describe, expect, test } from 'vitest';
import type { Payload } from '../wire/ike/payload.ts';
import type { IsakmpPayload } from '../wire/isakmp/payload.ts';
import type { IkeConfig } from './config.ts';
import type { IkeCommand } from './daemon.ts';
import { STEPS } from './steps.ts';
import { StrayLimit } from './stray-limit.ts';
import { childConfig, pair } from './testing/connection.ts';
import { kinds, states } from './testing/gateways.ts';
import { Network, type Station } from './testing/network.ts';
import { carriesTraffic } from './testing/node-sas.ts';
import { V1_STEPS } from './v1/steps.ts';
import { v1Child, v1Pair } from './v1/testing/connection.ts';

/** What the node says of ESP that it has no SA for. */
function stray(spi: number, source = '192.0.2.1'): IkeCommand {
  const packet = { spi, protocol: 'esp', source, sourcePort: null } as const;
  return { kind: 'noted', event: { kind: 'unknownSpi', detail: '', stray: packet } };
}

const configs = (version: 1 | 2) =>
  version === 1
    ? v1Pair({ children: [v1Child({ start: 'start', onClose: 'trap' })] })
    : pair({ children: [childConfig({ start: 'start', onClose: 'trap' })] });

/** Bob begins nothing by himself, but for a packet. */
function trapping(config: IkeConfig): IkeConfig {
  const connections = config.connections.map(connection => ({
    ...connection,
    children: connection.children.map(child => ({ ...child, start: 'trap' as const })),
  }));
  return { ...config, connections };
}

/** What Bob leaves out of what he says. */
interface Silence {
  type: 'D' | 'N' | null;
}

function established(version: 1 | 2) {
  const silence: Silence = { type: null };
  const said = <P extends Payload | IsakmpPayload>(payloads: readonly P[]) =>
    payloads.filter(({ type }) => type !== silence.type);
  const { alice: caller, bob: called } = configs(version);
  const network = new Network('seed');
  const alice = network.add('alice', ['192.0.2.1'], caller);
  const bob = network.add(
    'bob',
    ['192.0.2.2'],
    trapping(called),
    { ...STEPS, outgoing: message => ({ ...message, payloads: said(message.payloads) }) },
    { ...V1_STEPS, outgoing: message => ({ ...message, payloads: said(message.payloads) }) },
  );
  network.run(3000);
  expect([states(alice, network.now), states(bob, network.now)]).toEqual([['established'], ['established']]);
  return { network, alice, bob, called: trapping(called), silence };
}

const childrenOf = ({ daemon }: Station, now: number) => daemon.status(now).sas.flatMap(({ children }) => children);

describe.each([1, 2] as const)('ESP under an SPI that is not here, IKEv%i', version => {
  test.each(version === 1 ? (['D'] as const) : (['D', 'N'] as const))(
    'makes a peer close what this end has closed, and did not say so by %s',
    type => {
      const { network, alice, bob, silence } = established(version);
      const [gone] = childrenOf(bob, network.now);
      if (gone === undefined) throw new Error('no child');
      silence.type = 'D';
      network.command(bob, { kind: 'terminate', child: 'net' });
      network.run(2000);
      expect([childrenOf(alice, network.now).length, childrenOf(bob, network.now).length]).toEqual([1, 0]);
      silence.type = version === 1 ? null : type;
      const before = bob.sent.length;
      for (let i = 0; i < 10; i++) network.command(bob, stray(gone.spiIn));
      network.run(1000);
      expect(childrenOf(alice, network.now)).toEqual([]);
      expect(bob.sent.length - before).toBe(1);
      expect(kinds(bob).filter(kind => kind === 'staleSa')).toHaveLength(1);
    },
  );

  test('makes an end that has forgotten all call whom it would call for a packet', () => {
    const { network, alice, bob, called } = established(version);
    const [forgotten] = childrenOf(bob, network.now);
    network.restart(bob, called);
    bob.commands.length = 0;
    network.run(1000);
    expect(bob.daemon.status(network.now).sas).toEqual([]);
    network.command(bob, stray(forgotten?.spiIn ?? 0));
    network.run(1000);
    expect([states(alice, network.now), states(bob, network.now)]).toEqual([['established'], ['established']]);
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
  });

  test('is nothing to strangers, nor from them', () => {
    const { network, bob, called } = established(version);
    const before = bob.sent.length;
    network.command(bob, stray(0x1234, '203.0.113.9'));
    network.restart(bob, called);
    network.command(bob, stray(0x1234, '203.0.113.9'));
    network.run(1000);
    expect(bob.sent.length).toBe(before);
  });

  test('harms nothing that is there, and is not talked about while something is being made', () => {
    const { network, alice, bob } = established(version);
    network.command(bob, stray(childrenOf(bob, network.now)[0]?.spiIn ?? 0));
    network.command(bob, stray(0x1234));
    network.run(1000);
    expect(childrenOf(alice, network.now)).toHaveLength(1);
    const before = kinds(bob).length;
    network.run(5000);
    network.command(bob, { kind: 'rekey', child: 'net' });
    network.command(bob, stray(0x1234));
    expect(kinds(bob).slice(before)).not.toContain('staleSa');
    network.run(1000);
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
  });
});

const address = (i: number) => Uint8Array.of(10, 0, i >>> 8, i & 255);

test('each peer has its share, all together theirs, and what is remembered is bounded', () => {
  const limit = new StrayLimit();
  expect([limit.take(address(1), 0), limit.take(address(1), 0), limit.take(address(2), 0)]).toEqual([
    true,
    false,
    true,
  ]);
  let taken = 0;
  for (let i = 3; i < 1000; i++) taken += limit.take(address(i), 0) ? 1 : 0;
  expect(taken).toBe(8);
  expect(limit.size).toBe(256);
  expect(limit.take(address(1), 3e9)).toBe(true);
});
