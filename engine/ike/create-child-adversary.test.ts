import { expect, test } from 'vitest';
import type { NotifyPayload, Payload, TrafficSelector } from '../wire/ike/payload.ts';
import { ExchangeType, NotifyType } from '../wire/ike/registry.ts';
import type { IkeCommand } from './daemon.ts';
import type { IkeSteps } from './steps.ts';
import { altering } from './testing/alter.ts';
import { pair } from './testing/connection.ts';
import { Network, type Station } from './testing/network.ts';
import { carriesTraffic, sasOf } from './testing/node-sas.ts';

/**
 * Peers that are authenticated and say in CREATE_CHILD_SA and INFORMATIONAL what they must not. Bob answers with the notify that
 * the RFC has for it, keeps what he has, and goes on: the next rekey works.
 */
function scene(steps: IkeSteps, childSasPerIkeSa = 100) {
  const network = new Network('seed');
  const configs = pair();
  Object.assign(configs.bob, { limits: { ...configs.bob.limits, childSasPerIkeSa } });
  const alice = network.add('alice', ['192.0.2.1'], configs.alice, steps);
  const bob = network.add('bob', ['192.0.2.2'], configs.bob);
  network.run(1000);
  return { network, alice, bob };
}

/** Alters the requests of one exchange, while `isOn`. */
function spoiling(
  alter: (payloads: readonly Payload[]) => readonly Payload[],
  exchangeType: number = ExchangeType.CREATE_CHILD_SA,
) {
  const spoil = { isOn: true };
  const steps = altering(exchangeType, 'request', payloads => (spoil.isOn ? alter(payloads) : payloads));
  return { steps, spoil };
}

const mapNotify = (notifyType: number, change: (notify: NotifyPayload) => Payload) => (payloads: readonly Payload[]) =>
  payloads.map(payload => (payload.type === 'N' && payload.notifyType === notifyType ? change(payload) : payload));
const mapType =
  <T extends Payload['type']>(type: T, change: (payload: Extract<Payload, { type: T }>) => Payload) =>
  (payloads: readonly Payload[]) =>
    payloads.map(payload => (payload.type === type ? change(payload as Extract<Payload, { type: T }>) : payload));

const REKEY_CHILD: IkeCommand = { kind: 'rekey', child: 'net' };
const REKEY_IKE: IkeCommand = { kind: 'rekey' };

type Case = readonly [string, IkeCommand, (payloads: readonly Payload[]) => readonly Payload[]];

/** What names a Child SA that is not there: it is not found (§2.25), and the peer makes another. */
const notFound: readonly Case[] = [
  ...[0, 1, 9].map(
    protocolId =>
      [
        `REKEY_SA with Protocol ID ${protocolId}`,
        REKEY_CHILD,
        mapNotify(NotifyType.REKEY_SA, notify => ({ ...notify, protocolId })),
      ] as const,
  ),
  [
    'REKEY_SA about AH, where there is ESP',
    REKEY_CHILD,
    mapNotify(NotifyType.REKEY_SA, notify => ({ ...notify, protocolId: 2 })),
  ],
  [
    'REKEY_SA with no SPI',
    REKEY_CHILD,
    mapNotify(NotifyType.REKEY_SA, notify => ({ ...notify, spi: new Uint8Array(0) })),
  ],
  [
    'REKEY_SA with an SPI of 8 octets',
    REKEY_CHILD,
    mapNotify(NotifyType.REKEY_SA, notify => ({ ...notify, spi: new Uint8Array(8) })),
  ],
  [
    'REKEY_SA about an SPI that is not there',
    REKEY_CHILD,
    mapNotify(NotifyType.REKEY_SA, notify => ({ ...notify, spi: Uint8Array.of(1, 2, 3, 4) })),
  ],
];

const withSpi = (spi: Uint8Array) =>
  mapType('SA', sa => ({ ...sa, proposals: sa.proposals.map(one => ({ ...one, spi })) }));
const UNKNOWN_SELECTOR: TrafficSelector = {
  tsType: 9,
  protocol: 0,
  startPort: 0,
  endPort: 65535,
  start: new Uint8Array(0),
  end: new Uint8Array(0),
  unknown: Uint8Array.of(1, 2, 3, 4),
};

/** What is well formed, and cannot be agreed to. */
const refused: readonly Case[] = [
  ['an SPI of zero', REKEY_CHILD, withSpi(new Uint8Array(4))],
  ['an SPI that is reserved', REKEY_CHILD, withSpi(Uint8Array.of(0, 0, 0, 200))],
  ['an IKE SPI of 4 octets', REKEY_IKE, withSpi(new Uint8Array(4).fill(7))],
  ['a KE of a group that nobody knows', REKEY_IKE, mapType('KE', ke => ({ ...ke, group: 1025 }))],
  [
    'traffic selectors of no kind that is known',
    REKEY_CHILD,
    payloads =>
      payloads.map(
        (payload): Payload => (payload.type === 'TSi' ? { ...payload, selectors: [UNKNOWN_SELECTOR] } : payload),
      ),
  ],
];

/** What cannot be right, whatever it means: INVALID_SYNTAX, and the IKE SA is no more (§2.21.3; RFC 6989 §2.5 of KE). */
const fatal: readonly Case[] = [
  [
    'REKEY_SA twice',
    REKEY_CHILD,
    payloads => payloads.flatMap((payload): Payload[] => (payload.type === 'N' ? [payload, payload] : [payload])),
  ],
  ['a nonce of 8 octets', REKEY_CHILD, mapType('NONCE', nonce => ({ ...nonce, data: nonce.data.subarray(0, 8) }))],
  ['no proposals', REKEY_CHILD, mapType('SA', sa => ({ ...sa, proposals: [] }))],
  [
    'proposals with the same number',
    REKEY_IKE,
    mapType('SA', sa => ({ ...sa, proposals: [...sa.proposals, ...sa.proposals] })),
  ],
  ['no nonce', REKEY_CHILD, payloads => payloads.filter(({ type }) => type !== 'NONCE')],
  ['an IKE SPI of zero', REKEY_IKE, withSpi(new Uint8Array(8))],
  ['a KE of no octets', REKEY_IKE, mapType('KE', ke => ({ ...ke, data: new Uint8Array(0) }))],
  ['a point of small order', REKEY_IKE, mapType('KE', ke => ({ ...ke, data: new Uint8Array(32) }))],
];

function play(command: IkeCommand, alter: (payloads: readonly Payload[]) => readonly Payload[]) {
  const { steps, spoil } = spoiling(alter);
  const { network, alice, bob } = scene(steps);
  const before = sasOf(bob);
  network.command(alice, command);
  network.run(300);
  expect(bob.events.map(({ kind }) => kind).filter(kind => /Failed|Refused/.test(kind))).not.toEqual([]);
  spoil.isOn = false;
  return { network, alice, bob, before };
}

/** Both ends have one IKE SA, traffic, and no more trouble. */
function expectGood(network: Network, alice: Station, bob: Station): void {
  network.command(bob, REKEY_CHILD);
  network.run(60_000);
  expect([carriesTraffic(alice, bob), carriesTraffic(bob, alice)]).toEqual([true, true]);
  expect(bob.daemon.status(network.now).sas.map(({ state }) => state)).toEqual(['established']);
}

test.each(notFound)('%s: it is not there, and another is made', (_what, command, alter) => {
  const { network, alice, bob } = play(command, alter);
  network.run(2000);
  expect(alice.events.map(({ kind }) => kind)).toContain('childEstablished');
  expectGood(network, alice, bob);
});

test.each(refused)('%s: refused, and nothing changes', (_what, command, alter) => {
  const { network, alice, bob, before } = play(command, alter);
  expect(sasOf(bob)).toEqual(before);
  network.run(60_000);
  expectGood(network, alice, bob);
  expect(sasOf(bob)).toHaveLength(2);
});

test.each(fatal)('%s: the end of the IKE SA, at both ends', (_what, command, alter) => {
  const { network, alice, bob } = play(command, alter);
  expect([sasOf(alice), sasOf(bob)]).toEqual([[], []]);
  expect(bob.daemon.status(network.now).sas.filter(({ state }) => state === 'established')).toEqual([]);
  network.command(alice, { kind: 'initiate', child: 'net' });
  network.run(20_000);
  expectGood(network, alice, bob);
});

test.each<[string, Payload]>([
  ['of SPIs that are not there', { type: 'D', protocolId: 3, spis: [0, 255, 4711] }],
  ['of a protocol that does not exist', { type: 'D', protocolId: 9, spis: [1] }],
  ['of nothing', { type: 'D', protocolId: 3, spis: [] }],
])('a Delete %s is answered without one', (_what, payload) => {
  const { network, alice, bob } = scene(altering(ExchangeType.INFORMATIONAL, 'request', () => [payload]));
  const before = sasOf(bob);
  network.run(40_000); // liveness
  expect(sasOf(bob)).toEqual(before);
  expect(bob.daemon.status(network.now).sas.map(({ state }) => state)).toEqual(['established']);
  expect(carriesTraffic(alice, bob)).toBe(true);
});

test('the same SPI twice in a Delete, and a Delete after a Delete: no use after the end', () => {
  const steps = altering(ExchangeType.INFORMATIONAL, 'request', payloads =>
    payloads.flatMap((payload): Payload[] =>
      payload.type === 'D' ? [{ ...payload, spis: [...payload.spis, ...payload.spis] }, payload] : [payload],
    ),
  );
  const { network, alice, bob } = scene(steps);
  network.command(alice, { kind: 'terminate', child: 'net' });
  network.run(1000);
  expect([sasOf(alice), sasOf(bob)]).toEqual([[], []]);
  expect(bob.daemon.status(network.now).sas.map(({ state }) => state)).toEqual(['established']);
});

test('a peer that rekeys without end has no more than the limits allow', () => {
  const { network, alice, bob } = scene(
    altering(ExchangeType.INFORMATIONAL, 'request', () => []),
    5,
  );
  // Alice never deletes what she has replaced.
  for (let i = 0; i < 30; i++) {
    network.command(alice, REKEY_CHILD);
    network.run(50);
  }
  const [sa] = bob.daemon.status(network.now).sas;
  expect(sa?.children.length).toBe(10);
});
