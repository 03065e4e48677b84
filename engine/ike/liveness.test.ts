import { expect, test } from 'vitest';
import { NS_PER_S } from '../wire/instant.ts';
import { pair } from './testing/connection.ts';
import { kinds, states, twoGateways } from './testing/gateways.ts';
import { sasOf } from './testing/node-sas.ts';

function established(livenessSeconds = 30) {
  // Only Alice asks.
  const run = twoGateways({ alice: pair({ livenessSeconds }).alice, bob: pair({ livenessSeconds: 0 }).bob });
  run.network.run(2000);
  const [inbound] = sasOf(run.alice).filter(({ direction }) => direction === 'inbound');
  if (inbound === undefined) throw new Error('no Child SA');
  return { ...run, spi: inbound.spi };
}

test('a peer is not asked while its packets come, and asked when they do not', () => {
  const { network, alice, spi } = established();
  const before = alice.sent.length;
  for (let i = 0; i < 20; i++) {
    network.run(10_000);
    alice.heard.set(spi, network.now);
  }
  expect(alice.sent.length).toBe(before);
  network.run(29_000);
  expect(alice.sent.length).toBe(before);
  network.run(2000);
  expect(alice.sent.length).toBe(before + 1);
  expect(states(alice, network.now)).toEqual(['established']);
});

test('what came before the last message is no sign of life', () => {
  const { network, alice, spi } = established();
  alice.heard.set(spi, network.now - 2 * NS_PER_S);
  const before = alice.sent.length;
  network.run(31_000);
  expect(alice.sent.length).toBe(before + 1);
});

test('a peer that is dead is found so, however long its packets came', () => {
  const { network, alice, bob, spi } = established(5);
  for (let i = 0; i < 10; i++) {
    network.run(4000);
    alice.heard.set(spi, network.now);
  }
  bob.daemon = {
    ...bob.daemon,
    receive: () => ({ commands: [], datagrams: [], events: [], secrets: [], fetches: [] }),
  };
  network.run(120_000);
  expect(kinds(alice)).toContain('peerFailed');
});
