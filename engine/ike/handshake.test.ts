import { expect, test } from 'vitest';
import { pair } from './testing/connection.ts';
import { Network, type Station } from './testing/network.ts';

/** Kinds of events, in their order. */
const kinds = ({ events }: Station): string[] => events.map(({ kind }) => kind);

function twoGateways(seed = 'seed', configs = pair()) {
  const network = new Network(seed);
  const alice = network.add('alice', ['192.0.2.1'], configs.alice);
  const bob = network.add('bob', ['192.0.2.2'], configs.bob);
  return { network, alice, bob };
}

test('two daemons with a shared secret make an IKE SA and a Child SA in four messages', () => {
  const { network, alice, bob } = twoGateways();

  network.run(1000);

  expect(kinds(alice)).toEqual(['ikeEstablished', 'childEstablished']);
  expect(kinds(bob)).toEqual(['ikeEstablished', 'childEstablished']);
  expect([alice.sent.length, bob.sent.length]).toEqual([2, 2]);
});
