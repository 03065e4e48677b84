import { describe, expect, test } from 'vitest';
import { decodeIkeMessage } from '../wire/ike/codec.ts';
import type { TrafficSelectorConfig } from './config.ts';
import type { IkeDatagram } from './daemon.ts';
import { childConfig, pair } from './testing/connection.ts';
import { messages, states, twoGateways } from './testing/gateways.ts';
import { collect, FRAGMENTS_MAX, isPossibleFragment } from './v2/fragments.ts';

/** So many that IKE_AUTH has more than a thousand octets. */
const MANY: TrafficSelectorConfig[] = Array.from({ length: 60 }, (_, i) => ({
  addresses: `10.${i}.${i}.0/24`,
  protocol: 'any',
  ports: 'any',
}));
const LARGE = childConfig({ start: 'start', local: MANY, remote: MANY });

/** Number and total of what goes in SKF; null for other messages. */
function fragment({ octets }: IkeDatagram): readonly [number, number] | null {
  const last = decodeIkeMessage(octets).payloads.at(-1);
  return last?.type === 'SKF' ? [last.fragmentNumber, last.totalFragments] : null;
}

describe('messages that are too large for a packet, RFC 7383', () => {
  test('go in pieces that fit into 576 octets, both ways', () => {
    const { network, alice, bob } = twoGateways(pair({ children: [LARGE] }));
    network.run(400);
    expect(states(alice, network.now)).toEqual(['established']);
    expect(alice.sent.map(fragment)).toEqual([null, [1, 5], [2, 5], [3, 5], [4, 5], [5, 5]]);
    expect(bob.sent.map(fragment).at(-1)).toEqual([5, 5]);
    expect(Math.max(...alice.sent.map(({ octets }) => octets.length + 28))).toBeLessThanOrEqual(576);
  });

  test('go whole where one end wants no pieces', () => {
    const { alice: config, bob: other } = pair({ children: [LARGE] });
    const connections = other.connections.map(connection => ({ ...connection, fragmentation: 'no' as const }));
    const { network, alice } = twoGateways({ alice: config, bob: { ...other, connections } });
    network.run(400);
    expect(alice.sent.map(fragment)).toEqual([null, null]);
    expect(states(alice, network.now)).toEqual(['established']);
  });

  test('go in pieces also where they would fit, by force', () => {
    const { network, alice, bob } = twoGateways(pair({ fragmentation: 'force' }));
    network.run(400);
    expect(alice.sent.map(fragment)).toEqual([null, [1, 2], [2, 2]]);
    expect(states(bob, network.now)).toEqual(['established']);
  });

  test('are cut smaller when nothing comes back by a narrow path', () => {
    const { network, alice, bob } = twoGateways(pair({ children: [LARGE], fragmentOctets: 1400 }));
    network.intercept = datagram => (datagram.octets.length + 28 > 600 ? [] : [datagram]);
    network.run(20_000);
    expect(states(alice, network.now)).toEqual(['established']);
    expect(states(bob, network.now)).toEqual(['established']);
    expect(alice.sent.map(fragment).at(-1)).toEqual([5, 5]);
  });

  test('are not cut again where they are small: the peer could not tell one cut from the other', () => {
    const { network, alice } = twoGateways(pair({ fragmentation: 'force', fragmentOctets: 1400 }));
    network.intercept = (datagram, from) => (fragment(datagram) !== null && from === alice ? [] : [datagram]);
    network.run(20_000);
    expect(new Set(alice.sent.map(fragment).map(String))).toEqual(new Set(['null', '1,2', '2,2']));
    expect(new Set(messages(alice)).size).toBe(3);
  });

  test('that are cut again are in more pieces than before', () => {
    const { network, alice } = twoGateways(pair({ children: [LARGE], fragmentOctets: 600 }));
    network.intercept = (datagram, from) => (fragment(datagram) !== null && from === alice ? [] : [datagram]);
    network.run(20_000);
    const totals = alice.sent.flatMap(datagram => fragment(datagram)?.[1] ?? []);
    expect([...new Set(totals)]).toEqual([5, 6]);
  });

  test.each(Array.from({ length: 10 }, (_, i) => i))('arrive through bad weather, seed %i', seed => {
    const weather = { loss: 0.15, duplication: 0.3, jitterMs: 100 };
    const { network, alice, bob } = twoGateways(pair({ children: [LARGE] }), `pieces ${seed}`, weather);
    network.run(120_000, () => [alice, bob].every(one => states(one, network.now).includes('established')));
    expect(states(alice, network.now)).toEqual(['established']);
    expect(new Set(messages(alice).slice(1, 6)).size).toBeGreaterThan(0);
  });

  test('of strangers are nothing: what is not authentic is not kept', () => {
    const { network, alice, bob } = twoGateways(pair({ children: [LARGE] }));
    network.intercept = (datagram, from) => {
      if (from !== alice || fragment(datagram) === null) return [datagram];
      const forged = Uint8Array.from(datagram.octets);
      forged[40] = (forged[40] ?? 0) ^ 1;
      return [{ ...datagram, octets: forged }, datagram];
    };
    network.run(400);
    expect(states(bob, network.now)).toEqual(['established']);
    expect(bob.events.filter(({ kind }) => kind === 'messageRefused')).toHaveLength(5);
  });
});

const piece = (fragmentNumber: number, totalFragments: number) => ({
  type: 'SKF' as const,
  firstPayload: fragmentNumber === 1 ? 35 : 0,
  fragmentNumber,
  totalFragments,
  body: new Uint8Array(0),
});

const octets = (value: number) => Uint8Array.of(value, value);

describe('what came of a message so far', () => {
  const from = { messageId: 1, isResponse: false };

  test('is put together in the order of its numbers', () => {
    const second = collect(null, from, piece(2, 2), octets(2), 100);
    if (second.kind !== 'more') throw new Error(second.kind);
    expect(collect(second.set, from, piece(1, 2), octets(1), 100)).toEqual({
      kind: 'whole',
      firstPayload: 35,
      inner: Buffer.of(1, 1, 2, 2),
    });
  });

  test('is forgotten for a smaller cut, and late pieces of the old one are passed over', () => {
    const coarse = collect(null, from, piece(1, 2), octets(1), 100);
    if (coarse.kind !== 'more') throw new Error(coarse.kind);
    const fine = collect(coarse.set, from, piece(1, 3), octets(3), 100);
    if (fine.kind !== 'more') throw new Error(fine.kind);
    expect(fine.set).toMatchObject({ total: 3, missing: 2, octets: 2 });
    expect(collect(fine.set, from, piece(2, 2), octets(2), 100)).toEqual({ kind: 'old' });
    expect(collect(fine.set, from, piece(1, 3), octets(9), 100)).toEqual({ kind: 'old' });
  });

  test('is not more than a message may have', () => {
    expect(collect(null, from, piece(1, 2), new Uint8Array(101), 100)).toEqual({ kind: 'tooBig' });
  });

  test.each([
    [0, 1],
    [2, 1],
    [1, 0],
    [1, FRAGMENTS_MAX + 1],
  ])('number %i of %i cannot be', (number, total) => {
    expect(isPossibleFragment(piece(number, total))).toBe(false);
  });

  test('has the type of its first payload in the first piece alone', () => {
    expect(isPossibleFragment({ ...piece(2, 2), firstPayload: 35 })).toBe(false);
    expect(isPossibleFragment(piece(2, 2))).toBe(true);
  });
});
