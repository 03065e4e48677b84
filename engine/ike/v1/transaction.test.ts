import { describe, expect, it } from 'vitest';
import type { ConnectionConfig, IkeConfig } from '../config.ts';
import type { V1Config } from '../v1-config.ts';
import { kinds, states, twoGateways } from '../testing/gateways.ts';
import { Network } from '../testing/network.ts';
import { carriesTraffic } from '../testing/node-sas.ts';
import { v1Child, v1Pair, withConnection, withV1 } from './testing/connection.ts';

const anywhere = [{ addresses: '0.0.0.0/0', protocol: 'any', ports: 'any' }] as const;
const dynamic = [{ addresses: 'dynamic', protocol: 'any', ports: 'any' }] as const;

interface Scene {
  readonly alice?: Partial<V1Config>;
  readonly bob?: Partial<V1Config>;
  readonly aliceAsks?: Partial<ConnectionConfig>;
}

/** Alice is a user on the road, Bob the gateway. */
function road({ alice = {}, bob = {}, aliceAsks = {} }: Scene): { readonly alice: IkeConfig; readonly bob: IkeConfig } {
  const both = v1Pair();
  const child = v1Child({ start: 'start', local: dynamic, remote: anywhere });
  const pools = [{ name: 'road', addresses: ['10.9.0.0/24'], dns: ['10.0.0.53'], subnets: ['10.0.0.0/16'] }];
  return {
    alice: withV1(withConnection(both.alice, { children: [child], ...aliceAsks }), alice),
    bob: {
      ...withV1(
        withConnection(both.bob, {
          children: [{ ...child, local: anywhere, remote: dynamic, start: 'none' }],
          pools: ['road'],
        }),
        bob,
      ),
      pools,
    },
  };
}

const asks = { aliceAsks: { requestAddresses: ['0.0.0.0'], addressInterface: 'eth0' } };

describe('Mode Config', () => {
  it.each(['pull', 'push'] as const)('gives an address: %s', modeConfig => {
    const { network, alice, bob } = twoGateways(road({ ...asks, alice: { modeConfig }, bob: { modeConfig } }));
    network.run(5_000);
    const [a] = alice.daemon.status(network.now).sas;
    const [b] = bob.daemon.status(network.now).sas;
    expect(a?.virtualAddresses).toEqual(['10.9.0.1']);
    expect(b?.virtualAddresses).toEqual(['10.9.0.1']);
    expect(a?.children).toMatchObject([{ local: ['10.9.0.1-10.9.0.1'] }]);
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
    expect(alice.commands).toContainEqual({
      kind: 'addAddress',
      interface: 'eth0',
      address: '10.9.0.1/32',
      isPreferred: true,
    });
    expect(alice.events.find(({ kind }) => kind === 'addressAssigned')?.detail).toBe(
      '10.9.0.1; DNS 10.0.0.53; subnet 10.0.0.0/16',
    );
    network.command(alice, { kind: 'terminate', ike: 'bob' });
    network.run(5_000);
    expect(kinds(alice)).toContain('addressReleased');
    expect(kinds(bob)).toContain('addressReleased');
    expect(alice.commands.at(-1)).toMatchObject({ kind: 'removeAddress', address: '10.9.0.1/32' });
  });

  it('keeps the address through another phase 1', () => {
    const configs = road({ ...asks, alice: { modeConfig: 'pull' }, bob: { modeConfig: 'pull' } });
    const alice = withConnection(configs.alice, { rekeySeconds: 60 });
    const scene = twoGateways({ ...configs, alice });
    scene.network.run(200_000);
    const [a] = scene.alice.daemon.status(scene.network.now).sas;
    expect(a?.virtualAddresses).toEqual(['10.9.0.1']);
    expect(kinds(scene.alice).filter(kind => kind === 'ikeEstablished').length).toBeGreaterThanOrEqual(3);
    expect(scene.alice.commands.filter(({ kind }) => kind === 'removeAddress')).toEqual([]);
    expect(carriesTraffic(scene.alice, scene.bob)).toBe(true);
  });
});

it('all of it gets through loss and reordering', () => {
  const gateway: Partial<V1Config> = { xauth: { side: 'gateway', users: [{ user: 'joe', password: 'sesame' }] } };
  for (const modeConfig of ['pull', 'push'] as const) {
    for (const seed of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const configs = road({ ...asks, alice: { ...user('sesame'), modeConfig }, bob: { ...gateway, modeConfig } });
      const weather = { loss: 0.15, duplication: 0.1, jitterMs: 300 };
      const { network, alice, bob } = twoGateways(configs, `${modeConfig} ${seed}`, weather);
      network.run(120_000, () => carriesTraffic(alice, bob) && carriesTraffic(bob, alice));
      expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice), `${modeConfig} ${seed}`).toBe(true);
      expect(network.now / 1e9, `${modeConfig} ${seed}`).toBeLessThan(30);
    }
  }
});

it('who waits to be told an address gives up some time', () => {
  const configs = road({ ...asks, alice: { modeConfig: 'push' } });
  const { network, alice } = twoGateways(configs);
  network.run(150_000);
  expect(alice.events.map(({ detail }) => detail).join()).toContain('what is to come before Quick Mode has not come');
  expect(kinds(alice)).not.toContain('childEstablished');
});

describe('XAuth', () => {
  const gateway: Partial<V1Config> = {
    xauth: { side: 'gateway', users: [{ user: 'joe', password: 'sesame' }] },
    modeConfig: 'pull',
  };

  it.each([1, 2])('lets a user in that has the password (seed %i)', seed => {
    const { network, alice, bob } = twoGateways(
      road({ ...asks, alice: user('sesame'), bob: gateway }),
      `seed ${seed}`,
      {
        loss: seed === 1 ? 0 : 0.2,
        duplication: 0,
        jitterMs: 0,
      },
    );
    network.run(30_000);
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
    expect(bob.daemon.status(network.now).sas).toMatchObject([
      { state: 'established', virtualAddresses: ['10.9.0.1'] },
    ]);
  });

  it('lets nobody in that has not', () => {
    const { network, alice, bob } = twoGateways(road({ ...asks, alice: user('guess'), bob: gateway }));
    network.run(2_000);
    expect(kinds(bob)).toContain('authenticationFailed');
    expect(kinds(alice)).toContain('authenticationFailed');
    expect(kinds(bob)).not.toContain('childEstablished');
    expect(states(bob, network.now)).toEqual([]);
    const log = JSON.stringify([alice.events, bob.events]);
    expect(log).not.toContain('guess');
    expect(log).not.toContain('sesame');
  });

  it.each(['sesame', 'guess'])('says who is to have what an older ISAKMP SA has: %s', password => {
    const configs = road({ ...asks, alice: user('sesame'), bob: gateway });
    const { network, alice, bob } = twoGateways(configs);
    network.run(5_000);
    const before = [alice, bob].map(({ daemon }) => daemon.status(network.now).sas[0]);
    network.command(alice, { kind: 'configure', config: withV1(configs.alice, user(password)) });
    let early: unknown = null;
    network.intercept = datagram => {
      // The first messages of phase 2 come behind phase 1: nothing is where it was not before.
      const sas = bob.daemon.status(network.now).sas;
      if (sas.length === 2 && early === null) early = sas.map(({ id, children }) => [id, children.length]);
      return [datagram];
    };
    network.command(alice, { kind: 'rekey', ike: 'bob' });
    network.run(5_000);
    expect(early).toEqual([
      [before[1]?.id, 1],
      [expect.any(Number), 0],
    ]);
    network.run(10_000);
    const isIn = password === 'sesame';
    for (const [i, station] of [alice, bob].entries()) {
      const after = station.daemon.status(network.now).sas;
      expect(after).toMatchObject([{ state: 'established', children: [{ id: before[i]?.children[0]?.id }] }]);
      expect(after[0]?.id === before[i]?.id).toBe(!isIn);
    }
    expect(kinds(bob).includes('authenticationFailed')).toBe(!isIn);
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
  });

  it('tells members of a group apart: none takes, replaces or deletes what another has', () => {
    const both = road({ ...asks, alice: user('sesame'), bob: gateway });
    const users = [
      { user: 'joe', password: 'sesame' },
      { user: 'ann', password: 'open' },
    ];
    const group = { authentication: bothBySecret('gateway.lab', 'group.lab'), remote: [] };
    const bob = withV1(withConnection(both.bob, group), { ...gateway, xauth: { side: 'gateway', users } });
    const member = { authentication: bothBySecret('group.lab', 'gateway.lab'), local: [] };
    const config = (name: string, password: string) =>
      withV1(withConnection(both.alice, member), { ...user(password), xauth: { side: 'user', user: name, password } });
    const network = new Network('group');
    const hub = network.add('bob', ['192.0.2.2'], bob);
    const joe = network.add('joe', ['192.0.2.11'], config('joe', 'sesame'));
    network.run(3_000);
    const ann = network.add('ann', ['192.0.2.12'], config('ann', 'open'));
    network.run(5_000);
    expect(hub.daemon.status(network.now).sas.map(({ children }) => children.length)).toEqual([1, 1]);
    network.command(ann, { kind: 'terminate', ike: 'bob' });
    network.run(5_000);
    expect(hub.daemon.status(network.now).sas).toMatchObject([{ children: [{}], virtualAddresses: ['10.9.0.1'] }]);
    expect(carriesTraffic(joe, hub)).toBe(true);
  });

  it('does not let Quick Mode come before', () => {
    const both = road({ ...asks, alice: user('sesame'), bob: gateway });
    const hasty = withV1(both.alice, { xauth: null, modeConfig: 'none' });
    const { network, bob } = twoGateways({ ...both, alice: hasty });
    network.run(20_000);
    expect(kinds(bob)).not.toContain('childEstablished');
  });
});

function bothBySecret(own: string, expected: string): ConnectionConfig['authentication'] {
  return {
    local: { method: 'psk', identity: own },
    remote: { methods: ['psk'], identity: expected, authorities: [], schemes: [], revocation: 'relaxed' },
  };
}

function user(password: string): Partial<V1Config> {
  return { xauth: { side: 'user', user: 'joe', password }, modeConfig: 'pull' };
}
