import { describe, expect, test } from 'vitest';
import { decodeIkeHeader } from '../wire/ike/header.ts';
import { ExchangeType, NotifyType } from '../wire/ike/registry.ts';
import { STEPS } from './steps.ts';
import { childConfig, pair } from './testing/connection.ts';
import { kinds, states, twoGateways } from './testing/gateways.ts';
import { Network } from './testing/network.ts';
import { hasRoom, INITIAL_WINDOWS, type OutstandingRequest, placeOf, withAnswer } from './v2/windows.ts';

const CHILDREN = Array.from({ length: 8 }, (_, i) =>
  childConfig({
    name: `child${i}`,
    start: 'start',
    local: [{ addresses: `10.${i}.0.0/24`, protocol: 'any', ports: 'any' }],
  }),
);

const childNames = ({ daemon }: { readonly daemon: ReturnType<Network['makeDaemon']> }, now: number) =>
  daemon
    .status(now)
    .sas.flatMap(sa => sa.children.map(({ name }) => name))
    .sort();

describe('a window of four, RFC 7296 §2.3', () => {
  const given = pair({ children: CHILDREN, windowSize: 4 });

  test('has four requests under way, and never more', () => {
    const { network, alice } = twoGateways(given);
    network.run(30);
    const sent = (type: number) =>
      alice.sent.filter(({ octets }) => decodeIkeHeader(octets).exchangeType === type).length;
    network.run(15);
    expect(sent(ExchangeType.CREATE_CHILD_SA)).toBe(4);
    network.run(2000);
    expect(childNames(alice, network.now)).toHaveLength(8);
  });

  test.each(Array.from({ length: 20 }, (_, i) => i))('makes every child in any order of messages, seed %i', seed => {
    const weather = { loss: 0.2, duplication: 0.2, jitterMs: 200 };
    const { network, alice, bob } = twoGateways(given, `window ${seed}`, weather);
    network.run(
      120_000,
      () => childNames(alice, network.now).length === 8 && childNames(bob, network.now).length === 8,
    );
    network.weather = { loss: 0, duplication: 0, jitterMs: 0 };
    network.run(60_000);
    expect(childNames(alice, network.now)).toEqual(CHILDREN.map(({ name }) => name));
    expect(childNames(bob, network.now)).toEqual(CHILDREN.map(({ name }) => name));
    expect(states(alice, network.now)).toEqual(['established']);
  });

  test('is told again when the IKE SA was rekeyed', () => {
    const { network, alice } = twoGateways(given);
    network.run(3000);
    network.command(alice, { kind: 'rekey', ike: 'bob' });
    network.run(3000);
    expect(kinds(alice)).toContain('ikeRekeyed');
    const before = alice.sent.length;
    network.command(alice, { kind: 'rekey', child: 'child0' });
    for (const name of ['child1', 'child2', 'child3']) network.command(alice, { kind: 'rekey', child: name });
    expect(alice.sent.length - before).toBe(4);
  });
});

test('a Message ID far outside of the window is complained about in an exchange of its own, once', () => {
  let isOutside = false;
  const steps = {
    ...STEPS,
    outgoing: (message: Parameters<typeof STEPS.outgoing>[0]) =>
      isOutside && !message.isResponse ? { ...message, messageId: message.messageId + 50 } : message,
  };
  const network = new Network('outside');
  const configs = pair();
  const alice = network.add('alice', ['192.0.2.1'], configs.alice, steps);
  const told: number[] = [];
  const watching = {
    ...STEPS,
    outgoing: (message: Parameters<typeof STEPS.outgoing>[0]) => {
      for (const payload of message.payloads) if (payload.type === 'N') told.push(payload.notifyType);
      return message;
    },
  };
  const bob = network.add('bob', ['192.0.2.2'], configs.bob, watching);
  network.run(2000);
  isOutside = true;
  network.run(32_000);
  expect(told.filter(type => type === NotifyType.INVALID_MESSAGE_ID)).toHaveLength(1);
  expect(states(alice, network.now)).toEqual(['established']);
  expect(states(bob, network.now)).toEqual(['established']);
});

const header = (messageId: number) => ({
  initiatorSpi: '0000000000000001',
  responderSpi: '0000000000000002',
  majorVersion: 2,
  minorVersion: 0,
  exchangeType: 37,
  isInitiator: true,
  isResponse: true,
  higherVersion: false,
  messageId,
});

const answer = (messageId: number) => ({
  header: header(messageId),
  messages: [],
  content: null,
  fragmentOctets: null,
  repeats: 0,
});

const request = (messageId: number) => ({ header: header(messageId) }) as OutstandingRequest;

describe('the windows of an IKE SA', () => {
  test('remember as many answers as their size, and take requests out of order', () => {
    let window = { ...INITIAL_WINDOWS.responses, size: 3 };
    expect([0, 2, 3].map(id => placeOf(window, id))).toEqual(['new', 'new', 'outside']);
    window = withAnswer(withAnswer(window, answer(2)), answer(0));
    expect([0, 1, 2, 3, 4].map(id => placeOf(window, id))).toEqual(['answered', 'new', 'answered', 'new', 'outside']);
    window = withAnswer(window, answer(1));
    expect(window.expectedId).toBe(3);
    window = [3, 4, 5].reduce((so, id) => withAnswer(so, answer(id)), window);
    expect(window.answered.map(one => one.header.messageId)).toEqual([3, 4, 5]);
    expect(placeOf(window, 2)).toBe('outside');
  });

  test('have room by their oldest request', () => {
    expect(hasRoom({ nextId: 5, size: 3, outstanding: [] })).toBe(true);
    expect(hasRoom({ nextId: 5, size: 3, outstanding: [request(3)] })).toBe(true);
    expect(hasRoom({ nextId: 6, size: 3, outstanding: [request(3)] })).toBe(false);
  });
});
