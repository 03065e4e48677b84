import { describe, expect, it } from 'vitest';
import type { ConnectionConfig, IkeConfig } from '../config.ts';
import type { V1Config } from '../v1-config.ts';
import { kinds, states, twoGateways } from '../testing/gateways.ts';
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

  it('does not let Quick Mode come before', () => {
    const both = road({ ...asks, alice: user('sesame'), bob: gateway });
    const hasty = withV1(both.alice, { xauth: null, modeConfig: 'none' });
    const { network, bob } = twoGateways({ ...both, alice: hasty });
    network.run(20_000);
    expect(kinds(bob)).not.toContain('childEstablished');
  });
});

function user(password: string): Partial<V1Config> {
  return { xauth: { side: 'user', user: 'joe', password }, modeConfig: 'pull' };
}
