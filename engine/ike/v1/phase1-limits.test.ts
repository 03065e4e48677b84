import { describe, expect, test } from 'vitest';
import { decodeIsakmpMessage, encodeIsakmpMessage } from '../../wire/isakmp/codec.ts';
import { IsakmpExchange, IsakmpNotify } from '../../wire/isakmp/registry.ts';
import { DEFAULT_LIMITS } from '../config.ts';
import type { IkeDatagram } from '../daemon.ts';
import { kinds, messages, states, twoGateways } from '../testing/gateways.ts';
import type { Station } from '../testing/network.ts';
import { v1Pair, withConnection } from './testing/connection.ts';

const details = ({ events }: Station): string => events.map(({ kind, detail }) => `${kind} ${detail}`).join('\n');

/** Drops the messages (of both, from 0) whose number is in the list. */
function dropping(numbers: readonly number[]) {
  let number = 0;
  return (datagram: IkeDatagram) => (numbers.includes(number++) ? [] : [datagram]);
}

/** The first message of Alice, with another cookie each time. */
function strangers(seed: string) {
  const { network, alice, bob } = twoGateways(v1Pair(), seed);
  network.intercept = () => [];
  network.run(100);
  const [first] = alice.sent;
  if (first === undefined) throw new Error('nothing was sent');
  const strangerAt = (number: number, address = '192.0.2.1') => {
    const octets = Uint8Array.from(first.octets);
    octets.set([number >>> 8, number & 255], 0);
    const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
    network.inject({ ...first, local: Uint8Array.of(a, b, c, d), octets });
  };
  return { network, alice, bob, strangerAt };
}

describe('a message that is lost', () => {
  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('number %i comes again in the same octets', lost => {
    const { network, alice, bob } = twoGateways(v1Pair());
    network.intercept = dropping([lost]);
    network.run(20_000);
    expect(states(alice, network.now)).toEqual(['established']);
    expect(states(bob, network.now)).toEqual(['established']);
    expect(new Set(messages(alice)).size).toBe(5);
    expect(new Set(messages(bob)).size).toBe(4);
    expect(kinds(bob)).toContain('childEstablished');
  });

  test('comes as often as is configured, and the peer is given up', () => {
    const { network, alice } = twoGateways(v1Pair({ attempts: 1 }));
    network.intercept = () => [];
    network.run(200_000);
    expect(alice.sent).toHaveLength(6);
    expect(kinds(alice)).toEqual(['peerFailed', 'negotiationFailed']);
    expect(states(alice, network.now)).toEqual([]);
    expect(alice.daemon.wakeAt()).toBeNull();
  });

  test('what comes twice is answered twice and taken once', () => {
    const { network, alice, bob } = twoGateways(v1Pair());
    network.intercept = datagram => [datagram, datagram];
    network.run(5000);
    for (const station of [alice, bob]) {
      const told = kinds(station).filter(kind => kind !== 'messageRefused');
      expect(told).toEqual(['ikeEstablished', 'deprecated', 'childEstablished']);
      // Not more and more: only who has no clock of its own repeats what was asked twice.
      expect(station.sent.length).toBeLessThan(16);
    }
    expect(new Set(messages(bob)).size).toBe(4);
  });

  test.each(Array.from({ length: 12 }, (_, seed) => seed))('both come together through any weather, seed %i', seed => {
    const weather = { loss: 0.25, duplication: 0.25, jitterMs: 300 };
    const mode = seed % 2 === 0 ? 'main' : 'aggressive';
    const { network, alice, bob } = twoGateways(v1Pair({}, { mode, accepts: [mode] }), `weather ${seed}`, weather);
    network.run(120_000);
    network.weather = { loss: 0, duplication: 0, jitterMs: 0 };
    network.run(120_000);
    const [one, other] = [alice, bob].map(({ daemon }) =>
      daemon.status(network.now).sas.filter(({ state }) => state === 'established'),
    );
    expect(one).toHaveLength(1);
    expect(other?.map(({ responderSpi }) => responderSpi)).toEqual(one?.map(({ responderSpi }) => responderSpi));
    expect(one?.[0]?.children.map(({ spiIn }) => spiIn)).toEqual(other?.[0]?.children.map(({ spiOut }) => spiOut));
    expect(bob.daemon.status(network.now).halfOpen).toBe(0);
  });
});

describe('what strangers may take', () => {
  test('no more half-open ISAKMP SAs of one address than are configured, and none for long', () => {
    const { network, bob, strangerAt } = strangers('one address');
    for (let i = 0; i < 100; i++) strangerAt(i);
    network.run(1000);
    expect(bob.daemon.status(network.now).halfOpen).toBe(DEFAULT_LIMITS.halfOpenPerSource);
    expect(kinds(bob)).toContain('limitReached');
    expect(bob.sent).toHaveLength(DEFAULT_LIMITS.halfOpenPerSource);
    network.run(40_000);
    expect(bob.daemon.status(network.now).halfOpen).toBe(0);
    expect(bob.daemon.status(network.now).sas).toEqual([]);
    expect(bob.daemon.wakeAt()).toBeNull();
    // A responder of phase 1 repeats nothing by itself: whoever's address it was is sent one answer for each.
    expect(bob.sent).toHaveLength(DEFAULT_LIMITS.halfOpenPerSource);
  });

  test('the answer to an offer that leads nowhere is no longer than the offer', () => {
    const { network, bob, strangerAt } = strangers('nowhere');
    const both = v1Pair();
    const proposals = [
      { encryption: ['3des'], integrity: ['md5'], prf: [], keyExchange: ['modp768'], additionalKeyExchanges: [] },
    ];
    network.command(bob, { kind: 'configure', config: withConnection(both.bob, { proposals }) });
    strangerAt(1);
    network.run(1000);
    const [answer] = bob.sent;
    expect(decodeIsakmpMessage(answer?.octets ?? new Uint8Array(0))).toMatchObject({
      payloads: [{ notifyType: IsakmpNotify['NO-PROPOSAL-CHOSEN'] }],
    });
    expect(answer?.octets.length).toBeLessThan(100);
    expect(bob.daemon.status(network.now).sas).toEqual([]);
  });

  test('nobody from another address gets an answer, nor an ISAKMP SA', () => {
    const { network, bob, strangerAt } = strangers('elsewhere');
    strangerAt(7, '198.51.100.9');
    network.run(1000);
    expect(bob.sent).toEqual([]);
    expect(details(bob)).toContain('no connection for that address');
  });

  test('a message about no ISAKMP SA is told INVALID-COOKIE at a rate, an Informational nothing', () => {
    const { network, alice, bob } = strangers('unknown');
    const [first] = alice.sent;
    const message = decodeIsakmpMessage(first?.octets ?? new Uint8Array(0));
    const about = (exchangeType: number, number: number) => ({
      ...(first as IkeDatagram),
      octets: encodeIsakmpMessage({
        ...message,
        exchangeType,
        messageId: 1,
        responderCookie: number.toString(16).padStart(16, '0'),
        isEncrypted: true,
        payloads: [],
        firstPayload: 8,
        body: new Uint8Array(64),
      }),
    });
    for (let i = 1; i < 100; i++) network.inject(about(IsakmpExchange.QUICK_MODE, i));
    for (let i = 1; i < 100; i++) network.inject(about(IsakmpExchange.INFORMATIONAL, i));
    network.run(50);
    expect(bob.sent).toHaveLength(10);
    const [answer] = bob.sent;
    expect(decodeIsakmpMessage(answer?.octets ?? new Uint8Array(0))).toMatchObject({
      payloads: [{ notifyType: IsakmpNotify['INVALID-COOKIE'] }],
    });
  });

  test('this end’s own first message, come back, is nobody’s', () => {
    const { network, alice } = strangers('mirror');
    const [first] = alice.sent;
    if (first === undefined) throw new Error('nothing was sent');
    network.inject({ ...first, local: first.remote, remote: first.local });
    network.run(100);
    expect(details(alice)).toContain('sent by this end');
  });
});

describe('fragments', () => {
  test('a message that is longer than the path takes is cut, and put together in any order', () => {
    const long = `${'a'.repeat(200)}.lab`;
    const both = v1Pair({ fragmentation: 'force', fragmentOctets: 300 });
    const { network, alice, bob } = twoGateways(both, long, { loss: 0.1, duplication: 0.2, jitterMs: 40 });
    network.run(60_000);
    expect(states(alice, network.now)).toEqual(['established']);
    expect(states(bob, network.now)).toEqual(['established']);
    const pieces = alice.sent
      .map(({ octets }) => decodeIsakmpMessage(octets))
      .filter(({ payloads }) => payloads.some(({ type }) => type === 'FRAG'));
    expect(pieces.length).toBeGreaterThan(1);
    expect(Math.max(...alice.sent.map(({ octets }) => octets.length))).toBeLessThanOrEqual(300);
  });

  test('pieces of what never becomes whole are forgotten, however many there are', () => {
    const { network, alice, bob } = twoGateways(v1Pair());
    network.run(3000);
    const [sent] = alice.sent.slice(-1);
    const [sa] = bob.daemon.status(network.now).sas;
    if (sent === undefined || sa === undefined) throw new Error('nothing is there');
    const header = { ...decodeIsakmpMessage(sent.octets), isEncrypted: false };
    for (let i = 1; i < 400; i++) {
      const data = new Uint8Array(1000);
      const payload = { type: 'FRAG', fragmentId: i % 3, number: (i % 200) + 1, isLast: false, data } as const;
      network.inject({ ...sent, octets: encodeIsakmpMessage({ ...header, payloads: [payload], body: null }) });
    }
    network.run(1000);
    expect(states(bob, network.now)).toEqual(['established']);
  });
});

test('what a configuration has no more is closed, and what is new begins', () => {
  const { network, alice, bob } = twoGateways(v1Pair());
  network.run(3000);
  const both = v1Pair();
  network.command(alice, { kind: 'configure', config: { ...both.alice, connections: [] } });
  network.run(3000);
  expect(states(alice, network.now)).toEqual([]);
  expect(states(bob, network.now)).toEqual([]);
  network.command(alice, { kind: 'configure', config: both.alice });
  network.run(3000);
  expect(states(alice, network.now)).toEqual(['established']);
});

test('an ISAKMP SA whose life is counted in kilobytes is replaced before they are used up', () => {
  const { network, alice, bob } = twoGateways(v1Pair({ livenessSeconds: 1 }, { lifetimeKilobytes: 8 }));
  network.run(200_000);
  const replaced = kinds(alice).filter(kind => kind === 'ikeEstablished');
  expect(replaced.length).toBeGreaterThan(2);
  expect(states(alice, network.now)).toContain('established');
  expect(states(bob, network.now)).toContain('established');
  expect(kinds(alice)).not.toContain('childDeleted');
});
