import { describe, expect, test } from 'vitest';
import type { NodeCommand } from '../node/node.ts';
import { decodeIkeMessage } from '../wire/ike/codec.ts';
import { NotifyType } from '../wire/ike/registry.ts';
import { childConfig, ikeConfig, pair } from './testing/connection.ts';
import { clearNotifies, kinds, twoGateways } from './testing/gateways.ts';

describe('a handshake with a shared secret', () => {
  const { network, alice, bob } = twoGateways();
  network.run(1000);

  test('makes an IKE SA and a Child SA in four messages', () => {
    expect(kinds(alice)).toEqual(['ikeEstablished', 'childEstablished']);
    expect(kinds(bob)).toEqual(['ikeEstablished', 'childEstablished']);
    expect([alice.sent.length, bob.sent.length]).toEqual([2, 2]);
  });

  test('gives both the same keys of the IKE SA', () => {
    expect(alice.secrets).toHaveLength(1);
    expect(alice.secrets).toEqual(bob.secrets);
  });

  test('gives the nodes SAs that fit each other, the inbound one first', () => {
    const [aliceIn, aliceOut] = installed(alice.commands);
    const [bobIn, bobOut] = installed(bob.commands);
    expect([aliceIn?.direction, aliceOut?.direction]).toEqual(['inbound', 'outbound']);
    expect(essence(aliceOut)).toEqual(essence(bobIn));
    expect(essence(bobOut)).toEqual(essence(aliceIn));
  });

  test('shows in the status of both', () => {
    const [sa] = alice.daemon.status(network.now).sas;
    expect(sa).toMatchObject({
      connection: 'bob',
      role: 'initiator',
      state: 'established',
      local: '192.0.2.1:500',
      remote: '192.0.2.2:500',
      localIdentity: 'alice.lab',
      remoteIdentity: 'bob.lab',
      localAuthentication: 'psk',
      suite: 'aes256gcm16-prfsha384-x25519',
      nat: 'none',
    });
    expect(sa?.children[0]).toMatchObject({ name: 'net', state: 'installed', suite: 'aes256gcm16' });
    expect(bob.daemon.status(network.now)).toMatchObject({ halfOpen: 0, sas: [{ role: 'responder' }] });
  });

  test('is the same again, octet by octet, by the same random octets', () => {
    const again = twoGateways();
    again.network.run(1000);
    expect(again.alice.sent).toEqual(alice.sent);
    expect(again.bob.sent).toEqual(bob.sent);
  });
});

test('a command that comes before the daemon was woken is not lost', () => {
  const { network, alice } = twoGateways(pair({ children: [childConfig({ start: 'none' })] }));
  network.command(alice, { kind: 'initiate', child: childConfig().name });
  network.run(1000);
  expect(kinds(alice)).toEqual(['ikeEstablished', 'childEstablished']);
});

describe('before there are keys', () => {
  test('a responder that wants another group gets it, RFC 7296 §1.3', () => {
    const [alice, bob] = [pair().alice, pair().bob];
    const { network, ...stations } = twoGateways({
      alice: withKeyExchanges(alice, ['x25519', 'ecp256']),
      bob: withKeyExchanges(bob, ['ecp256']),
    });
    network.run(1000);
    expect(clearNotifies(stations.bob)).toContain(NotifyType.INVALID_KE_PAYLOAD);
    expect(stations.alice.daemon.status(network.now).sas[0]?.suite).toBe('aes256gcm16-prfsha384-ecp256');
  });

  test('nothing in common is told, waited upon, and tried again more and more rarely', () => {
    const { network, alice, bob } = twoGateways({
      alice: withKeyExchanges(pair().alice, ['x25519']),
      bob: withKeyExchanges(pair().bob, ['ecp256']),
    });
    network.run(120_000);
    expect(clearNotifies(bob)).toContain(NotifyType.NO_PROPOSAL_CHOSEN);
    expect(new Set(kinds(alice))).toEqual(new Set(['negotiationFailed']));
    expect(alice.events.length).toBeGreaterThan(3);
    expect(alice.events.length).toBeLessThan(12);
    expect(bob.daemon.status(network.now).sas).toEqual([]);
  });

  test('a responder under load asks for a cookie and keeps nothing until it comes back', () => {
    const { alice, bob } = pair();
    const { network, ...stations } = twoGateways({
      alice,
      bob: { ...bob, limits: { ...bob.limits, cookiesFrom: 0 } },
    });
    network.run(15, () => stations.bob.sent.length > 0);
    expect(stations.bob.daemon.status(network.now).sas).toEqual([]);
    network.run(1000);
    expect(clearNotifies(stations.bob).filter(type => type === NotifyType.COOKIE)).toHaveLength(1);
    const second = stations.alice.sent[1];
    const [first] = second === undefined ? [] : decodeIkeMessage(second.octets).payloads;
    expect(first).toMatchObject({ type: 'N', notifyType: NotifyType.COOKIE });
    expect(stations.alice.daemon.status(network.now).sas[0]?.state).toBe('established');
  });

  test('a cookie and another group, one after the other', () => {
    const { alice, bob } = pair();
    const { network, ...stations } = twoGateways({
      alice: withKeyExchanges(alice, ['x25519', 'ecp256']),
      bob: withKeyExchanges({ ...bob, limits: { ...bob.limits, cookiesFrom: 0 } }, ['ecp256']),
    });
    network.run(1000);
    expect(stations.alice.sent).toHaveLength(4);
    expect(stations.alice.daemon.status(network.now).sas[0]?.state).toBe('established');
  });
});

describe('authentication', () => {
  test('another secret is refused by the responder, and nothing stands', () => {
    const { alice, bob } = pair();
    const { network, ...stations } = twoGateways({
      alice: { ...alice, secrets: [{ identities: [], secret: '00' }] },
      bob,
    });
    network.run(1500);
    expect(kinds(stations.bob)).toContain('authenticationFailed');
    expect(kinds(stations.alice)).toContain('authenticationFailed');
    expect(installed([...stations.alice.commands, ...stations.bob.commands])).toEqual([]);
    expect(stations.bob.daemon.status(network.now).sas).toEqual([]);
  });

  test('an initiator that the responder fools refuses it, and says so', () => {
    const { alice, bob } = pair();
    const isOther = { ...alice, connections: alice.connections.map(expecting('carol.lab')) };
    // Alice names nobody, so that Bob answers as himself.
    const anonymous = { ...isOther, connections: isOther.connections.map(expecting('*.other')) };
    const { network, ...stations } = twoGateways({ alice: anonymous, bob });
    network.run(1500);
    expect(kinds(stations.alice)).toContain('authenticationFailed');
    expect(installed(stations.alice.commands)).toEqual([]);
    expect(stations.bob.events.map(({ kind }) => kind)).toContain('authenticationFailed');
    expect(stations.bob.daemon.status(network.now).sas).toEqual([]);
    const left = stations.bob.commands.filter(({ kind }) => kind === 'deleteSa');
    expect(left).toHaveLength(installed(stations.bob.commands).length);
  });

  test('a child that the responder does not want leaves the IKE SA as it is', () => {
    const { alice, bob } = pair();
    const other = bob.connections.map(connection => ({
      ...connection,
      children: connection.children.map(child => ({
        ...child,
        local: [{ addresses: '172.16.0.0/24', protocol: 'any' as const, ports: 'any' as const }],
      })),
    }));
    const { network, ...stations } = twoGateways({ alice, bob: { ...bob, connections: other } });
    network.run(800);
    expect(kinds(stations.alice)).toEqual(['ikeEstablished', 'negotiationFailed']);
    expect(stations.alice.daemon.status(network.now).sas[0]).toMatchObject({ state: 'established', children: [] });
  });
});

test('a configuration without connections answers NO_PROPOSAL_CHOSEN and keeps nothing', () => {
  const { network, alice, bob } = twoGateways({ alice: pair().alice, bob: ikeConfig() });
  network.run(1000);
  expect(clearNotifies(bob)).toContain(NotifyType.NO_PROPOSAL_CHOSEN);
  expect(bob.daemon.status(network.now).sas).toEqual([]);
  expect(installed(alice.commands)).toEqual([]);
});

type Installed = Extract<NodeCommand, { kind: 'installSa' }>['sa'];

function installed(commands: readonly NodeCommand[]): Installed[] {
  return commands.flatMap(command => (command.kind === 'installSa' ? [command.sa] : []));
}

/** What both ends of one SA have in common. */
function essence(sa: Installed | undefined) {
  if (sa === undefined) return null;
  const { spi, source, destination, suite, encryptionKey, integrityKey, mode, protocol } = sa;
  return { spi, source, destination, suite, encryptionKey, integrityKey, mode, protocol };
}

function withKeyExchanges(config: ReturnType<typeof ikeConfig>, keyExchange: readonly string[]) {
  const connections = config.connections.map(connection => ({
    ...connection,
    proposals: connection.proposals.map(proposal => ({ ...proposal, keyExchange })),
  }));
  return { ...config, connections };
}

function expecting(identity: string) {
  return (connection: ReturnType<typeof ikeConfig>['connections'][number]) => ({
    ...connection,
    authentication: {
      ...connection.authentication,
      remote: { ...connection.authentication.remote, identity },
    },
  });
}
