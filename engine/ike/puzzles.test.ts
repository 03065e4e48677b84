import { expect, test } from 'vitest';
import { decodeIkeMessage } from '../wire/ike/codec.ts';
import { DEFAULT_LIMITS, type IkeConfig } from './config.ts';
import { pair } from './testing/connection.ts';
import { clearNotifies, kinds, twoGateways } from './testing/gateways.ts';
import { Network, type Station } from './testing/network.ts';
import type { IkeMessage } from '../wire/ike/message.ts';
import { STEPS } from './steps.ts';

const PUZZLE = 16434;

/** Bob asks for puzzles from two half-open IKE SAs on. */
function underAttack(config: IkeConfig, halfOpen = 40): IkeConfig {
  const limits = { ...DEFAULT_LIMITS, halfOpenPerSource: 40, halfOpen, cookiesFrom: 1, puzzlesFrom: 2, puzzleBits: 8 };
  return { ...config, limits };
}

/** So many initiators that never say more: IKE_SA_INITs with other SPIs. */
function flood(network: Network, alice: Station, count: number): void {
  const [first] = alice.sent;
  if (first === undefined) throw new Error('nothing was sent');
  for (let i = 0; i < count; i++) {
    const octets = Uint8Array.from(first.octets);
    octets[0] = 0x80 + i;
    network.inject({ ...first, octets });
  }
}

/** Before Bob was attacked: what an initiator begins with. */
function firstRequest() {
  const { network, alice } = twoGateways();
  network.run(1);
  return { network, alice };
}

test('an initiator solves the puzzle and gets its IKE SA', () => {
  const { alice: attacker } = firstRequest();
  const { alice, bob } = pair();
  // The attackers were there before cookies were asked for.
  const limits = { ...underAttack(bob).limits, cookiesFrom: 2 };
  const { network, ...stations } = twoGateways({ alice, bob: { ...bob, limits } });
  flood(network, attacker, 2);

  network.run(3000);

  expect(clearNotifies({ ...stations.bob, sent: stations.bob.sent.slice(2, 3) })).toContain(PUZZLE);
  const solved = stations.alice.sent.slice(0, 2).map(({ octets }) => decodeIkeMessage(octets).payloads);
  expect(solved[1]?.slice(0, 2)).toMatchObject([{ type: 'N', notifyType: 16390 }, { type: 'PS' }]);
  expect(kinds(stations.alice)).toContain('childEstablished');
});

test('one whose solution is altered is given another, and no state', () => {
  const { alice: attacker } = firstRequest();
  const { alice, bob } = pair();
  const limits = { ...underAttack(bob).limits, cookiesFrom: 2 };
  const { network, ...stations } = twoGateways({ alice, bob: { ...bob, limits } });
  flood(network, attacker, 2);
  network.intercept = (datagram, from) => {
    const message = from.name === 'alice' ? decodeIkeMessage(datagram.octets) : null;
    if (message?.payloads[1]?.type !== 'PS') return [datagram];
    const octets = Uint8Array.from(datagram.octets);
    // The last octet of the second payload: cookie and its headers before it, four keys of four octets.
    const first = message.payloads[0];
    const at = 28 + 8 + (first?.type === 'N' ? first.data.length : 0) + 4 + 15;
    octets[at] = (octets[at] ?? 0) ^ 0xff;
    return [{ ...datagram, octets }];
  };

  network.run(3000);

  expect(kinds(stations.alice)).not.toContain('ikeEstablished');
  expect(stations.bob.daemon.status(network.now).halfOpen).toBe(2);
});

const withoutSolution = (message: IkeMessage) => ({
  ...message,
  payloads: message.payloads.filter(({ type }) => type !== 'PS'),
});

test.each([
  [40, 'served while there is room'],
  [2, 'not served any more'],
])('with %i half-open IKE SAs allowed, one that knows no puzzles is %s', (halfOpen, outcome) => {
  const { alice: attacker } = firstRequest();
  const { alice, bob } = pair();
  const network = new Network('legacy');
  const caller = network.add('alice', ['192.0.2.1'], alice, { ...STEPS, outgoing: withoutSolution });
  const limits = { ...underAttack(bob, halfOpen).limits, cookiesFrom: 2 };
  network.add('bob', ['192.0.2.2'], { ...bob, limits });
  flood(network, attacker, 2);

  network.run(3000);

  expect(kinds(caller).includes('ikeEstablished')).toBe(outcome.startsWith('served'));
});
