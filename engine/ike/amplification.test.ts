import { expect, test } from 'vitest';
import { decodeIkeMessage, encodeIkeMessage } from '../wire/ike/codec.ts';
import { pair } from './testing/connection.ts';
import { twoGateways } from './testing/gateways.ts';

/** First requests whose sender may be anybody's address: how much is sent there. */
function firstRequest() {
  const { network, alice } = twoGateways();
  network.run(1);
  const [first] = alice.sent;
  if (first === undefined) throw new Error('nothing was sent');
  return first;
}

test('the same first request over and over is answered as often as an initiator may ask', () => {
  const first = firstRequest();
  const { network, bob } = twoGateways({ alice: { ...pair().alice, connections: [] }, bob: pair().bob });
  for (let i = 0; i < 500; i++) network.inject(first);
  network.run(100);
  expect(bob.sent.length).toBeGreaterThan(6);
  expect(bob.sent.length).toBeLessThan(30);
});

test('no cookie is larger than what asks for it', () => {
  const first = firstRequest();
  const { alice, bob } = pair();
  const limits = { ...bob.limits, cookiesFrom: 0 };
  const { network, bob: station } = twoGateways({ alice: { ...alice, connections: [] }, bob: { ...bob, limits } });
  const message = decodeIkeMessage(first.octets);
  const nonce = message.payloads.filter(({ type }) => type === 'NONCE');
  network.inject({ ...first, octets: encodeIkeMessage({ ...message, payloads: nonce }) });
  network.run(100);
  expect(station.sent).toEqual([]);
  network.inject(first);
  network.run(100);
  expect(station.sent.map(({ octets }) => octets.length < first.octets.length)).toEqual([true]);
});
