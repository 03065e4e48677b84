import { expect, test } from 'vitest';
import { decodeIkeHeader } from '../wire/ike/header.ts';
import { ExchangeType } from '../wire/ike/registry.ts';
import type { IkeCommand } from './daemon.ts';
import { childConfig, pair } from './testing/connection.ts';
import { Network } from './testing/network.ts';
import { carriesTraffic, sasOf } from './testing/node-sas.ts';
import { everyOrder, Play, type Scene } from './testing/orders.ts';

/**
 * RFC 7296 §2.8.1, §2.8.2 and §2.25: both ends begin something at the same time, and what they say arrives in every order that
 * there is. Whatever it was, in the end there is one IKE SA and what should be in it, at both ends the same, and on the way there
 * is an SA for every packet.
 */
const REKEY_CHILD: IkeCommand = { kind: 'rekey', child: 'net' };
const DELETE_CHILD: IkeCommand = { kind: 'terminate', child: 'net' };
const NEW_CHILD: IkeCommand = { kind: 'initiate', child: 'second' };
const REKEY_IKE: IkeCommand = { kind: 'rekey' };
const DELETE_IKE: IkeCommand = { kind: 'terminate' };

const SECOND = childConfig({
  name: 'second',
  policy: 'second',
  local: [{ addresses: '10.2.0.0/24', protocol: 'any', ports: 'any' }],
  remote: [{ addresses: '10.3.0.0/24', protocol: 'any', ports: 'any' }],
});

function arrange(seed: string) {
  const network = new Network(seed);
  const { alice: aliceConfig, bob: bobConfig } = pair({
    attempts: 1,
    children: [childConfig({ start: 'start' }), SECOND],
  });
  const alice = network.add(`alice ${seed}`, ['192.0.2.1'], aliceConfig);
  const bob = network.add(`bob ${seed}`, ['192.0.2.2'], bobConfig);
  network.run(1000);
  return { network, alice, bob };
}

function scene(alice: IkeCommand, bob: IkeCommand, seed: string): Scene {
  return { arrange: () => arrange(seed), commands: { alice: [alice], bob: [bob] } };
}

/** What there is when all is over: established IKE SAs, children in use, SAs in the node. */
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
  { readonly ike: 0 | 1; readonly children: number | 'any' },
])[] = [
  ['both rekey the Child SA (§2.8.1)', REKEY_CHILD, REKEY_CHILD, { ike: 1, children: 1 }],
  ['both close the Child SA (§1.4.1)', DELETE_CHILD, DELETE_CHILD, { ike: 1, children: 0 }],
  ['one rekeys the Child SA that the other closes (§2.25.1)', REKEY_CHILD, DELETE_CHILD, { ike: 1, children: 'any' }],
  ['both rekey the IKE SA (§2.8.2)', REKEY_IKE, REKEY_IKE, { ike: 1, children: 1 }],
  ['one rekeys the IKE SA, the other the Child SA (§2.25.1)', REKEY_IKE, REKEY_CHILD, { ike: 1, children: 1 }],
  ['one rekeys the IKE SA, the other closes the Child SA', REKEY_IKE, DELETE_CHILD, { ike: 1, children: 0 }],
  ['one rekeys the IKE SA, the other makes another Child SA', REKEY_IKE, NEW_CHILD, { ike: 1, children: 2 }],
  ['both make the same Child SA', NEW_CHILD, NEW_CHILD, { ike: 1, children: 2 }],
  ['one rekeys the IKE SA that the other closes (§2.25.2)', REKEY_IKE, DELETE_IKE, { ike: 0, children: 0 }],
  ['one rekeys the Child SA of the IKE SA that the other closes', REKEY_CHILD, DELETE_IKE, { ike: 0, children: 0 }],
  ['both close the IKE SA (§2.25.2)', DELETE_IKE, DELETE_IKE, { ike: 0, children: 0 }],
];

test.each(table)('%s: in every order, with one message lost or none', (_what, alice, bob, expected) => {
  const keepsTraffic = expected.children !== 0 && expected.children !== 'any';
  for (const [losses, seeds] of [
    [0, ['one', 'two']],
    [1, ['three']],
  ] as const) {
    for (const seed of seeds) {
      const bothWays = [
        [alice, bob],
        [bob, alice],
      ] as const;
      for (const [first, second] of losses === 0 ? bothWays : bothWays.slice(0, 1)) {
        everyOrder(
          scene(first, second, seed),
          play => {
            if (!keepsTraffic) return;
            const traffic = [carriesTraffic(play.alice, play.bob), carriesTraffic(play.bob, play.alice)];
            expect(traffic).toEqual([true, true]);
          },
          (play, order) => {
            play.release();
            for (let i = 0; i < 24; i++) {
              play.network.run(5000);
              if (!keepsTraffic) continue;
              const traffic = [carriesTraffic(play.alice, play.bob), carriesTraffic(play.bob, play.alice)];
              expect([...order, i, ...traffic]).toEqual([...order, i, true, true]);
            }
            const [one, other] = outcome(play);
            expect([...order, one?.spis, one?.others]).toEqual([...order, other?.spis, other?.others]);
            expect(one).toEqual(other);
            expect([...order, one?.spis.length]).toEqual([...order, expected.ike]);
            expect(one?.others).toBe(0);
            const count = one?.children.length ?? 0;
            expect([...order, expected.children === 'any' ? 'any' : count]).toEqual([...order, expected.children]);
            expect(one?.children.every(state => state === 'installed')).toBe(true);
            expect([...order, one?.sas]).toEqual([...order, 2 * (one?.children.length ?? 0)]);
          },
          losses,
        );
      }
    }
  }
});

test.each(['one', 'two', 'three', 'four', 'five', 'six'])(
  'both make the same Child SA, and one has rekeyed its own before it hears of the other: one is left (%s)',
  seed => {
    const play = new Play(scene(NEW_CHILD, NEW_CHILD, seed));
    play.play('bob 0');
    play.play('alice 1');
    play.network.command(play.alice, { kind: 'rekey', child: 'second' });
    // What bob has asked for, what alice has, the answer to that, and at last the answer to bob.
    for (const choice of ['alice 0', 'bob 0', 'alice 0', 'bob 1', 'bob 0'] as const) play.play(choice);
    play.release();
    play.network.run(60_000);
    expect(outcome(play).map(({ children, sas }) => [children.length, sas])).toEqual([
      [2, 4],
      [2, 4],
    ]);
  },
);

test('a packet at each end wants the same Child SA at the same time: one is left of the two', () => {
  const { network, alice, bob } = twoTraps();
  for (const station of [alice, bob]) network.command(station, wantedBy(station.name));
  network.run(20_000);
  for (const station of [alice, bob])
    expect(sasOf(station).filter(({ policy }) => policy === 'second')).toHaveLength(2);
});

test('somebody asks for a Child SA, and a packet at the other end: one is left of the two', () => {
  const { network, alice, bob } = twoTraps();
  network.command(alice, NEW_CHILD);
  network.command(bob, wantedBy('bob'));
  network.run(20_000);
  for (const station of [alice, bob])
    expect(sasOf(station).filter(({ policy }) => policy === 'second')).toHaveLength(2);
});

function twoTraps() {
  const network = new Network('traps');
  const { alice, bob } = pair({ children: [childConfig({ start: 'start' }), { ...SECOND, start: 'trap' }] });
  const connections = bob.connections.map(connection => ({
    ...connection,
    children: connection.children.map(child =>
      child.name === 'second' ? { ...child, start: 'trap' as const } : child,
    ),
  }));
  const play = {
    network,
    alice: network.add('alice', ['192.0.2.1'], alice),
    bob: network.add('bob', ['192.0.2.2'], { ...bob, connections }),
  };
  network.run(1000);
  return play;
}

function wantedBy(name: string): IkeCommand {
  const hosts = ['10.2.0.7', '10.3.0.7'] as const;
  const [source, destination] = name === 'alice' ? hosts : [hosts[1], hosts[0]];
  const flow = { source, destination, protocol: 17, sourcePort: 7, destinationPort: 7 };
  const wanted = { policy: 'second', transform: 0, flow };
  return { kind: 'noted', event: { kind: 'saWanted', detail: '', wanted } };
}

test('what is asked for while both rekey the IKE SA is not made in one that has not inherited yet', () => {
  const { network, alice, bob } = arrange('undecided');
  let isHeld = true;
  network.intercept = (datagram, from) => (isHeld && from === bob ? [] : [datagram]);
  network.command(bob, REKEY_IKE);
  network.command(alice, REKEY_IKE);
  network.run(100);
  // Bob has answered Alice, and waits for her to answer him.
  network.command(bob, { kind: 'initiate', child: 'net' });
  isHeld = false;
  network.run(30_000);
  expect([alice, bob].map(station => sasOf(station).length)).toEqual([2, 2]);
});

test('both rekey a Child SA, and the one that stays is rekeyed again before the other end hears of it', () => {
  const network = new Network('again');
  const { alice: aliceConfig, bob: bobConfig } = pair({ windowSize: 3, children: [childConfig({ start: 'start' })] });
  const alice = network.add('alice', ['192.0.2.1'], aliceConfig);
  const bob = network.add('bob', ['192.0.2.2'], bobConfig);
  network.run(1000);
  // What Alice answers Bob is lost for a while: by the nonces of this seed what he has made is redundant.
  let isHeld = true;
  network.intercept = (datagram, from) => {
    const { isResponse, exchangeType } = decodeIkeHeader(datagram.octets);
    return isHeld && from === alice && isResponse && exchangeType === 36 ? [] : [datagram];
  };
  for (const station of [alice, bob]) network.command(station, REKEY_CHILD);
  network.run(100);
  network.command(alice, REKEY_CHILD);
  network.run(100);
  isHeld = false;
  network.run(20_000);
  expect([alice, bob].map(station => sasOf(station).length)).toEqual([2, 2]);
});

test('a Child SA is closed while its IKE SA is rekeyed, in a window for both: it is closed in the successor', () => {
  const network = new Network('window');
  const { alice: aliceConfig, bob: bobConfig } = pair({ windowSize: 4, children: [childConfig({ start: 'start' })] });
  const alice = network.add('alice', ['192.0.2.1'], aliceConfig);
  const bob = network.add('bob', ['192.0.2.2'], bobConfig);
  network.run(1000);
  network.command(alice, REKEY_IKE);
  network.run(5);
  network.command(alice, DELETE_CHILD);
  network.run(20_000);
  for (const station of [alice, bob]) {
    const { sas } = station.daemon.status(network.now);
    expect(sas.map(({ state, children }) => [state, children.length])).toEqual([['established', 0]]);
    expect(sasOf(station)).toEqual([]);
  }
});

test('an IKE SA is closed while both rekey it: what the other end has made in its place is closed as well', () => {
  const network = new Network('both gone');
  const { alice: aliceConfig, bob: bobConfig } = pair({ windowSize: 4, children: [childConfig({ start: 'start' })] });
  const alice = network.add('alice', ['192.0.2.1'], aliceConfig);
  const bob = network.add('bob', ['192.0.2.2'], bobConfig);
  network.run(1000);
  // Bob answers Alice, and his own request does not come through.
  network.intercept = (datagram, from) => {
    const { isResponse, exchangeType } = decodeIkeHeader(datagram.octets);
    return from === bob && exchangeType === 36 && !isResponse ? [] : [datagram];
  };
  network.command(bob, REKEY_IKE);
  network.command(alice, REKEY_IKE);
  network.run(15);
  const [old] = bob.daemon.status(network.now).sas;
  network.command(bob, { kind: 'terminate', ike: old?.id ?? 0 });
  network.run(60_000);
  for (const station of [alice, bob]) expect(station.daemon.status(network.now).sas).toEqual([]);
});

test('a peer that does not know yet what it has made asks for time when that is to be rekeyed', () => {
  const { network, alice, bob } = arrange('unknown');
  let isHeld = true;
  network.intercept = (datagram, from) => (isHeld && from === bob ? [] : [datagram]);
  network.command(alice, REKEY_CHILD);
  network.run(100);
  // Bob has made the new one, and Alice has not heard of it.
  const made = bob.daemon.status(network.now).sas[0]?.children.at(-1)?.id ?? 0;
  network.intercept = (datagram, from) => {
    const { isResponse } = decodeIkeHeader(datagram.octets);
    return isHeld && from === bob && isResponse ? [] : [datagram];
  };
  network.command(bob, { kind: 'rekey', child: made });
  network.run(1000);
  isHeld = false;
  network.run(30_000);
  expect([alice, bob].map(station => sasOf(station).length)).toEqual([2, 2]);
});

test('what the peer closes before its answer has come is not there when the answer brings it', () => {
  const { network, alice, bob } = arrange('early');
  let isHeld = true;
  network.intercept = (datagram, from) => {
    const { isResponse } = decodeIkeHeader(datagram.octets);
    return isHeld && from === bob && isResponse ? [] : [datagram];
  };
  network.command(alice, NEW_CHILD);
  network.run(100);
  // Bob has made it, and Alice has not heard of it.
  network.command(bob, { kind: 'terminate', child: 'second' });
  network.run(400);
  isHeld = false;
  network.run(30_000);
  expect([alice, bob].map(station => sasOf(station).length)).toEqual([2, 2]);
});

test('a Child SA that is closed while it is rekeyed, in a window for both, does not come back when the rekey is refused', () => {
  const network = new Network('no return');
  const { alice: aliceConfig, bob: bobConfig } = pair({ windowSize: 4, children: [childConfig({ start: 'start' })] });
  const alice = network.add('alice', ['192.0.2.1'], aliceConfig);
  const bob = network.add('bob', ['192.0.2.2'], bobConfig);
  network.run(20_000);
  // The refusal overtakes the answer to the Delete.
  network.intercept = (datagram, from) => {
    const { isResponse, exchangeType } = decodeIkeHeader(datagram.octets);
    return from === bob && isResponse && exchangeType === ExchangeType.INFORMATIONAL ? [] : [datagram];
  };
  for (const command of [REKEY_CHILD, DELETE_CHILD]) network.command(alice, command);
  network.command(bob, DELETE_CHILD);
  network.run(500);
  network.intercept = datagram => [datagram];
  network.run(20_000);
  expect(alice.commands.filter(({ kind }) => kind === 'installSa').length).toBe(2);
  for (const station of [alice, bob]) expect(sasOf(station)).toEqual([]);
});
