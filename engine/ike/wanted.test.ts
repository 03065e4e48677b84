import { describe, expect, test } from 'vitest';
import type { ChildConfig, ConnectionConfig, IkeConfig } from './config.ts';
import type { IkeCommand } from './daemon.ts';
import { childConfig, connectionConfig, ikeConfig } from './testing/connection.ts';
import { Network, type Station } from './testing/network.ts';
import { v1Child, v1Pair, withConnection } from './v1/testing/connection.ts';
import { DEFAULT_V1 } from './v1-config.ts';

const selectors = (addresses: string) => [{ addresses, protocol: 'any', ports: 'any' }] as const;

/** What the node says when a packet finds no SA. */
function wanted(source: string, destination: string): IkeCommand {
  const flow = { source, destination, protocol: 17, sourcePort: 1000, destinationPort: 2000 };
  return { kind: 'noted', event: { kind: 'saWanted', detail: '', wanted: { policy: 'net', transform: 0, flow } } };
}

function connection(version: 1 | 2, given: Partial<ConnectionConfig>): ConnectionConfig {
  const proposals = v1Pair().alice.connections[0]?.proposals ?? [];
  const spoken = version === 1 ? { version, v1: { ...DEFAULT_V1, modeConfig: 'pull' as const }, proposals } : {};
  return connectionConfig({ ...spoken, ...given });
}

const authentication = (own: string, peer: string): ConnectionConfig['authentication'] => ({
  local: { method: 'psk', identity: own },
  remote: { methods: ['psk'], identity: peer, authorities: [], schemes: [], revocation: 'relaxed' },
});

/** Two users on the road, whom the hub has given 10.3.0.1 and 10.3.0.2. */
function road(version: 1 | 2) {
  const child = (given: Partial<ChildConfig>) => (version === 1 ? v1Child : childConfig)({ start: 'trap', ...given });
  const hub: IkeConfig = ikeConfig({
    pools: [{ name: 'road', addresses: ['10.3.0.0/29'], dns: [], subnets: [] }],
    connections: [
      connection(version, {
        name: 'users',
        // Of IKEv1 the secret goes by the address, and so does whom it is of.
        authentication: authentication('%any', '%any'),
        unique: 'no',
        pools: ['road'],
        children: [child({ local: selectors('10.0.0.0/24'), remote: selectors('dynamic') })],
      }),
    ],
  });
  const user = ikeConfig({
    connections: [
      connection(version, {
        name: 'hub',
        remote: ['192.0.2.1'],
        authentication: authentication('%any', '%any'),
        requestAddresses: ['0.0.0.0'],
        addressInterface: 'wan',
        children: [child({ start: 'start', local: selectors('dynamic'), remote: selectors('10.0.0.0/24') })],
      }),
    ],
  });
  const network = new Network('seed');
  const gateway = network.add('hub', ['192.0.2.1'], hub);
  const users = ['192.0.2.11', '192.0.2.12'].map(address => {
    const station = network.add(address, [address], user);
    network.run(3000);
    return station;
  });
  return { network, gateway, users };
}

const made = ({ commands }: Station): number =>
  commands.filter(command => command.kind === 'installSa' && command.sa.direction === 'inbound').length;

describe.each([1, 2] as const)('a packet that has found no SA, IKEv%i', version => {
  test('is no reason to negotiate where what comes of it would not be for it', () => {
    const { network, gateway, users } = road(version);
    const [user] = users;
    if (user === undefined) throw new Error('no users');
    expect(made(user)).toBe(1);
    network.command(user, { kind: 'terminate', child: 'net' });
    network.run(1000);
    const before = [user.sent.length, gateway.sent.length];
    for (let second = 0; second < 5; second++) {
      network.command(user, wanted('192.0.2.11', '10.0.0.5'));
      network.command(user, wanted('10.3.0.1', '10.0.7.5'));
      network.command(gateway, wanted('10.0.0.5', '10.3.0.5'));
      network.run(1000);
    }
    expect([user.sent.length, gateway.sent.length]).toEqual(before);
    network.command(user, wanted('10.3.0.1', '10.0.0.5'));
    network.run(1000);
    expect(made(user)).toBe(2);
  });

  test('is a matter of the peer that has its address', () => {
    const { network, gateway, users } = road(version);
    for (const user of users) network.command(user, { kind: 'terminate', child: 'net' });
    network.run(1000);
    network.command(gateway, wanted('10.0.0.5', '10.3.0.1'));
    network.run(1000);
    expect(users.map(made)).toEqual([2, 1]);
  });

  test('is a matter of the child that is for it, and nobody is called where none is', () => {
    const child = (name: string, remote: string) =>
      (version === 1 ? v1Child : childConfig)({
        name,
        start: 'trap',
        local: selectors('10.0.0.0/24'),
        remote: selectors(remote),
      });
    const network = new Network('seed');
    const remote = ['192.0.2.2'];
    const connections = [
      connection(version, {
        remote,
        ...(version === 1 ? { v1: DEFAULT_V1 } : {}),
        children: [child('one', '10.1.0.0/24'), child('two', '10.2.0.0/24')],
      }),
    ];
    const alice = network.add('alice', ['192.0.2.1'], ikeConfig({ connections }));
    const back = connections.map(one => ({
      ...one,
      remote: ['192.0.2.1'],
      children: one.children.map(each => ({ ...each, local: each.remote, remote: each.local })),
    }));
    network.add('bob', ['192.0.2.2'], ikeConfig({ connections: back }));
    network.command(alice, wanted('10.0.0.5', '10.3.0.1'));
    network.run(1000);
    expect(alice.sent).toEqual([]);
    network.command(alice, wanted('10.0.0.5', '10.2.0.1'));
    network.run(1000);
    expect(made(alice)).toBe(1);
    expect(alice.daemon.status(network.now).sas[0]?.children.map(({ name }) => name)).toEqual(['two']);
  });
});

test('a packet gets the SA of its own selectors while IKEv1 makes one for others', () => {
  const [near, far] = [[...selectors('10.0.0.0/24'), ...selectors('10.2.0.0/24')], selectors('10.1.0.0/24')];
  const child = v1Child({ start: 'trap', local: near, remote: far });
  const { alice: own, bob } = v1Pair({ children: [child] });
  const network = new Network('seed');
  const alice = network.add('alice', ['192.0.2.1'], own);
  network.add('bob', ['192.0.2.2'], withConnection(bob, { children: [{ ...child, local: far, remote: near }] }));
  network.command(alice, wanted('10.0.0.5', '10.1.0.5'));
  network.run(1000);
  network.command(alice, { kind: 'terminate', child: 'net' });
  network.run(1000);
  expect(made(alice)).toBe(1);
  for (const source of ['10.0.0.5', '10.2.0.5', '10.0.0.6', '10.2.0.6']) {
    network.command(alice, wanted(source, '10.1.0.5'));
  }
  network.run(1000);
  expect(made(alice)).toBe(3);
});
