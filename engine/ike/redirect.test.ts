import { expect, test } from 'vitest';
import { childConfig, pair } from './testing/connection.ts';
import { kinds, twoGateways } from './testing/gateways.ts';
import type { Network, Station } from './testing/network.ts';
import type { ConnectionConfig, IkeConfig } from './config.ts';

/** Another gateway with Bob's identity, at 192.0.2.3. */
function third(network: Network, given: Partial<ConnectionConfig> = {}): Station {
  const { bob } = pair();
  const connections = bob.connections.map(one => ({ ...one, local: ['192.0.2.3'], ...given }));
  return network.add('carol', ['192.0.2.3'], { ...bob, connections });
}

const changed = (config: IkeConfig, given: Partial<ConnectionConfig>): IkeConfig => ({
  ...config,
  connections: config.connections.map(one => ({ ...one, ...given })),
});

test('in IKE_SA_INIT an initiator is sent to another gateway, and the first one keeps nothing', () => {
  const { alice, bob } = pair();
  const { network, ...stations } = twoGateways({ alice, bob: changed(bob, { redirectTo: '192.0.2.3' }) });
  const carol = third(network);

  network.run(3000);

  expect(kinds(stations.alice)).toEqual(['redirected', 'ikeEstablished', 'childEstablished']);
  expect(kinds(carol)).toEqual(['ikeEstablished', 'childEstablished']);
  expect(stations.bob.daemon.status(network.now).sas).toEqual([]);
});

test('who does not follow is served', () => {
  const { alice, bob } = pair();
  const configs = {
    alice: changed(alice, { followsRedirects: false }),
    bob: changed(bob, { redirectTo: '192.0.2.3' }),
  };
  const { network, ...stations } = twoGateways(configs);

  network.run(3000);

  expect(kinds(stations.alice)).toEqual(['ikeEstablished', 'childEstablished']);
});

test('two gateways that send the initiator to each other do not keep it busy', () => {
  const { alice, bob } = pair();
  const { network, ...stations } = twoGateways({ alice, bob: changed(bob, { redirectTo: '192.0.2.3' }) });
  third(network, { redirectTo: '192.0.2.2' });

  network.run(10_000);

  expect(kinds(stations.alice).filter(kind => kind === 'redirected').length).toBeLessThanOrEqual(6);
});

test('a REDIRECT that does not echo the nonce is nobody’s', () => {
  const { network, alice } = twoGateways();
  const carol = third(network);
  network.intercept = (datagram, from) => {
    const isAnswer = from.name === 'bob' && (datagram.octets[18] ?? 0) === 34;
    // Of REDIRECT, IPv4 192.0.2.3, another nonce.
    const forged = Buffer.concat([
      datagram.octets.subarray(0, 8),
      Buffer.alloc(8),
      Buffer.from('29202220', 'hex'),
      Buffer.alloc(4),
      Buffer.from('0000003a', 'hex'),
      Buffer.from('0000001e00004017', 'hex'),
      Buffer.from('0104c0000203', 'hex'),
      Buffer.alloc(16, 7),
    ]);
    return isAnswer ? [{ ...datagram, octets: forged }, datagram] : [datagram];
  };

  network.run(3000);

  expect(kinds(alice)).toEqual(['ikeEstablished', 'childEstablished']);
  expect(kinds(carol)).toEqual([]);
});

test('an established peer is sent elsewhere, with its children', () => {
  const { network, alice, bob } = twoGateways();
  const carol = third(network);
  network.run(3000);

  network.command(bob, { kind: 'redirect', ike: 'alice', to: '192.0.2.3' });
  network.run(3000);

  expect(kinds(alice)).toContain('redirected');
  expect(kinds(carol)).toEqual(['ikeEstablished', 'childEstablished']);
  expect(bob.daemon.status(network.now).sas.filter(({ state }) => state === 'established')).toEqual([]);
});

test('a gateway that has forgotten shows its token, and the peer begins again at once', () => {
  const configs = pair({ quickCrashDetection: true, children: [childConfig({ start: 'start', onDeath: 'restart' })] });
  const { network, alice, bob } = twoGateways(configs);
  network.run(3000);
  network.restart(bob, configs.bob);
  const before = alice.events.length;

  network.run(35_000);

  expect(kinds(alice).slice(before)).toEqual(['childDeleted', 'ikeDeleted', 'ikeEstablished', 'childEstablished']);
  expect(alice.events[before + 1]?.detail).toMatch(/shows its token/);
});

test('the token of a rekeyed IKE SA is its own', () => {
  const configs = pair({ quickCrashDetection: true, children: [childConfig({ start: 'start', onDeath: 'restart' })] });
  const { network, alice, bob } = twoGateways(configs);
  network.run(3000);
  network.command(bob, { kind: 'rekey', ike: 'alice' });
  network.run(3000);
  network.restart(bob, configs.bob);

  network.run(35_000);

  expect(alice.events.some(({ detail }) => detail.includes('shows its token'))).toBe(true);
});
