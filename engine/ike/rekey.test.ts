import { expect, test } from 'vitest';
import type { ConnectionConfig } from './config.ts';
import { childConfig, pair } from './testing/connection.ts';
import { Network, type Station } from './testing/network.ts';
import { carriesTraffic, sasOf } from './testing/node-sas.ts';

/** Two gateways with an IKE SA and a Child SA. */
function established(
  given: Partial<ConnectionConfig> = {},
  change: (configs: ReturnType<typeof pair>) => void = () => undefined,
) {
  const network = new Network('seed');
  const configs = pair(given);
  change(configs);
  const alice = network.add('alice', ['192.0.2.1'], configs.alice);
  const bob = network.add('bob', ['192.0.2.2'], configs.bob);
  network.run(1000);
  for (const station of [alice, bob]) station.events.length = 0;
  return { network, alice, bob };
}

const kinds = ({ events }: Station): string[] => events.map(({ kind }) => kind);
const statusOf = (network: Network, station: Station) => station.daemon.status(network.now).sas;
const childrenOf = (network: Network, station: Station) => statusOf(network, station).flatMap(sa => sa.children);

function expectOnePair(network: Network, alice: Station, bob: Station): void {
  for (const station of [alice, bob]) {
    expect(statusOf(network, station).filter(({ state }) => state === 'established')).toHaveLength(1);
    expect(childrenOf(network, station).map(({ state }) => state)).toEqual(['installed']);
    expect(sasOf(station)).toHaveLength(2);
  }
  expect(carriesTraffic(alice, bob)).toBe(true);
  expect(carriesTraffic(bob, alice)).toBe(true);
}

test.each(['alice', 'bob'] as const)('%s rekeys the Child SA, and there is an SA for every packet meanwhile', who => {
  const { network, alice, bob } = established();
  const initiator = who === 'alice' ? alice : bob;
  const before = sasOf(alice).map(({ spi }) => spi);

  network.command(initiator, { kind: 'rekey', child: 'net' });
  for (let i = 0; i < 100; i++) {
    network.run(1);
    expect([carriesTraffic(alice, bob), carriesTraffic(bob, alice)]).toEqual([true, true]);
  }
  expect(sasOf(alice)).toHaveLength(3); // the old inbound one lingers
  network.run(10_000);

  expectOnePair(network, alice, bob);
  expect(sasOf(alice).map(({ spi }) => spi)).not.toEqual(before);
  expect(kinds(alice)).toContain('childRekeyed');
  expect(kinds(bob)).toContain('childRekeyed');
});

test.each(['alice', 'bob'] as const)('%s rekeys the IKE SA: its children live on in the new one', who => {
  const { network, alice, bob } = established();
  const initiator = who === 'alice' ? alice : bob;
  const [before] = statusOf(network, alice);
  const sas = sasOf(alice);

  network.command(initiator, { kind: 'rekey', ike: 'bob' });
  network.command(initiator, { kind: 'rekey', ike: 'alice' });
  network.run(1000);

  const [after] = statusOf(network, alice).filter(({ state }) => state === 'established');
  expect(after?.initiatorSpi).not.toBe(before?.initiatorSpi);
  expect(after?.role).toBe(who === 'alice' ? 'initiator' : 'responder');
  expect(sasOf(alice)).toEqual(sas);
  network.run(60_000);
  expectOnePair(network, alice, bob);

  network.command(bob, { kind: 'rekey', child: 'net' });
  network.run(20_000);
  expectOnePair(network, alice, bob);
});

test('with perfect forward secrecy the new Child SA has a key exchange of its own', () => {
  const children = [
    childConfig({
      start: 'start',
      proposals: [
        {
          protocol: 'esp',
          encryption: ['aes128'],
          integrity: ['sha256'],
          keyExchange: ['ecp256'],
          additionalKeyExchanges: [],
          esn: ['yes', 'no'],
        },
      ],
    }),
  ];
  const { network, alice, bob } = established({ children });
  expect(childrenOf(network, alice).map(({ suite, esn }) => [suite, esn])).toEqual([['aes128-sha256', true]]);
  network.command(alice, { kind: 'rekey', child: 'net' });
  network.run(20_000);
  expectOnePair(network, alice, bob);
  expect(childrenOf(network, alice).map(({ suite }) => suite)).toEqual(['aes128-sha256-ecp256']);
});

/** Child SAs with a key exchange of their own, and IKE SAs with the same. */
const grouped = (keyExchange: string[]): Partial<ConnectionConfig> => {
  const esp = {
    protocol: 'esp',
    encryption: ['aes128gcm16'],
    integrity: [],
    keyExchange,
    additionalKeyExchanges: [],
    esn: ['no'],
  } as const;
  const ike = {
    encryption: ['aes128gcm16'],
    integrity: [],
    prf: ['prfsha256'],
    keyExchange,
    additionalKeyExchanges: [],
  };
  return { children: [childConfig({ start: 'start', proposals: [esp] })], proposals: [ike] };
};

test('a wrong guess of the group costs a round trip, of Child SA and IKE SA', () => {
  const one = pair(grouped(['x25519', 'ecp256']));
  const other = pair(grouped(['ecp256']));
  const network = new Network('seed');
  const alice = network.add('alice', ['192.0.2.1'], one.alice);
  const bob = network.add('bob', ['192.0.2.2'], other.bob);
  network.run(1000);
  network.command(alice, { kind: 'rekey', child: 'net' });
  network.run(20_000);
  network.command(alice, { kind: 'rekey', ike: 'bob' });
  network.run(80_000);
  expectOnePair(network, alice, bob);
  expect(childrenOf(network, alice).map(({ suite }) => suite)).toEqual(['aes128gcm16-ecp256']);
});

test('lifetimes lead to rekeys by themselves, at either end, and nothing is left behind', () => {
  const children = [childConfig({ start: 'start', rekey: { seconds: 100, octets: null, packets: null } })];
  const { network, alice, bob } = established({ children, rekeySeconds: 250, overSeconds: 50 });
  for (let i = 0; i < 2000; i++) {
    network.run(500);
    expect([carriesTraffic(alice, bob), carriesTraffic(bob, alice)]).toEqual([true, true]);
  }
  const counters = alice.daemon.status(network.now).counters;
  expect(counters['childRekeyed']).toBeGreaterThanOrEqual(8);
  expect(counters['ikeRekeyed']).toBeGreaterThanOrEqual(3);
  expect(counters['ikeEstablished']).toBe(1);
});

test.each(['saSoftExpired', 'saWanted'] as const)(
  'octets and packets are counted by the node, which says when it is time: %s',
  kind => {
    const { network, alice, bob } = established();
    const [sa] = sasOf(alice);
    if (sa === undefined) throw new Error('no SA');
    const { spi, direction, source, destination, policy } = sa;
    const name = { spi, direction, protocol: 'esp', source, destination, policy } as const;
    network.command(alice, { kind: 'noted', event: { kind, detail: '', sa: name } });
    network.command(alice, { kind: 'noted', event: { kind, detail: '', sa: name } });
    network.run(20_000);
    expectOnePair(network, alice, bob);
    expect(kinds(alice).filter(each => each === 'childRekeyed')).toHaveLength(1);
  },
);

test.each([
  ['start', 1],
  ['trap', 0],
] as const)(
  'what somebody else takes out of the node is closed at the peer, and %s says what follows',
  (start, count) => {
    const { network, alice, bob } = established({ children: [childConfig({ start })] });
    if (start === 'trap') network.command(alice, { kind: 'initiate', child: 'net' });
    network.run(2000);
    const before = sasOf(alice);
    expect(before).toHaveLength(2);
    for (const { spi, direction, source, destination, policy } of before) {
      const sa = { spi, direction, protocol: 'esp', source, destination, policy } as const;
      network.command(alice, { kind: 'noted', event: { kind: 'saDeleted', detail: '', sa } });
    }
    network.run(500);
    expect([sasOf(alice), sasOf(bob)]).toEqual([[], []]);
    expect(statusOf(network, alice).map(({ state }) => state)).toEqual(['established']);
    network.run(20_000);
    expect([sasOf(alice), sasOf(bob)].map(({ length }) => length)).toEqual([2 * count, 2 * count]);
    const flow = { source: '10.0.0.5', destination: '10.0.1.6', protocol: 17, sourcePort: 1000, destinationPort: 53 };
    network.command(alice, {
      kind: 'noted',
      event: { kind: 'saWanted', detail: '', wanted: { policy: 'net', transform: 0, flow } },
    });
    network.run(2000);
    expectOnePair(network, alice, bob);
  },
);

test.each(['alice', 'bob'] as const)(
  '%s closes the Child SA: both halves go at both ends, and the IKE SA stays',
  who => {
    const { network, alice, bob } = established();
    network.command(who === 'alice' ? alice : bob, { kind: 'terminate', child: 'net' });
    network.run(1000);
    expect([sasOf(alice), sasOf(bob)]).toEqual([[], []]);
    expect(statusOf(network, alice).map(({ state }) => state)).toEqual(['established']);
  },
);

test('a child that the peer closes comes back where it is to', () => {
  const children = [childConfig({ start: 'start', onClose: 'start' })];
  const { network, alice, bob } = established({ children });
  network.command(bob, { kind: 'terminate', child: 'net' });
  network.run(10_000);
  expect(kinds(alice)).toEqual(['childDeleted', 'childEstablished']);
  expectOnePair(network, alice, bob);
});

test('another child is made when it is wanted, and no more than the limit', () => {
  const second = childConfig({
    name: 'second',
    policy: 'second',
    local: [{ addresses: '10.2.0.0/24', protocol: 'any', ports: 'any' }],
    remote: [{ addresses: '10.3.0.0/24', protocol: 'any', ports: 'any' }],
  });
  const children = [childConfig({ start: 'start' }), second];
  const { network, alice, bob } = established({ children });
  network.command(alice, { kind: 'initiate', child: 'second' });
  network.run(1000);
  expect(carriesTraffic(alice, bob, 'second')).toBe(true);
  expect(carriesTraffic(bob, alice, 'second')).toBe(true);
  const limited = established({ children }, ({ bob: config }) => {
    Object.assign(config, { limits: { ...config.limits, childSasPerIkeSa: 1 } });
  });
  limited.network.command(limited.alice, { kind: 'initiate', child: 'second' });
  limited.network.run(1000);
  expect(limited.alice.events.map(({ detail }) => detail)).toContainEqual(expect.stringContaining('NO_ADDITIONAL_SAS'));
  expect(carriesTraffic(limited.alice, limited.bob)).toBe(true);
});
