import { expect, test } from 'vitest';
import type { IkeCommand } from '../daemon.ts';
import { Network } from '../testing/network.ts';
import { carriesTraffic, sasOf } from '../testing/node-sas.ts';
import { type Choice, everyOrder, type Play, type Scene, someOrders } from '../testing/orders.ts';
import { v1Child, v1Pair } from './testing/connection.ts';

/**
 * Both ends begin something at the same time, and what they say arrives in every order that there is. In the end there is one
 * ISAKMP SA and what should be in it, at both ends the same, and on the way there is an SA for every packet. Nothing
 * is lost: Deletes nobody repeats in IKEv1.
 */
const REKEY_CHILD: IkeCommand = { kind: 'rekey', child: 'net' };
const DELETE_CHILD: IkeCommand = { kind: 'terminate', child: 'net' };
const NEW_CHILD: IkeCommand = { kind: 'initiate', child: 'second' };
const REKEY_IKE: IkeCommand = { kind: 'rekey' };
const DELETE_IKE: IkeCommand = { kind: 'terminate' };

const SECOND = v1Child({
  name: 'second',
  policy: 'second',
  local: [{ addresses: '10.2.0.0/24', protocol: 'any', ports: 'any' }],
  remote: [{ addresses: '10.3.0.0/24', protocol: 'any', ports: 'any' }],
});

function arrange(seed: string) {
  const network = new Network(seed);
  const { alice: aliceConfig, bob: bobConfig } = v1Pair({
    attempts: 1,
    livenessSeconds: 0,
    children: [v1Child({ start: 'start' }), SECOND],
  });
  const alice = network.add(`alice ${seed}`, ['192.0.2.1'], aliceConfig);
  const bob = network.add(`bob ${seed}`, ['192.0.2.2'], bobConfig);
  network.run(2000);
  return { network, alice, bob };
}

function scene(alice: IkeCommand, bob: IkeCommand, seed: string): Scene {
  return { arrange: () => arrange(seed), commands: { alice: [alice], bob: [bob] } };
}

/** What there is when all is over: established ISAKMP SAs, children in use, SAs in the node. */
function outcome({ network, alice, bob }: Play) {
  return [alice, bob].map(station => {
    const { sas } = station.daemon.status(network.now);
    const established = sas.filter(({ state }) => state === 'established');
    return {
      spis: established.map(({ initiatorSpi, responderSpi }) => `${initiatorSpi} ${responderSpi}`),
      children: established.flatMap(({ children }) => children.map(({ state }) => state)),
      others: sas.length - established.length,
      sas: sasOf(station).length,
    };
  });
}

const table: readonly (readonly [
  string,
  IkeCommand,
  IkeCommand,
  { readonly ike: 0 | 1; readonly children: number | 'any'; readonly sample?: number },
])[] = [
  ['both rekey the Child SA', REKEY_CHILD, REKEY_CHILD, { ike: 1, children: 1 }],
  ['both close the Child SA', DELETE_CHILD, DELETE_CHILD, { ike: 1, children: 0 }],
  ['one rekeys the Child SA that the other closes', REKEY_CHILD, DELETE_CHILD, { ike: 1, children: 'any' }],
  ['both make another phase 1', REKEY_IKE, REKEY_IKE, { ike: 1, children: 1, sample: 30 }],
  ['one makes another phase 1, the other rekeys', REKEY_IKE, REKEY_CHILD, { ike: 1, children: 1 }],
  ['one makes another phase 1, the other closes', REKEY_IKE, DELETE_CHILD, { ike: 1, children: 0 }],
  ['one makes another phase 1, the other a Child SA', REKEY_IKE, NEW_CHILD, { ike: 1, children: 2 }],
  ['both make the same Child SA', NEW_CHILD, NEW_CHILD, { ike: 1, children: 2 }],
  ['both close the ISAKMP SA', DELETE_IKE, DELETE_IKE, { ike: 0, children: 0 }],
];

test.each(table)('%s: in whatever order', (_what, alice, bob, expected) => {
  const keepsTraffic = expected.children !== 0 && expected.children !== 'any';
  const observe = (play: Play) => {
    if (!keepsTraffic) return;
    expect([carriesTraffic(play.alice, play.bob), carriesTraffic(play.bob, play.alice)]).toEqual([true, true]);
  };
  const judge = (play: Play, order: readonly Choice[]) => {
    play.release();
    for (let i = 0; i < 12; i++) {
      play.network.run(5000);
      if (!keepsTraffic) continue;
      const traffic = [carriesTraffic(play.alice, play.bob), carriesTraffic(play.bob, play.alice)];
      expect([...order, i, ...traffic]).toEqual([...order, i, true, true]);
    }
    const [one, other] = outcome(play);
    expect([...order, one]).toEqual([...order, other]);
    expect([...order, one?.spis.length]).toEqual([...order, expected.ike]);
    expect(one?.others).toBe(0);
    const count = one?.children.length ?? 0;
    expect([...order, expected.children === 'any' ? 'any' : count]).toEqual([...order, expected.children]);
    expect(one?.children.every(state => state === 'installed')).toBe(true);
    expect([...order, one?.sas]).toEqual([...order, 2 * count]);
  };
  const played = scene(alice, bob, 'seed');
  if (expected.sample === undefined) everyOrder(played, observe, judge);
  else someOrders(played, 'orders', expected.sample, observe, judge);
});
